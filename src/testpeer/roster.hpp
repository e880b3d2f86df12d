#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace visavis::testpeer {

struct RosterStream {
  std::string id;
  std::string source;
  bool muted = false;
};

struct RosterEntry {
  std::string id;
  std::string name;
  bool connected = true;
  std::vector<RosterStream> streams;
};

/// What is behind one of our slots, as `slots` and the snapshots tell it.
struct SlotAssignment {
  std::uint16_t slot = 0;
  std::string participant;
  std::string stream;
  std::string state;
  std::string reason;
};

/// Who is in the room and what is behind our slots: the snapshot of `join`, kept up to date by
/// the events of the call protocol.
class Roster {
 public:
  /// The ack of `join` or `resume`.
  void handle_snapshot(const json::Value& ack);
  /// True when who is there, or what they publish, changed.
  bool handle_event(std::string_view name, const json::Value& payload);

  [[nodiscard]] const std::string& self() const { return self_; }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] const std::vector<RosterEntry>& participants() const { return participants_; }
  [[nodiscard]] const RosterEntry* find(std::string_view id) const;
  [[nodiscard]] const RosterEntry* find_by_name(std::string_view name) const;
  [[nodiscard]] const std::vector<SlotAssignment>& assignments() const { return assignments_; }
  [[nodiscard]] const SlotAssignment* assignment(std::uint16_t slot) const;
  /// Events whose revision did not follow the one before: something was lost on the way.
  [[nodiscard]] std::uint64_t revision_gaps() const { return revision_gaps_; }
  /// Events of these names that came: `error`, `codec`, `speakers`, `message`, `room-closed`.
  [[nodiscard]] std::uint64_t events_named(std::string_view name) const;

 private:
  bool apply(std::string_view name, const json::Value& payload);
  void note_revision(const json::Value& payload);
  void take_assignments(const json::Value& slots);
  [[nodiscard]] RosterEntry* entry(std::string_view id);

  std::string self_;
  std::uint64_t revision_ = 0;
  std::uint64_t revision_gaps_ = 0;
  std::vector<RosterEntry> participants_;
  std::vector<SlotAssignment> assignments_;
  std::vector<std::string> other_events_;
};

}  // namespace visavis::testpeer
