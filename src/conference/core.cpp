#include "conference/core.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "conference/wire.hpp"

namespace visavis::conference {
namespace {

constexpr std::size_t kIdLength = 12;  // 72 bits: never twice, in any room.

rtp::MediaKind kind_of(call::Source source) {
  return call::is_video(source) ? rtp::MediaKind::kVideo : rtp::MediaKind::kAudio;
}

}  // namespace

CallService::Core::Core(socketio::Server& server, Options options, Entropy& entropy)
    : server_(server),
      namespace_(server.of("/call")),
      options_(std::move(options)),
      entropy_(entropy),
      welcome_(welcome(options_)),
      commands_(options_.commands_max),
      negotiator_(options_, entropy),
      prepared_(options_),
      direct_(options_),
      rooms_(options_.limits),
      lost_(options_.resume_timeout),
      questions_(options_.stats_timeout) {
  namespace_.on_connection([this](socketio::Socket& socket) { greet(socket); });
}

Member* CallService::Core::member_of(socketio::Socket& socket) {
  const auto key = socket.data<SocketState>().member;
  return key ? &members_.at(*key) : nullptr;
}

Member* CallService::Core::member_of(sfu::PeerId peer) {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? nullptr : &members_.at(found->second);
}

call::Room& CallService::Core::room_of(const Member& member) {
  call::Room* const room = rooms_.find(member.room);
  check(room != nullptr);
  return *room;
}

call::Participant& CallService::Core::self_of(const Member& member) {
  call::Participant* const participant = room_of(member).find(member.key);
  check(participant != nullptr);
  return *participant;
}

std::optional<Refusal> CallService::Core::check_lines(const std::vector<PublishRequest>& lines,
                                                      const Transport* transport) {
  std::set<std::string_view> mids;
  for (const PublishRequest& line : lines) {
    if (transport == nullptr) {
      return Refusal{.code = ErrorCode::kNoMedia, .message = "Publishing needs an offer."};
    }
    if (!transport->can_publish(line.mid, kind_of(line.source))) {
      return Refusal{.code = ErrorCode::kNoSuchLine,
                     .message = "The offer has no sending line of this mid and kind."};
    }
    if (!mids.insert(line.mid).second) {
      return Refusal{.code = ErrorCode::kLineInUse, .message = "A line carries one stream."};
    }
  }
  return std::nullopt;
}

void CallService::Core::adopt(Member& member, Transport transport, bool opened) {
  ++counters_.negotiations;
  const bool same = member.transport && member.transport->peer == transport.peer;
  if (!same) {
    abandon_transport(member);
    by_peer_.emplace(transport.peer, member.key);
  }
  sfu::PeerSetup setup = transport.setup(media_room(member.room));
  if (same || opened) {
    counters_.ice_restarts += transport.ice_restarted ? 1 : 0;
    commands_.push(sfu::UpdatePeer{.setup = std::move(setup)});
  } else {
    commands_.push(sfu::OpenPeer{.setup = std::move(setup)});
  }
  member.transport = std::make_unique<Transport>(std::move(transport));
  if (same) {
    member.slots.grow(member.transport->negotiated.slots);
  } else {
    member.slots.open(member.transport->negotiated.slots);
    member.slots.set_connected(member.transport->connected);
  }
}

void CallService::Core::abandon_transport(Member& member) {
  if (!member.transport) {
    return;
  }
  for (call::Stream& stream : self_of(member).streams) {
    close_flow(stream);
  }
  touch_players(member);
  commands_.push(sfu::ClosePeer{.peer = member.transport->peer});
  by_peer_.erase(member.transport->peer);
  member.transport.reset();
  member.slots.close();
}

void CallService::Core::republish(Member& member,
                                  const std::optional<std::vector<PublishRequest>>& lines) {
  call::Participant& self = self_of(member);
  const auto stays = [&](const call::Stream& stream) {
    const bool listed =
        !lines || std::ranges::any_of(*lines, [&stream](const PublishRequest& line) {
          return line.mid == stream.mid && line.source == stream.source;
        });
    return listed && member.transport->can_publish(stream.mid, kind_of(stream.source));
  };
  std::vector<std::string> gone;
  for (call::Stream& stream : self.streams) {
    if (!stays(stream)) {
      gone.push_back(stream.id);
    } else if (!stream.flow) {
      open_flow(member, stream);
    }
  }
  for (const std::string& stream : gone) {
    remove_stream(member, stream);
  }
  for (const PublishRequest& line : lines.value_or(std::vector<PublishRequest>())) {
    if (self.find_line(line.mid) == nullptr) {
      const call::Stream& stream = add_stream(member, line);
      room_of(member).changed();
      tell_others(member, "stream-published", stream_published(room_of(member), self, stream));
    }
  }
}

call::Stream& CallService::Core::add_stream(Member& member, const PublishRequest& line) {
  auto& streams = self_of(member).streams;
  streams.push_back({.id = entropy_.token(kIdLength),
                     .source = line.source,
                     .mid = line.mid,
                     .muted = line.muted});
  open_flow(member, streams.back());
  return streams.back();
}

void CallService::Core::remove_stream(Member& member, const std::string& stream) {
  call::Participant& self = self_of(member);
  call::Stream* const found = self.find_stream(stream);
  check(found != nullptr);
  if (found->flow) {
    commands_.push(sfu::CloseStream{.stream = sfu::StreamId(found->flow->value())});
    close_flow(*found);
  }
  const std::string id = found->id;
  std::erase_if(self.streams, [&id](const call::Stream& one) { return one.id == id; });
  touch_players(member);
  room_of(member).changed();
  tell_others(member, "stream-unpublished", stream_unpublished(room_of(member), self, id));
}

void CallService::Core::open_flow(Member& member, call::Stream& stream) {
  stream.flow = call::FlowId(++last_flow_);
  touch_players(member);
  flows_.emplace(*stream.flow, Flow{.room = member.room, .publisher = member.key});
  const sfu::StreamId media(stream.flow->value());
  commands_.push(
      sfu::OpenStream{.stream = media, .publisher = member.transport->peer, .mid = stream.mid});
  if (stream.muted) {
    commands_.push(sfu::SetStreamMuted{.stream = media, .muted = true});
  }
}

/// Says nothing to the worker: its `ClosePeer` or `CloseStream` does.
void CallService::Core::close_flow(call::Stream& stream) {
  if (stream.flow) {
    flows_.erase(*stream.flow);
    stream.flow.reset();
  }
}

void CallService::Core::set_connection(Member& member, std::optional<bool> socket_lost,
                                       std::optional<bool> media_lost) {
  call::Participant& self = self_of(member);
  const bool before = self.connected();
  self.socket_lost = socket_lost.value_or(self.socket_lost);
  self.media_lost = media_lost.value_or(self.media_lost);
  if (self.connected() != before) {
    call::Room& room = room_of(member);
    room.changed();
    tell_others(member, "participant-updated", connection_updated(room, self));
  }
  touch(member.room);
}

std::string CallService::Core::tag_of(call::RoomKey room) {
  return "room-" + std::to_string(room.value());
}

void CallService::Core::note(Notice::Kind kind, const Member& member, std::string_view reason) {
  constexpr std::size_t kNoticesMax = 1024;  // A host that logs takes them at every turn.
  if (notices_.size() >= kNoticesMax) {
    notices_.pop_front();
  }
  notices_.push_back({.kind = kind,
                      .room = room_of(member).name(),
                      .participant = member.id,
                      .reason = std::string(reason)});
}

std::optional<Notice> CallService::Core::poll_notice() {
  if (notices_.empty()) {
    return std::nullopt;
  }
  Notice notice = std::move(notices_.front());
  notices_.pop_front();
  return notice;
}

void CallService::Core::tell(const Member& member, std::string_view event,
                             const json::Raw& payload) {
  if (socketio::Socket* const socket = namespace_.find(member.socket)) {
    socket->emit(event, payload);
  }
}

void CallService::Core::tell_others(const Member& member, std::string_view event,
                                    const json::Raw& payload) {
  // A member without a socket has the empty id, which is no socket's room.
  namespace_.to(tag_of(member.room)).except(member.socket).emit(event, payload);
}

void CallService::Core::assign(sfu::PeerId peer, const ViewerSlots::Assignment& assignment) {
  const auto& [slot, flow] = assignment;
  commands_.push(
      sfu::AssignSlot{.peer = peer,
                      .slot = slot,
                      .stream = flow ? std::optional(sfu::StreamId(flow->value())) : std::nullopt});
}

void CallService::Core::replan(Member& member) {
  for (const auto& assignment : member.slots.replan(room_of(member), member.key)) {
    assign(member.transport->peer, assignment);
  }
}

void CallService::Core::tell_slots(Member& member) {
  if (const auto event = member.slots.take_event(room_of(member))) {
    tell(member, "slots", *event);
  }
}

void CallService::Core::settle() {
  // After the ack of their `resume`, before what changes now.
  for (const call::ParticipantKey key : std::exchange(resumed_, {})) {
    Member& member = members_.at(key);
    member.missed_bytes = 0;
    for (const json::Raw& message : std::exchange(member.missed, {})) {
      tell(member, "message", message);
    }
  }
  for (const call::RoomKey key : std::exchange(touched_, {})) {
    const call::Room* const room = rooms_.find(key);
    if (room == nullptr) {
      continue;
    }
    for (const call::Participant& participant : room->participants()) {
      Member& member = members_.at(participant.key);
      replan(member);
      tell_slots(member);
    }
  }
  for (const call::ParticipantKey key : std::exchange(touched_publishers_, {})) {
    const auto publisher = members_.find(key);
    if (publisher == members_.end()) {
      continue;
    }
    for (const sfu::PeerId peer : publisher->second.players) {
      replan(peer, players_.at(peer));
    }
  }
}

Gauges CallService::Core::gauges() const {
  return {.rooms = rooms_.size(),
          .participants = rooms_.participants(),
          .prepared = prepared_.size(),
          .streams = flows_.size(),
          .direct_publishers = direct_.size() - players_.size(),
          .direct_players = players_.size()};
}

std::optional<StreamLabel> CallService::Core::label(sfu::StreamId stream) const {
  const call::FlowId id(stream.value());
  const auto flow = flows_.find(id);
  if (flow == flows_.end()) {
    return std::nullopt;
  }
  const call::Room* const room = rooms_.find(flow->second.room);
  check(room != nullptr);
  const auto [participant, published] = room->find(id);
  check(published != nullptr);
  return StreamLabel{.room = room->name(),
                     .participant = participant->id,
                     .name = participant->name,
                     .stream = published->id,
                     .source = std::string(call::to_string(published->source))};
}

}  // namespace visavis::conference
