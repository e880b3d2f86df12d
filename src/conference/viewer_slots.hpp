#pragma once

#include <optional>
#include <string>
#include <vector>

#include "call/room.hpp"
#include "call/view.hpp"
#include "json/writer.hpp"
#include "sdp/answer.hpp"
#include "sfu/event.hpp"

namespace visavis::conference {

/// What one viewer sees and hears: the plan for its slots, what the worker says of them, and what
/// the client has been told.
///
/// After anything that matters changed: `replan()`, hand its assignments to the worker, then
/// `take_event()`.
class ViewerSlots {
 public:
  struct Assignment {
    sfu::SlotIndex slot;
    std::optional<call::FlowId> flow;
  };

  explicit ViewerSlots(call::Voices voices = call::Voices::kEveryone)
      : voices_(voices), planner_(voices) {}

  /// The slots of a new transport; nothing is behind them.
  void open(const std::vector<sdp::Slot>& slots);
  /// Further slots of the same transport.
  void grow(const std::vector<sdp::Slot>& slots);
  void close();
  void set_view(std::vector<call::Tile> tiles) { planner_.set_view(std::move(tiles)); }
  /// ICE and DTLS of the viewer are up.
  void set_connected(bool connected) { connected_ = connected; }
  void handle_state(sfu::SlotIndex slot, sfu::SlotState state);

  [[nodiscard]] std::vector<Assignment> replan(const call::Room& room, call::ParticipantKey viewer);
  /// The payload of `slots`, when something visible changed since the last one.
  [[nodiscard]] std::optional<json::Raw> take_event(const call::Room& room);
  /// The tiles for the ack of `view`, after `replan()`; the client knows them then.
  void tell_tiles(json::Writer& to, const call::Room& room);
  /// The slots with something behind them for a snapshot; the client knows all slots then, and is
  /// told the tiles by the next event.
  void tell_assignments(json::Writer& to, const call::Room& room);

  [[nodiscard]] std::optional<call::FlowId> behind(sfu::SlotIndex slot) const;
  [[nodiscard]] bool shows(call::FlowId flow) const;

 private:
  /// A slot as the client is told.
  struct Shown {
    std::string participant;
    std::string stream;
    std::string_view state = "empty";
    std::optional<call::TileReason> reason{};

    friend bool operator==(const Shown&, const Shown&) = default;
  };

  [[nodiscard]] std::vector<Shown> look(const call::Room& room) const;
  [[nodiscard]] Shown look_at(std::size_t slot, const call::Room& room) const;
  [[nodiscard]] std::vector<call::TilePlan> tiles(const std::vector<Shown>& shown) const;
  void write_slot(json::Writer& to, std::size_t slot, const Shown& shown) const;

  call::Voices voices_;
  call::SeatPlanner planner_;
  call::Plan plan_;
  std::vector<std::optional<call::FlowId>> assigned_;
  std::vector<sfu::SlotState> states_;
  bool connected_ = false;
  std::vector<Shown> told_slots_;
  std::vector<call::TilePlan> told_tiles_;
};

}  // namespace visavis::conference
