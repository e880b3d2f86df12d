#include "call/room.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace visavis::call {
namespace {

template <class Range, class Value, class Projection>
auto* find_in(Range& range, const Value& value, Projection projection) {
  const auto found = std::ranges::find(range, value, projection);
  return found == range.end() ? nullptr : &*found;
}

}  // namespace

const Stream* Participant::find_stream(std::string_view stream_id) const {
  return find_in(streams, stream_id, &Stream::id);
}
Stream* Participant::find_stream(std::string_view stream_id) {
  return find_in(streams, stream_id, &Stream::id);
}
const Stream* Participant::find_line(std::string_view mid) const {
  return find_in(streams, mid, &Stream::mid);
}
const Stream* Participant::find_source(Source source) const {
  return find_in(streams, source, &Stream::source);
}

Participant* Room::find(std::string_view id) {
  return find_in(participants_, id, &Participant::id);
}
const Participant* Room::find(std::string_view id) const {
  return find_in(participants_, id, &Participant::id);
}
Participant* Room::find(ParticipantKey key) {
  return find_in(participants_, key, &Participant::key);
}
const Participant* Room::find(ParticipantKey key) const {
  return find_in(participants_, key, &Participant::key);
}

const Participant* Room::find_name(std::string_view name) const {
  const Participant* first = nullptr;
  for (const Participant& participant : participants_) {
    if (participant.name == name && (first == nullptr || first->streams.empty())) {
      first = first == nullptr || !participant.streams.empty() ? &participant : first;
    }
  }
  return first;
}

Room::Published Room::find(FlowId flow) const {
  for (const Participant& participant : participants_) {
    const Stream* const stream = find_in(participant.streams, std::optional(flow), &Stream::flow);
    if (stream != nullptr) {
      return {.participant = &participant, .stream = stream};
    }
  }
  return {};
}

std::optional<JoinError> Rooms::refusal(std::string_view room) const {
  if (const Room* const known = find(room)) {
    return known->participants().size() >= limits_.participants_per_room
               ? std::optional(JoinError::kRoomFull)
               : std::nullopt;
  }
  return by_key_.size() >= limits_.rooms ? std::optional(JoinError::kTooManyRooms) : std::nullopt;
}

Room& Rooms::join(std::string_view room, Participant participant) {
  check(!refusal(room));
  auto known = by_name_.find(room);
  if (known == by_name_.end()) {
    const RoomKey key(++last_key_);
    auto made = std::make_unique<Room>(key, std::string(room));
    known = by_name_.emplace(made->name(), made.get()).first;
    by_key_.emplace(key, std::move(made));
  }
  Room& joined = *known->second;
  check(joined.find(participant.key) == nullptr);
  joined.participants_.push_back(std::move(participant));
  joined.changed();
  ++participants_;
  return joined;
}

void Rooms::leave(RoomKey room, ParticipantKey participant) {
  const auto found = by_key_.find(room);
  check(found != by_key_.end());
  Room& left = *found->second;
  const auto gone = std::erase_if(
      left.participants_, [participant](const Participant& one) { return one.key == participant; });
  check(gone == 1);
  --participants_;
  left.changed();
  if (left.participants_.empty()) {
    by_name_.erase(left.name());
    by_key_.erase(found);
  }
}

Room* Rooms::find(RoomKey key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second.get();
}
const Room* Rooms::find(RoomKey key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second.get();
}
const Room* Rooms::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace visavis::call
