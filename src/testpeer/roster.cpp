#include "testpeer/roster.hpp"

#include <algorithm>

namespace visavis::testpeer {
namespace {

constexpr std::size_t kOtherEventsMax = 1000;  // A test looks at a few.

RosterStream read_stream(const json::Value& stream) {
  return {.id = std::string(stream["id"].as_string()),
          .source = std::string(stream["source"].as_string()),
          .muted = stream["muted"].as_bool()};
}

RosterEntry read_entry(const json::Value& participant) {
  RosterEntry entry{.id = std::string(participant["id"].as_string()),
                    .name = std::string(participant["name"].as_string()),
                    .connected = participant["connection"].as_string() != "lost",
                    .streams = {}};
  for (const json::Value stream : participant["streams"].elements()) {
    entry.streams.push_back(read_stream(stream));
  }
  return entry;
}

template <class List>
auto* find_in(List& list, std::string_view id) {
  const auto at = std::ranges::find_if(list, [id](const auto& each) { return each.id == id; });
  return at == list.end() ? nullptr : &*at;
}

}  // namespace

const RosterEntry* Roster::find(std::string_view id) const {
  return find_in(participants_, id);
}
RosterEntry* Roster::entry(std::string_view id) {
  return find_in(participants_, id);
}

const RosterEntry* Roster::find_by_name(std::string_view name) const {
  const auto at = std::ranges::find(participants_, name, &RosterEntry::name);
  return at == participants_.end() ? nullptr : &*at;
}

const SlotAssignment* Roster::assignment(std::uint16_t slot) const {
  const auto at = std::ranges::find(assignments_, slot, &SlotAssignment::slot);
  return at == assignments_.end() ? nullptr : &*at;
}

std::uint64_t Roster::events_named(std::string_view name) const {
  return static_cast<std::uint64_t>(std::ranges::count(other_events_, name));
}

void Roster::handle_snapshot(const json::Value& ack) {
  self_ = ack["self"].as_string();
  revision_ = static_cast<std::uint64_t>(ack["revision"].as_number(0));
  participants_.clear();
  for (const json::Value participant : ack["participants"].elements()) {
    participants_.push_back(read_entry(participant));
  }
  assignments_.clear();
  take_assignments(ack["assignments"]);
}

void Roster::take_assignments(const json::Value& slots) {
  for (const json::Value slot : slots.elements()) {
    SlotAssignment assignment{.slot = static_cast<std::uint16_t>(slot["slot"].as_number(0)),
                              .participant = std::string(slot["participantId"].as_string()),
                              .stream = std::string(slot["streamId"].as_string()),
                              .state = std::string(slot["state"].as_string()),
                              .reason = std::string(slot["reason"].as_string())};
    const auto at = std::ranges::find(assignments_, assignment.slot, &SlotAssignment::slot);
    if (at == assignments_.end()) {
      assignments_.push_back(std::move(assignment));
    } else {
      *at = std::move(assignment);
    }
  }
}

void Roster::note_revision(const json::Value& payload) {
  const auto revision = payload.find("revision");
  if (!revision) {
    return;
  }
  const auto number = static_cast<std::uint64_t>(revision->as_number(0));
  // Our own requests make revisions too, and tell them by their acks: only falling back is wrong.
  revision_gaps_ += number <= revision_ ? 1U : 0U;
  revision_ = std::max(revision_, number);
}

bool Roster::handle_event(std::string_view name, const json::Value& payload) {
  note_revision(payload);
  if (name == "slots") {
    take_assignments(payload["slots"]);
    return false;
  }
  if (apply(name, payload)) {
    return true;
  }
  if (other_events_.size() < kOtherEventsMax) {
    other_events_.emplace_back(name);
  }
  return false;
}

bool Roster::apply(std::string_view name, const json::Value& payload) {
  if (name == "participant-joined") {
    participants_.push_back(read_entry(payload["participant"]));
    return true;
  }
  const std::string_view id = payload["participantId"].as_string();
  if (name == "participant-left") {
    std::erase_if(participants_, [id](const RosterEntry& each) { return each.id == id; });
    return true;
  }
  RosterEntry* who = entry(id);
  if (who == nullptr) {
    return false;
  }
  const std::string_view stream_id = payload["streamId"].as_string();
  if (name == "participant-updated") {
    who->connected = payload["connection"].as_string(who->connected ? "" : "lost") != "lost";
    who->name = payload["name"].as_string(who->name);
  } else if (name == "stream-published") {
    who->streams.push_back(read_stream(payload["stream"]));
  } else if (name == "stream-unpublished") {
    std::erase_if(who->streams, [&](const RosterStream& each) { return each.id == stream_id; });
  } else if (name == "stream-muted") {
    if (RosterStream* stream = find_in(who->streams, stream_id)) {
      stream->muted = payload["muted"].as_bool();
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace visavis::testpeer
