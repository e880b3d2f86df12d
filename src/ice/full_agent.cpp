#include "ice/full_agent.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::ice {
namespace {

constexpr std::uint16_t kUnknownAttribute = 420;  // RFC 8489 §6.3.1
constexpr std::uint16_t kRoleConflict = 487;      // RFC 8445 §7.3.1.1
constexpr std::size_t kPendingMax = 64;  // Some seconds of checks; later answers are of no use.

/// RFC 8445 §5.1.2.1 for component 1; `preference` is higher for addresses given first.
constexpr std::uint32_t priority_of(std::uint32_t type_preference, std::uint32_t preference) {
  return (type_preference << 24U) + (preference << 8U) + 255U;
}
constexpr std::uint32_t kHost = 126;
constexpr std::uint32_t kPeerReflexive = 110;

/// RFC 8445 §6.1.2.3, where G is the controlling agent's candidate: ours.
constexpr std::uint64_t pair_priority(std::uint64_t ours, std::uint64_t theirs) {
  return (std::min(ours, theirs) << 32U) + (2 * std::max(ours, theirs)) + (ours > theirs ? 1 : 0);
}

stun::TransactionId make_transaction(Random& random) {
  stun::TransactionId id{};
  ByteWriter writer(id);
  writer.u64(random.next());
  writer.u32(static_cast<std::uint32_t>(random.next()));
  return id;
}

}  // namespace

FullAgent::FullAgent(Instant now, Setup setup, Random random)
    : setup_(std::move(setup)), random_(random), tie_breaker_(random_.next()), give_up_at_(now) {
  start(now);
}

void FullAgent::restart(Instant now, Setup setup) {
  setup_ = std::move(setup);
  start(now);
}

void FullAgent::start(Instant now) {
  pending_.clear();
  to_send_.clear();
  answers_.clear();
  consent_.reset();
  selected_ = false;
  nominated_ = false;
  give_up_at_ = now + kGiveUp;
  next_check_ = now;
  if (state_ == State::kFailed) {
    state_ = State::kChecking;
  }
  make_pairs(now);
}

void FullAgent::make_pairs(Instant now) {
  pairs_.clear();
  std::uint32_t preference = 65535;
  for (const SocketAddress& local : setup_.local_addresses) {
    for (const RemoteCandidate& remote : setup_.remote_candidates) {
      if (local.ip.is_v4() == remote.address.ip.is_v4()) {
        pairs_.push_back(
            {.route = {.local = local, .remote = remote.address},
             .priority = pair_priority(priority_of(kHost, preference), remote.priority),
             .check_at = now});
      }
    }
    --preference;
  }
  std::ranges::sort(pairs_, [](const Pair& a, const Pair& b) {
    return std::tie(b.priority, a.route) < std::tie(a.priority, b.route);
  });
  pairs_.resize(std::min(pairs_.size(), kPairsMax));
}

void FullAgent::move_to(Instant now, const SocketAddress& local) {
  if (!route_) {
    return;
  }
  const Route moved{.local = local, .remote = route_->remote};
  std::erase_if(pairs_, [&](const Pair& pair) { return pair.route.local != local; });
  if (pair_of(moved) == nullptr) {
    pairs_.push_back({.route = moved});
  }
  nominate(now, moved);
}

bool FullAgent::handle_datagram(Instant now, const Route& route, Bytes datagram) {
  const auto message = stun::parse(datagram);
  if (!message || !message->has_fingerprint) {
    return false;
  }
  if (message->kind == stun::Class::kRequest) {
    return handle_request(now, route, *message);
  }
  const auto found = std::ranges::find(pending_, message->transaction, &Pending::transaction);
  // RFC 8445 §7.2.5.2.1: an answer must come back over the route of its check.
  if (found == pending_.end() || found->route != route ||
      !stun::has_integrity(*message, setup_.remote.pwd)) {
    return false;
  }
  const Pending pending = *found;
  pending_.erase(found);
  if (message->kind == stun::Class::kError) {
    ++errors_received_;
  } else if (message->kind == stun::Class::kSuccess) {
    mapped_ = message->mapped_address;
    handle_success(now, pending);
  }
  return true;
}

/// A check of the other side (RFC 8445 §7.3): a lite one makes none.
bool FullAgent::handle_request(Instant now, const Route& route, const stun::MessageView& request) {
  if (request.username != setup_.local.ufrag + ':' + setup_.remote.ufrag ||
      !stun::has_integrity(request, setup_.local.pwd) || answers_.size() == kAnswersMax) {
    return false;
  }
  Answer answer{.transaction = request.transaction, .route = route, .error = {}};
  if (!request.unknown.empty()) {
    answer.error = {.code = kUnknownAttribute, .unknown = request.unknown};
  } else if (request.controlling) {
    // We offered, so we control, whatever the tie-breakers say: who mistook its role gives way.
    answer.error.code = kRoleConflict;
  }
  answers_.push_back(answer);
  if (answer.error.code == 0 && !selected_) {
    check_back(now, route, request.priority.value_or(0));
  }
  return true;
}

/// RFC 8445 §7.3.1.3 and §7.3.1.4: what can send to us may be reached the same way.
void FullAgent::check_back(Instant now, const Route& route, std::uint32_t priority) {
  if (Pair* const pair = pair_of(route)) {
    pair->check_at = std::min(pair->check_at, now);
    return;
  }
  if (pairs_.size() < kPairsMax) {
    pairs_.push_back({.route = route,
                      .priority = pair_priority(priority_of(kHost, 0), priority),
                      .check_at = now});
  }
}

void FullAgent::handle_success(Instant now, const Pending& pending) {
  if (setup_.minimal) {
    state_ = State::kConnected;
    selected_ = true;
    nominated_ = true;
    route_ = pending.route;
    pairs_.clear();
    return;
  }
  if (!selected_) {
    selected_ = true;
    state_ = State::kConnected;
    nominate(now, pending.route);
    return;
  }
  if (pending.consent && consent_) {
    consent_->handle_answer(now, *pending.consent);
  }
  if (pending.nominates && pending.route == route_ && !nominated_) {
    nominated_ = true;
    consent_.emplace(now, Random(random_.next()));
    if (Pair* const pair = pair_of(pending.route)) {
      pair->check_at = kNever;
    }
  }
}

/// Asks for `route` until the other side has agreed; all other pairs rest.
void FullAgent::nominate(Instant now, const Route& route) {
  nominated_ = false;
  consent_.reset();
  give_up_at_ = now + kGiveUp;
  for (Pair& pair : pairs_) {
    pair.check_at = kNever;
  }
  route_ = route;
  if (Pair* const pair = pair_of(route)) {
    pair->repeat = kRepeatMin;
    check_pair(now, *pair);
  }
}

void FullAgent::handle_timeout(Instant now) {
  if (state_ == State::kFailed) {
    return;
  }
  if (!nominated_ && now >= give_up_at_) {
    state_ = State::kFailed;
    return;
  }
  check_due_pair(now);
  keep_consent(now);
}

void FullAgent::check_due_pair(Instant now) {
  if (now < next_check_) {
    return;
  }
  const auto due = std::ranges::find_if(pairs_, [&](const Pair& p) { return p.check_at <= now; });
  if (due != pairs_.end()) {
    check_pair(now, *due);
    next_check_ = now + kPacing;
  }
}

void FullAgent::keep_consent(Instant now) {
  if (!consent_ || !route_) {
    return;
  }
  consent_->handle_timeout(now);
  while (const auto id = consent_->poll_check()) {
    // Nominating, as Chromium's are: so a server follows us when a NAT gives us another address.
    queue_check(*route_, id, true);
  }
  if (consent_->lost()) {
    state_ = State::kFailed;
  }
}

void FullAgent::check_pair(Instant now, Pair& pair) {
  queue_check(pair.route, std::nullopt, selected_);
  pair.check_at = now + pair.repeat;
  pair.repeat = std::min(2 * pair.repeat, kRepeatMax);
}

void FullAgent::queue_check(const Route& route, std::optional<CheckId> consent, bool nominates) {
  to_send_.push_back({.transaction = make_transaction(random_),
                      .route = route,
                      .consent = consent,
                      .nominates = nominates});
}

Instant FullAgent::next_timeout() const {
  if (state_ == State::kFailed) {
    return kNever;
  }
  Instant next = nominated_ ? kNever : give_up_at_;
  for (const Pair& pair : pairs_) {
    if (pair.check_at != kNever) {
      next = std::min(next, std::max(pair.check_at, next_check_));
    }
  }
  return consent_ ? std::min(next, consent_->next_timeout()) : next;
}

void FullAgent::write_answer(DatagramBatch& out) {
  const Answer answer = answers_.front();
  answers_.pop_front();
  const MutableBytes cell = out.reserve();
  const std::size_t size =
      answer.error.code == 0
          ? stun::write_success(cell, answer.transaction, answer.route.remote, setup_.local.pwd)
          : stun::write_error(cell, answer.transaction, answer.error, setup_.local.pwd);
  check(size != 0);
  out.commit(answer.route, size);
}

bool FullAgent::poll_transmit(DatagramBatch& out) {
  if (!answers_.empty()) {
    write_answer(out);
    return true;
  }
  if (to_send_.empty()) {
    return false;
  }
  constexpr std::uint32_t kPriority = priority_of(kPeerReflexive, 65535);  // RFC 8445 §7.1.1
  const Pending pending = to_send_.front();
  to_send_.pop_front();
  const std::size_t size = stun::write_request(
      out.reserve(),
      {.transaction = pending.transaction,
       .username = setup_.remote.ufrag + ':' + setup_.local.ufrag,
       .priority = setup_.minimal ? std::nullopt : std::optional(kPriority),
       .controlling = setup_.minimal ? std::nullopt : std::optional(tie_breaker_),
       .use_candidate = pending.nominates || setup_.minimal},
      setup_.remote.pwd);
  check(size != 0);
  out.commit(pending.route, size);
  pending_.push_back(pending);
  if (pending_.size() > kPendingMax) {
    pending_.pop_front();
  }
  return true;
}

FullAgent::Pair* FullAgent::pair_of(const Route& route) {
  const auto found = std::ranges::find(pairs_, route, &Pair::route);
  return found == pairs_.end() ? nullptr : &*found;
}

}  // namespace visavis::ice
