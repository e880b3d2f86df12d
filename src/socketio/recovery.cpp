#include "socketio/recovery.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <map>
#include <ranges>
#include <utility>

#include "socketio/listeners.hpp"
#include "socketio/socket.hpp"

namespace visavis::socketio {
namespace {

constexpr int kOffsetBase = 36;

std::string write_offset(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, kOffsetBase);
  return {digits.data(), end};
}

/// Only as it was written: "00a" is no offset of ours.
std::optional<std::uint64_t> read_offset(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, kOffsetBase);
  if (error != std::errc{} || write_offset(number) != text) {
    return std::nullopt;
  }
  return number;
}

/// Whether one that was in these rooms belongs to the audience.
bool is_meant(const Audience& audience, const std::vector<std::string>& rooms) {
  const auto in_one_of = [&](const std::vector<std::string>& named) {
    return std::ranges::any_of(named, [&](const std::string& room) {
      return std::ranges::find(rooms, room) != rooms.end();
    });
  };
  return (audience.rooms.empty() || in_one_of(audience.rooms)) && !in_one_of(audience.except);
}

std::size_t bytes_of(const EncodedPacket& packet, const Audience& audience) {
  // What an event and a room's name take besides, about: so a flood of tiny ones is counted, too.
  constexpr std::size_t kEventBytes = 200;
  constexpr std::size_t kRoomBytes = 32;
  std::size_t bytes = kEventBytes;
  for (const engineio::SharedMessage& message : packet) {
    bytes += message->packet().size();
  }
  for (const auto* const rooms : {&audience.rooms, &audience.except}) {
    for (const std::string& room : *rooms) {
      bytes += kRoomBytes + room.size();
    }
  }
  return bytes;
}

}  // namespace

Recovery::Recovery(const RecoveryOptions& options, Deadlines& deadlines)
    : options_(options), deadlines_(deadlines) {}

Recovery::~Recovery() {
  for (auto& [pid, kept] : sessions_) {
    if (kept.deadline) {
      deadlines_.cancel(*kept.deadline);
    }
  }
}

bool Recovery::recoverable(DisconnectReason reason) {
  switch (reason) {
    case DisconnectReason::kTransportError:
    case DisconnectReason::kTransportClose:
    case DisconnectReason::kForcedClose:
    case DisconnectReason::kForcedServerClose:
    case DisconnectReason::kPingTimeout:
    case DisconnectReason::kServerShuttingDown: return true;
    case DisconnectReason::kParseError:
    case DisconnectReason::kClientNamespaceDisconnect:
    case DisconnectReason::kServerNamespaceDisconnect: return false;
  }
  return false;
}

std::string Recovery::next_offset() const {
  return write_offset(last_ + 1);
}

void Recovery::record(Instant now, EncodedPacket packet, Audience audience, Origin origin) {
  const std::size_t bytes = bytes_of(packet, audience);
  ++last_;
  log_bytes_ += bytes;
  log_.push_back({.at = now,
                  .packet = std::move(packet),
                  .audience = std::move(audience),
                  .bytes = bytes,
                  .origin = origin});
  trim(now);
}

void Recovery::trim(Instant now) {
  // Whoever can still come back has had all that is older, or his connection would have been
  // noticed dead before he went away.
  const Duration kept = options_.max_disconnection + options_.unnoticed_loss_max;
  while (!log_.empty() && log_.front().at + kept < now) {
    drop_oldest();
  }
  while (log_.size() > options_.log_events_max || log_bytes_ > options_.log_bytes_max) {
    if (!log_.front().packet.empty()) {
      lost_ = last_ - log_.size() + 1;
    }
    drop_oldest();
  }
}

void Recovery::drop_oldest() {
  log_bytes_ -= log_.front().bytes;
  log_.pop_front();
}

void Recovery::begin(const std::string& pid, const std::shared_ptr<Socket>& socket) {
  Kept& kept = sessions_[pid];
  kept.socket = socket;
  kept.begins_after = last_;
}

void Recovery::suspend(Instant now, const std::string& pid, RecoverySession session) {
  const auto found = sessions_.find(pid);
  if (found == sessions_.end()) {
    return;
  }
  Kept& kept = found->second;
  leave_away(kept);  // One that was claimed, and ends before it is resumed, was away all the time.
  kept.state = State::kAway;
  kept.session = std::move(session);
  kept.socket.reset();
  kept.deadline = deadlines_.arm(now, {.of = this, .pid = pid});
  kept.place = away_order_.insert(away_order_.end(), pid);
  if (away_order_.size() > options_.sessions_max) {
    expire(sessions_.find(away_order_.front()));
  }
}

void Recovery::forget(const std::string& pid) {
  const auto found = sessions_.find(pid);
  if (found == sessions_.end()) {
    return;
  }
  leave_away(found->second);
  sessions_.erase(found);
}

void Recovery::leave_away(Kept& kept) {
  if (const auto deadline = std::exchange(kept.deadline, std::nullopt)) {
    deadlines_.cancel(*deadline);
  }
  if (const auto place = std::exchange(kept.place, std::nullopt)) {
    away_order_.erase(*place);
  }
}

std::optional<std::uint64_t> Recovery::resumption(const Kept& kept, const Claim& claim) const {
  std::optional<std::uint64_t> after;
  if (claim.offset == kept.first_offset) {
    after = kept.begins_after;  // nothing of ours has reached the client yet
  } else if (claim.offset) {
    after = read_offset(*claim.offset);
  }
  if (!after || *after < kept.begins_after || *after > last_ || *after < lost_) {
    return std::nullopt;
  }
  return after;
}

std::shared_ptr<Socket> Recovery::holder(const Claim& claim) const {
  const auto found = sessions_.find(std::string(claim.pid));
  if (found == sessions_.end() || !resumption(found->second, claim)) {
    return nullptr;
  }
  return found->second.socket.lock();
}

std::optional<RecoverySession> Recovery::claim(const Claim& claim) {
  const auto found = sessions_.find(std::string(claim.pid));
  if (found == sessions_.end() || found->second.state != State::kAway) {
    return std::nullopt;
  }
  Kept& kept = found->second;
  const auto after = resumption(kept, claim);
  if (!after) {
    return std::nullopt;
  }
  kept.state = State::kClaimed;
  kept.resumes_after = *after;
  return kept.session;
}

void Recovery::bind(const std::string& pid, const std::shared_ptr<Socket>& socket) {
  if (const auto found = sessions_.find(pid); found != sessions_.end()) {
    found->second.socket = socket;
  }
}

void Recovery::release(const std::string& pid) {
  const auto found = sessions_.find(pid);
  if (found == sessions_.end() || found->second.state != State::kClaimed) {
    return;
  }
  found->second.state = State::kAway;
  found->second.socket.reset();
  if (!found->second.deadline) {
    expire(found);  // its time came while it was claimed
  }
}

std::optional<std::vector<EncodedPacket>> Recovery::resume(const std::string& pid) {
  const auto found = sessions_.find(pid);
  if (found == sessions_.end() || found->second.resumes_after < lost_) {
    return std::nullopt;
  }
  Kept& kept = found->second;
  std::vector<EncodedPacket> missed;
  const std::uint64_t before_log = last_ - log_.size();
  // At most the length of the log: nobody resumes behind its end.
  const auto skipped =
      static_cast<std::ptrdiff_t>(std::max(kept.resumes_after, before_log) - before_log);
  for (const Event& event : std::ranges::subrange(log_.begin() + skipped, log_.end())) {
    if (!event.packet.empty() && is_meant(event.audience, kept.session.rooms)) {
      missed.push_back(event.packet);
    }
  }
  leave_away(kept);
  kept.state = State::kConnected;
  kept.session = {};
  return missed;
}

void Recovery::take_in(Instant now, const SessionTransfer& transfer) {
  Kept& kept = sessions_[transfer.pid];
  kept.begins_after = last_;
  kept.first_offset = transfer.offset;
  suspend(now, transfer.pid, {.sid = transfer.sid, .rooms = transfer.rooms, .data = transfer.data});
}

std::vector<EncodedPacket> Recovery::unheard(const SessionTransfer& transfer,
                                             const Heard& heard_here) const {
  // How far back each server's events are still missing. Mostly none's, and nothing is searched.
  std::map<std::string_view, std::uint64_t> after;
  for (const auto& [server, number] : heard_here) {
    const auto there = transfer.heard.find(server);
    const std::uint64_t heard = there == transfer.heard.end() ? 0 : there->second;
    if (heard < number) {
      after.emplace(server, heard);
    }
  }
  std::vector<EncodedPacket> missed;
  for (const Event& event : std::views::reverse(log_)) {
    const auto found = after.find(event.origin.server);
    if (after.empty()) {
      break;
    }
    if (found == after.end()) {
      continue;
    }
    if (event.origin.number <= found->second) {
      after.erase(found);
    } else if (!event.packet.empty() && is_meant(event.audience, transfer.rooms)) {
      missed.push_back(event.packet);
    }
  }
  std::ranges::reverse(missed);
  return missed;
}

void Recovery::expire_meant(const Audience& audience) {
  std::vector<std::string> meant;
  for (const auto& [pid, kept] : sessions_) {
    if (kept.state != State::kConnected && is_meant(audience, kept.session.rooms)) {
      meant.push_back(pid);
    }
  }
  std::ranges::sort(meant);  // Two runs tell of them in the same order.
  for (const std::string& pid : meant) {
    if (const auto found = sessions_.find(pid); found != sessions_.end()) {
      expire(found);
    }
  }
}

void Recovery::on_expired(ExpiryHandler handler) {
  expiry_handlers_.push_back(std::make_unique<ExpiryHandler>(std::move(handler)));
}

void Recovery::handle_expired(const std::string& pid) {
  const auto found = sessions_.find(pid);
  if (found == sessions_.end()) {
    return;
  }
  found->second.deadline.reset();
  if (found->second.state == State::kAway) {
    expire(found);
  }
}

void Recovery::expire(Sessions::iterator session) {
  const std::string pid = session->first;
  const RecoverySession expired = std::move(session->second.session);
  forget(pid);
  call_in_turn(expiry_handlers_, expired);
}

}  // namespace visavis::socketio
