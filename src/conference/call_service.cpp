#include "conference/call_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "conference/core.hpp"
#include "conference/wire.hpp"

namespace visavis::conference {

CallService::CallService(socketio::Server& server, Options options, Entropy& entropy)
    : core_(std::make_unique<Core>(server, std::move(options), entropy)) {}
CallService::~CallService() = default;

void CallService::handle_event(Instant now, const sfu::Event& event) {
  core_->handle_event(now, event);
}
void CallService::handle_timeout(Instant now) {
  core_->handle_timeout(now);
}
Instant CallService::next_timeout() const {
  return core_->next_timeout();
}
std::optional<sfu::Command> CallService::poll_command() {
  return core_->poll_command();
}
std::expected<DirectAnswer, Refusal> CallService::connect(Instant now, DirectRole role,
                                                          const DirectOffer& offer) {
  return core_->connect(now, role, offer);
}
bool CallService::hang_up(Instant now, DirectRole role, std::string_view session) {
  return core_->hang_up(now, role, session);
}
bool CallService::has_session(DirectRole role, std::string_view session) const {
  return core_->has_session(role, session);
}
std::optional<Notice> CallService::poll_notice() {
  return core_->poll_notice();
}
void CallService::shut_down(Instant now) {
  core_->shut_down(now);
}
const Counters& CallService::counters() const {
  return core_->counters();
}
Gauges CallService::gauges() const {
  return core_->gauges();
}
std::optional<StreamLabel> CallService::label(sfu::StreamId stream) const {
  return core_->label(stream);
}

void CallService::Core::greet(socketio::Socket& socket) {
  ++counters_.sockets;
  using Entry = std::pair<std::string_view, Handler>;
  static constexpr auto kRequests = std::to_array<Entry>({
      {"prepare", &Core::prepare},
      {"join", &Core::join},
      {"resume", &Core::resume},
      {"leave", &Core::leave},
      {"publish", &Core::publish},
      {"unpublish", &Core::unpublish},
      {"mute", &Core::mute},
      {"update", &Core::update},
      {"view", &Core::view},
      {"renegotiate", &Core::renegotiate},
      {"message", &Core::message},
      {"stats", &Core::stats},
  });
  socket.data<SocketState>().requests = TokenBucket(options_.requests_per_second);
  for (const auto& [name, handler] : kRequests) {
    socket.on(name, [this, &socket, name, handler](const socketio::Arguments& arguments,
                                                   socketio::Ack ack) {
      handle_request(socket, name, handler, arguments, std::move(ack));
    });
  }
  socket.on_unknown([this, &socket](std::string_view name, const socketio::Arguments&,
                                    socketio::Ack ack) {
    ++counters_.requests;
    refuse_request(socket, name,
                   {.code = ErrorCode::kUnknownEvent, .message = "There is no such request."}, ack);
  });
  socket.on_disconnect([this, &socket](socketio::DisconnectReason reason) {
    handle_disconnect(socket, reason);
    settle();
  });
  socket.emit("welcome", welcome_);
}

void CallService::Core::handle_request(socketio::Socket& socket, std::string_view name,
                                       Handler handler, const socketio::Arguments& arguments,
                                       socketio::Ack ack) {
  ++counters_.requests;
  Request request{.socket = socket, .payload = arguments[0].json(), .ack = ack};
  const Reply reply = answer(request, handler, arguments);
  if (!reply) {
    refuse_request(socket, name, reply.error(), ack);
  } else if (const auto& object = *reply) {
    ack(*object);
  }
  settle();
}

CallService::Core::Reply CallService::Core::answer(Request& request, Handler handler,
                                                   const socketio::Arguments& arguments) {
  if (const auto refusal = unavailable()) {
    return std::unexpected(*refusal);
  }
  if (!request.socket.data<SocketState>().requests.take(server_.now())) {
    return refuse(ErrorCode::kRateLimited, "Too many requests a second.");
  }
  if (arguments.size() != 1 || !arguments[0].is_object() || arguments[0].has_attachments()) {
    return refuse(ErrorCode::kInvalidPayload, "A request carries one JSON object.");
  }
  return (this->*handler)(request);
}

std::optional<Refusal> CallService::Core::unavailable() {
  if (shut_down_) {
    return Refusal{.code = ErrorCode::kShuttingDown, .message = "The server is shutting down."};
  }
  if (commands_.full()) {
    ++counters_.overloaded;
    return Refusal{.code = ErrorCode::kInternal,
                   .message = "The media worker does not keep up; try again later."};
  }
  return std::nullopt;
}

void CallService::Core::refuse_request(socketio::Socket& socket, std::string_view name,
                                       const Refusal& refusal, socketio::Ack& ack) {
  counters_.refuse(refusal.code);
  if (ack.wanted()) {
    ack(failure_ack(refusal));
  } else if (socket.connected()) {
    constexpr std::size_t kEchoMax = 64;  // The name of an unknown request is the client's own.
    socket.emit("error", error_event(refusal, name.substr(0, kEchoMax)));
  }
}

void CallService::Core::handle_timeout(Instant now) {
  server_.set_now(now);
  while (const auto expired = prepared_.poll_expired(now)) {
    ++counters_.prepared_expired;
    commands_.push(sfu::ClosePeer{.peer = expired->peer});
  }
  while (const auto key = questions_.poll_expired(now)) {
    if (auto question = std::exchange(members_.at(*key).stats, std::nullopt)) {
      counters_.refuse(ErrorCode::kStatsTimeout);
      question->ack(failure_ack({.code = ErrorCode::kStatsTimeout,
                                 .message = "The media worker did not answer in time."}));
    }
  }
  while (remove_lost(now)) {
  }
  while (const auto secret = direct_.poll_expired(now)) {
    ++counters_.direct_expired;
    if (const auto session = direct_.find(*secret)) {
      end_direct(*session, /*lost=*/true);
    }
  }
  settle();
}

Instant CallService::Core::next_timeout() const {
  return std::min(
      {prepared_.next_timeout(), direct_.next_timeout(), questions_.next(), lost_.next()});
}

void CallService::Core::shut_down(Instant now) {
  if (std::exchange(shut_down_, true)) {
    return;
  }
  server_.set_now(now);
  namespace_.emit("room-closed", json::Raw{R"({"reason":"server-shutting-down"})"});
  std::vector<call::ParticipantKey> everybody;
  everybody.reserve(members_.size());
  for (const auto& [key, member] : members_) {
    everybody.push_back(key);
  }
  std::ranges::sort(everybody);
  for (const call::ParticipantKey key : everybody) {
    Member& member = members_.at(key);
    end_players(member);
    if (!member.direct.empty()) {
      direct_.remove(member.direct);
    }
    if (member.transport) {
      commands_.push(sfu::ClosePeer{.peer = member.transport->peer});
    }
    if (socketio::Socket* const socket = namespace_.find(member.socket)) {
      socket->data<SocketState>().member.reset();
    }
    rooms_.leave(member.room, key);
  }
  for (const std::string& socket : namespace_.socket_ids()) {
    drop_prepared(socket);
  }
  members_.clear();
  by_token_.clear();
  by_peer_.clear();
  flows_.clear();
  touched_publishers_.clear();
  lost_ = DeadlineQueue<call::ParticipantKey>(options_.resume_timeout);
  questions_ = DeadlineQueue<call::ParticipantKey>(options_.stats_timeout);
}

}  // namespace visavis::conference
