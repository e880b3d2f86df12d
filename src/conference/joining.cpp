#include <utility>

#include "base/check.hpp"
#include "conference/core.hpp"
#include "conference/wire.hpp"

/// Coming and going: `prepare`, `join`, `resume`, `leave`, and sockets that die.
namespace visavis::conference {
namespace {

constexpr std::size_t kIdLength = 12;     // 72 bits: never twice, in any room.
constexpr std::size_t kTokenLength = 32;  // 192 bits: whoever has it is the participant.

Refusal already_joined() {
  return {.code = ErrorCode::kAlreadyJoined,
          .message = "This socket is in a room; leave it first."};
}

}  // namespace

CallService::Core::Reply CallService::Core::prepare(Request& request) {
  const auto parsed = parse_prepare(request.payload, options_.limits);
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  if (member_of(request.socket) != nullptr) {
    return std::unexpected(already_joined());
  }
  const std::string& socket = request.socket.id();
  const IpAddress& address = request.socket.handshake().address().ip;
  if (const auto refusal = prepared_.refusal(socket, address)) {
    return refuse(*refusal, "Too many transports are prepared; join without.");
  }
  auto transport = negotiator_.negotiate(parsed->offer, nullptr);
  if (!transport) {
    return std::unexpected(transport.error());
  }
  drop_prepared(socket);
  ++counters_.prepared;
  ++counters_.negotiations;
  commands_.push(sfu::OpenPeer{.setup = transport->setup(sfu::RoomId())});
  warm(parsed->room, {});
  json::Writer to;
  to.begin_object().member("ok", true).member("answer", transport->negotiated.answer);
  write_slot_lines(to.key("slots"), transport->negotiated.slots);
  to.member(
      "expiresInMs",
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.prepare_timeout).count());
  to.end_object();
  prepared_.add(server_.now(), socket, address, *std::move(transport));
  return std::move(to).take();
}

CallService::Core::Reply CallService::Core::join(Request& request) {
  const auto parsed = parse_join(request.payload, options_.limits);
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  if (member_of(request.socket) != nullptr) {
    return std::unexpected(already_joined());
  }
  if (const auto refusal = room_refusal(parsed->room)) {
    return std::unexpected(*refusal);
  }
  auto transport = transport_for(request, *parsed);
  if (!transport) {
    return std::unexpected(transport.error());
  }
  if (const auto refusal = check_lines(parsed->publish, transport->get())) {
    return std::unexpected(*refusal);
  }
  // From here on nothing is refused any more.
  if (parsed->offer) {
    drop_prepared(request.socket.id());
  } else if (prepared_.take(request.socket.id())) {
    ++counters_.prepared_used;
  }
  Member& member = admit(*parsed);
  take_over(member, request.socket);
  if (*transport) {
    adopt(member, std::move(**transport), /*opened=*/!parsed->offer);
  }
  introduce(member, parsed->publish);
  warm(parsed->room, member.id);
  replan(member);
  return snapshot(member, parsed->offer.has_value());
}

std::optional<Refusal> CallService::Core::room_refusal(std::string_view room) const {
  const auto error = rooms_.refusal(room);
  if (!error) {
    return std::nullopt;
  }
  return *error == call::JoinError::kRoomFull
             ? Refusal{.code = ErrorCode::kRoomFull, .message = "The room is full."}
             : Refusal{.code = ErrorCode::kTooManyRooms,
                       .message = "The server has no room for another room."};
}

/// The transport that the join brings along, if any.
std::expected<std::unique_ptr<Transport>, Refusal> CallService::Core::transport_for(
    const Request& request, const JoinRequest& join) {
  if (const auto& offer = join.offer) {
    auto transport = negotiator_.negotiate(*offer, nullptr);
    if (!transport) {
      return std::unexpected(transport.error());
    }
    return std::make_unique<Transport>(*std::move(transport));
  }
  const Transport* const prepared = prepared_.find(request.socket.id());
  return prepared == nullptr ? nullptr : std::make_unique<Transport>(*prepared);
}

Member& CallService::Core::admit(const JoinRequest& join) {
  ++counters_.joins;
  const call::ParticipantKey key(++last_participant_);
  call::Participant participant{
      .key = key, .id = entropy_.token(kIdLength), .name = join.name, .metadata = join.metadata};
  const std::string id = participant.id;
  const call::Room& room = rooms_.join(join.room, std::move(participant));
  Member member{.key = key,
                .room = room.key(),
                .id = id,
                .socket = {},
                .resume_token = {},
                .direct = {},
                .messages = TokenBucket(options_.limits.messages_per_second)};
  Member& admitted = members_.emplace(key, std::move(member)).first->second;
  note(Notice::Kind::kJoined, admitted);
  return admitted;
}

/// What it publishes from the start goes to the others with the news of its coming.
void CallService::Core::introduce(Member& member, const std::vector<PublishRequest>& lines) {
  for (const PublishRequest& line : lines) {
    add_stream(member, line);
  }
  tell_others(member, "participant-joined", participant_joined(room_of(member), self_of(member)));
  touch(member.room);
}

/// The member is on this socket from now on, and has a new token.
void CallService::Core::take_over(Member& member, socketio::Socket& socket) {
  member.socket = socket.id();
  socket.data<SocketState>().member = member.key;
  socket.join(tag_of(member.room));
  by_token_.erase(member.resume_token);
  member.resume_token = entropy_.token(kTokenLength);
  by_token_.emplace(member.resume_token, member.key);
}

CallService::Core::Reply CallService::Core::resume(Request& request) {
  const auto parsed = parse_resume(request.payload, options_.limits);
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  if (member_of(request.socket) != nullptr) {
    return std::unexpected(already_joined());
  }
  const auto known = by_token_.find(parsed->token);
  if (known == by_token_.end()) {
    return refuse(ErrorCode::kInvalidResumeToken,
                  "The token was used already, or its participant has left.");
  }
  Member& member = members_.at(known->second);
  std::unique_ptr<Transport> transport;
  if (const auto& offer = parsed->offer) {
    auto negotiated = negotiator_.negotiate(*offer, member.transport.get());
    if (!negotiated) {
      return std::unexpected(negotiated.error());
    }
    transport = std::make_unique<Transport>(*std::move(negotiated));
  }
  const Transport* const lines = transport ? transport.get() : member.transport.get();
  if (const auto refusal =
          check_lines(parsed->publish.value_or(std::vector<PublishRequest>()), lines)) {
    return std::unexpected(*refusal);
  }
  // From here on nothing is refused any more.
  ++counters_.resumes;
  note(Notice::Kind::kResumed, member);
  drop_prepared(request.socket.id());
  if (const auto expiry = std::exchange(member.expiry, std::nullopt)) {
    lost_.cancel(*expiry);
  } else {
    evict(member);
  }
  take_over(member, request.socket);
  resumed_.insert(member.key);
  set_connection(member, /*socket_lost=*/false, std::nullopt);
  if (transport) {
    adopt(member, std::move(*transport), /*opened=*/false);
  }
  if (member.transport) {
    republish(member, parsed->publish);
  }
  replan(member);
  return snapshot(member, parsed->offer.has_value());
}

/// The participant came back elsewhere while the server still believed in its socket.
void CallService::Core::evict(Member& member) {
  socketio::Socket* const socket = namespace_.find(std::exchange(member.socket, {}));
  if (socket != nullptr) {
    socket->data<SocketState>().member.reset();
    socket->emit("error", error_event({.code = ErrorCode::kResumedElsewhere,
                                       .message = "The participant came back on another socket."}));
    socket->disconnect();
  }
}

CallService::Core::Reply CallService::Core::leave(Request& request) {
  Member* const member = member_of(request.socket);
  if (member == nullptr) {
    return std::unexpected(not_joined());
  }
  ++counters_.leaves;
  remove(*member, /*lost=*/false);
  return done_ack();
}

void CallService::Core::remove(Member& member, bool lost) {
  const call::ParticipantKey key = member.key;
  const call::RoomKey room_key = member.room;
  note(Notice::Kind::kLeft, member, lost ? "timeout" : "goodbye");
  if (socketio::Socket* const socket = namespace_.find(member.socket)) {
    socket->data<SocketState>().member.reset();
    socket->leave(tag_of(room_key));
  }
  if (member.expiry) {
    lost_.cancel(*member.expiry);
  }
  if (member.stats) {
    questions_.cancel(member.stats->deadline);
  }
  end_players(member);
  if (!member.direct.empty()) {
    direct_.remove(member.direct);
  }
  abandon_transport(member);
  by_token_.erase(member.resume_token);
  rooms_.leave(room_key, key);
  if (const call::Room* const room = rooms_.find(room_key)) {
    tell_others(member, "participant-left", participant_left(*room, member.id, lost));
    touch(room_key);
  }
  members_.erase(key);
}

void CallService::Core::handle_disconnect(socketio::Socket& socket,
                                          socketio::DisconnectReason reason) {
  drop_prepared(socket.id());
  Member* const member = member_of(socket);
  if (member == nullptr) {
    return;
  }
  if (reason == socketio::DisconnectReason::kClientNamespaceDisconnect) {
    // Said goodbye: nobody needs to wait for it.
    ++counters_.leaves;
    remove(*member, /*lost=*/false);
    return;
  }
  socket.data<SocketState>().member.reset();
  member->socket.clear();
  member->expiry = lost_.arm(server_.now(), member->key);
  note(Notice::Kind::kSocketLost, *member, to_string(reason));
  set_connection(*member, /*socket_lost=*/true, std::nullopt);
  if (lost_.size() > options_.lost_max) {
    remove_lost(kNever);
  }
}

bool CallService::Core::remove_lost(Instant now) {
  const auto key = lost_.poll_expired(now);
  if (key) {
    Member& member = members_.at(*key);
    member.expiry.reset();
    ++counters_.lost;
    remove(member, /*lost=*/true);
  }
  return key.has_value();
}

void CallService::Core::drop_prepared(std::string_view socket) {
  if (const auto dropped = prepared_.take(socket)) {
    commands_.push(sfu::ClosePeer{.peer = dropped->peer});
  }
}

json::Raw CallService::Core::snapshot(Member& member, bool with_answer) {
  const call::Room& room = room_of(member);
  json::Writer to;
  to.begin_object().member("ok", true).member("self", member.id).member("room", room.name());
  to.key("participants").begin_array();
  for (const call::Participant& participant : room.participants()) {
    write_participant(to, participant);
  }
  to.end_array();
  if (with_answer) {
    to.member("answer", member.transport->negotiated.answer);
  }
  to.key("slots");
  write_slot_lines(
      to, member.transport ? member.transport->negotiated.slots : std::vector<sdp::Slot>());
  member.slots.tell_assignments(to.key("assignments"), room);
  to.member("resumeToken", member.resume_token).member("revision", room.revision());
  to.end_object();
  return std::move(to).take();
}

/// Somebody is about to view a room: the streams that it will likely see first, screens and then
/// the cameras of those who are longest there, are made ready.
void CallService::Core::warm(std::string_view room_name, std::string_view except) {
  const call::Room* const room = rooms_.find(room_name);
  if (room == nullptr) {
    return;
  }
  std::size_t left = options_.seats.initial;
  for (const call::Source source : {call::Source::kScreen, call::Source::kCamera}) {
    for (const call::Participant& participant : room->participants()) {
      const call::Stream* const stream = participant.find_source(source);
      if (left > 0 && participant.id != except && stream != nullptr && stream->flow &&
          !stream->muted) {
        commands_.push(sfu::WarmStream{.stream = sfu::StreamId(stream->flow->value())});
        --left;
      }
    }
  }
}

}  // namespace visavis::conference
