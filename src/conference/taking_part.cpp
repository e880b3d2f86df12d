#include <fmt/format.h>

#include <utility>

#include "conference/core.hpp"
#include "conference/wire.hpp"

/// What a participant asks for: `publish`, `unpublish`, `mute`, `update`, `view`, `renegotiate`,
/// `message`, `stats`.
namespace visavis::conference {
namespace {

Refusal no_such_stream() {
  return {.code = ErrorCode::kNoSuchStream, .message = "You publish no stream of this id."};
}

}  // namespace

CallService::Core::Reply CallService::Core::publish(Request& request) {
  const auto asked = asked_by_member(request, parse_publish(request.payload));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  const auto& [member, parsed] = *asked;
  const call::Participant& self = self_of(*member);
  if (const auto refusal = check_lines({parsed}, member->transport.get())) {
    return std::unexpected(*refusal);
  }
  if (self.find_line(parsed.mid) != nullptr) {
    return refuse(ErrorCode::kLineInUse, "This line carries a stream already.");
  }
  if (self.streams.size() >= options_.limits.streams_per_participant) {
    return refuse(ErrorCode::kTooManyStreams, fmt::format("At most {} streams a participant.",
                                                          options_.limits.streams_per_participant));
  }
  const call::Stream& stream = add_stream(*member, parsed);
  call::Room& room = room_of(*member);
  room.changed();
  tell_others(*member, "stream-published", stream_published(room, self, stream));
  touch(member->room);
  json::Writer to;
  write_stream(to.begin_object().member("ok", true).key("stream"), stream);
  to.member("revision", room.revision()).end_object();
  return std::move(to).take();
}

CallService::Core::Reply CallService::Core::unpublish(Request& request) {
  const auto asked = asked_by_member(request, parse_unpublish(request.payload));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  const auto& [member, parsed] = *asked;
  if (self_of(*member).find_stream(parsed) == nullptr) {
    return std::unexpected(no_such_stream());
  }
  remove_stream(*member, parsed);
  touch(member->room);
  return changed_ack(room_of(*member).revision());
}

CallService::Core::Reply CallService::Core::mute(Request& request) {
  const auto asked = asked_by_member(request, parse_mute(request.payload));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  const auto& [member, parsed] = *asked;
  call::Room& room = room_of(*member);
  call::Participant& self = self_of(*member);
  call::Stream* const stream = self.find_stream(parsed.stream);
  if (stream == nullptr) {
    return std::unexpected(no_such_stream());
  }
  if (stream->muted != parsed.muted) {
    stream->muted = parsed.muted;
    if (stream->flow) {
      commands_.push(sfu::SetStreamMuted{.stream = sfu::StreamId(stream->flow->value()),
                                         .muted = stream->muted});
    }
    room.changed();
    tell_others(*member, "stream-muted", stream_muted(room, self, *stream));
    touch(member->room);
    touch_players(*member);
  }
  return changed_ack(room.revision());
}

CallService::Core::Reply CallService::Core::update(Request& request) {
  const auto asked = asked_by_member(request, parse_update(request.payload, options_.limits));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  const auto& [member, parsed] = *asked;
  call::Room& room = room_of(*member);
  call::Participant& self = self_of(*member);
  json::Writer to;
  to.begin_object().member("participantId", self.id);
  if (const auto& name = parsed.name) {
    self.name = *name;
    to.member("name", self.name);
  }
  if (const auto& metadata = parsed.metadata) {
    self.metadata = *metadata;
    to.key("metadata").raw(self.metadata);
  }
  if (parsed.name || parsed.metadata) {
    to.member("revision", room.changed()).end_object();
    tell_others(*member, "participant-updated", std::move(to).take());
  }
  return changed_ack(room.revision());
}

CallService::Core::Reply CallService::Core::view(Request& request) {
  auto asked = asked_by_member(request, parse_view(request.payload, options_.limits));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  auto& [member, tiles] = *asked;
  ++counters_.views;
  const call::Room& room = room_of(*member);
  for (call::Tile& tile : tiles) {
    const call::Participant* const participant = room.find(tile.participant);
    const call::Stream* const stream =
        participant == nullptr ? nullptr : participant->find_stream(tile.stream);
    if (stream != nullptr && call::is_video(stream->source)) {
      tile.source = stream->source;
    }
  }
  member->slots.set_view(std::move(tiles));
  replan(*member);
  json::Writer to;
  member->slots.tell_tiles(to.begin_object().member("ok", true).key("tiles"), room);
  to.end_object();
  touch(member->room);
  return std::move(to).take();
}

CallService::Core::Reply CallService::Core::renegotiate(Request& request) {
  const auto asked = asked_by_member(request, parse_renegotiate(request.payload, options_.limits));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  const auto& [member, offer] = *asked;
  auto transport = negotiator_.negotiate(offer, member->transport.get());
  if (!transport) {
    return std::unexpected(transport.error());
  }
  adopt(*member, *std::move(transport), /*opened=*/false);
  republish(*member, std::nullopt);
  touch(member->room);
  json::Writer to;
  to.begin_object().member("ok", true).member("answer", member->transport->negotiated.answer);
  write_slot_lines(to.key("slots"), member->transport->negotiated.slots);
  to.end_object();
  return std::move(to).take();
}

CallService::Core::Reply CallService::Core::message(Request& request) {
  const auto asked = asked_by_member(request, parse_message(request.payload, options_.limits));
  if (!asked) {
    return std::unexpected(asked.error());
  }
  const auto& [member, parsed] = *asked;
  const call::Participant* to_whom = nullptr;
  if (const auto& id = parsed.to) {
    to_whom = room_of(*member).find(*id);
    if (to_whom == nullptr || to_whom->key == member->key) {
      return refuse(ErrorCode::kNoSuchParticipant, "Nobody else in the room has this id.");
    }
    if (!members_.at(to_whom->key).direct.empty()) {
      return refuse(ErrorCode::kNoSuchParticipant, "This participant has no socket (WHIP).");
    }
  }
  if (!member->messages.take(server_.now())) {
    return refuse(ErrorCode::kRateLimited, "Too many messages a second.");
  }
  ++counters_.messages;
  json::Writer to;
  to.begin_object().member("from", member->id).member("private", to_whom != nullptr);
  if (const auto& data = parsed.data) {
    to.member("data", *data);
  } else {
    to.member("text", parsed.text);
  }
  to.end_object();
  const json::Raw message = std::move(to).take();
  if (to_whom == nullptr) {
    tell_others(*member, "message", message);
    for (const call::Participant& participant : room_of(*member).participants()) {
      keep_message(members_.at(participant.key), message);
    }
  } else if (Member& receiver = members_.at(to_whom->key); !keep_message(receiver, message)) {
    tell(receiver, "message", message);
  }
  return done_ack();
}

/// For when it comes back; true when its socket is lost.
bool CallService::Core::keep_message(Member& member, const json::Raw& message) {
  constexpr std::size_t kBytesMax = std::size_t{64} * 1024;  // At least four of the largest.
  if (!member.expiry) {
    return false;
  }
  member.missed_bytes += message.text.size();
  member.missed.push_back(message);
  while (member.missed_bytes > kBytesMax) {
    ++counters_.messages_forgotten;
    member.missed_bytes -= member.missed.front().text.size();
    member.missed.pop_front();
  }
  return true;
}

CallService::Core::Reply CallService::Core::stats(Request& request) {
  Member* const member = member_of(request.socket);
  if (member == nullptr) {
    return std::unexpected(not_joined());
  }
  if (!member->transport) {
    return refuse(ErrorCode::kNoMedia, "There is no transport to ask for.");
  }
  if (member->stats) {
    return refuse(ErrorCode::kStatsPending, "The former request is not answered yet.");
  }
  member->stats.emplace(Member::Question{.number = ++last_question_,
                                         .ack = std::move(request.ack),
                                         .deadline = questions_.arm(server_.now(), member->key)});
  commands_.push(
      sfu::ReportPeer{.peer = member->transport->peer, .request = member->stats->number});
  return std::nullopt;
}

}  // namespace visavis::conference
