#include "ice/lite_agent.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace visavis::ice {
namespace {

constexpr std::uint16_t kUnknownAttribute = 420;  // RFC 8489 §6.3.1
constexpr std::uint16_t kRoleConflict = 487;      // RFC 8445 §7.3.1.1

/// What a check from `remote` to `local` says (RFC 8445 §7.2.2).
std::string username_of(const Credentials& local, const Credentials& remote) {
  return local.ufrag + ':' + remote.ufrag;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMalformed: return "malformed";
    case Refusal::kNotARequest: return "not a request";
    case Refusal::kUnknownUsername: return "unknown username";
    case Refusal::kBadIntegrity: return "bad integrity";
    case Refusal::kTooManyWaiting: return "too many waiting";
  }
  return "unknown";
}

LiteAgent::LiteAgent(Instant now, const Credentials& local, const Credentials& remote)
    : current_{.username = username_of(local, remote), .password = local.pwd}, last_sign_(now) {}

void LiteAgent::restart(const Credentials& local, const Credentials& remote) {
  std::string username = username_of(local, remote);
  if (username == current_.username && local.pwd == current_.password) {
    return;
  }
  const unsigned number = current_.number + 1;
  // A restart on top of one that never got a pair: what is in use is still the older one.
  if (!previous_) {
    previous_ = std::move(current_);
  }
  current_ = {.username = std::move(username), .password = local.pwd, .number = number};
}

std::expected<Checked, Refusal> LiteAgent::handle_datagram(Instant now, const Route& route,
                                                           Bytes datagram) {
  if (answers_.size() - answers_sent_ == kAnswersMax) {
    return std::unexpected(Refusal::kTooManyWaiting);
  }
  const auto message = stun::parse(datagram);
  if (!message || !message->has_fingerprint) {
    return std::unexpected(Refusal::kMalformed);
  }
  if (message->kind != stun::Class::kRequest) {
    return std::unexpected(Refusal::kNotARequest);
  }
  const auto generation = authenticate(*message);
  if (!generation) {
    return std::unexpected(generation.error());
  }
  const std::uint16_t error = error_for(*message);
  queue_answer({.route = route,
                .transaction = message->transaction,
                .error = error,
                .unknown = message->unknown,
                .generation = (*generation)->number});
  if (error != 0) {
    return Checked::kRejected;
  }
  last_sign_ = now;
  silent_ = false;
  const bool is_new = learn(route);
  if (follow(route, message->use_candidate, (*generation)->number)) {
    return Checked::kRouteChanged;
  }
  return is_new ? Checked::kRouteLearned : Checked::kAnswered;
}

void LiteAgent::handle_timeout(Instant now) {
  if (now >= last_sign_ + kConsentExpiry) {
    silent_ = true;
  }
}

Instant LiteAgent::next_timeout() const {
  return silent_ ? kNever : last_sign_ + kConsentExpiry;
}

bool LiteAgent::poll_transmit(DatagramBatch& out) {
  while (answers_sent_ < answers_.size()) {
    if (poll_answer(answers_[answers_sent_++], out)) {
      return true;
    }
  }
  answers_.clear();
  answers_sent_ = 0;
  return false;
}

/// False when the answer's credentials went with the nomination of a new pair.
bool LiteAgent::poll_answer(const Answer& answer, DatagramBatch& out) const {
  const bool is_current = answer.generation == current_.number;
  if (!is_current && (!previous_ || answer.generation != previous_->number)) {
    return false;
  }
  const std::string& password = is_current ? current_.password : previous_->password;
  const MutableBytes cell = out.reserve();
  const std::size_t size =
      answer.error == 0
          ? stun::write_success(cell, answer.transaction, answer.route.remote, password)
          : stun::write_error(cell, answer.transaction,
                              {.code = answer.error, .unknown = answer.unknown}, password);
  check(size != 0);
  out.commit(answer.route, size);
  return true;
}

bool LiteAgent::knows(const Route& route) const {
  return std::ranges::find(routes_, route) != routes_.end();
}

std::expected<const LiteAgent::Generation*, Refusal> LiteAgent::authenticate(
    const stun::MessageView& message) const {
  const Generation* generation = nullptr;
  if (message.username == current_.username) {
    generation = &current_;
  } else if (previous_ && message.username == previous_->username) {
    generation = &*previous_;
  } else {
    return std::unexpected(Refusal::kUnknownUsername);
  }
  if (!stun::has_integrity(message, generation->password)) {
    return std::unexpected(Refusal::kBadIntegrity);
  }
  return generation;
}

// We are lite, hence controlled for good (RFC 8445 §6.1.1): a peer that says it is controlled too
// must give way.
std::uint16_t LiteAgent::error_for(const stun::MessageView& message) {
  if (!message.unknown.empty()) {
    return kUnknownAttribute;
  }
  return message.controlled ? kRoleConflict : 0;
}

/// True when the route is new.
bool LiteAgent::learn(const Route& route) {
  const auto known = std::ranges::find(routes_, route);
  if (known != routes_.end()) {
    std::rotate(routes_.begin(), known, known + 1);
    return false;
  }
  if (routes_.size() == kRoutesMax) {
    const bool last_is_used = routes_.back() == route_;
    routes_.erase(routes_.end() - (last_is_used ? 2 : 1));
  }
  routes_.insert(routes_.begin(), route);
  return true;
}

/// True when the current route changed.
bool LiteAgent::follow(const Route& route, bool nominates, unsigned generation) {
  if (route_ && !nominates) {
    return false;
  }
  if (nominates) {
    nominated_ = true;
    if (generation == current_.number) {
      previous_.reset();
    }
  }
  return std::exchange(route_, route) != route;
}

void LiteAgent::queue_answer(Answer answer) {
  answers_.erase(answers_.begin(), answers_.begin() + static_cast<std::ptrdiff_t>(answers_sent_));
  answers_sent_ = 0;
  check(answers_.size() < kAnswersMax);
  answers_.push_back(answer);
}

}  // namespace visavis::ice
