#include "conference/viewer_slots.hpp"

#include <algorithm>
#include <utility>

namespace visavis::conference {
namespace {

std::vector<call::SlotPlace> places_of(const std::vector<sdp::Slot>& slots) {
  std::vector<call::SlotPlace> places;
  places.reserve(slots.size());
  for (const sdp::Slot& slot : slots) {
    places.push_back({.video = slot.line.kind == rtp::MediaKind::kVideo, .seat = slot.seat});
  }
  return places;
}

void write_tile(json::Writer& to, const call::TilePlan& tile) {
  to.begin_object().member("participantId", tile.participant);
  to.member("source", call::to_string(tile.source));
  if (tile.seat) {
    to.member("seat", *tile.seat);
  }
  if (tile.reason) {
    to.member("reason", call::to_string(*tile.reason));
  }
  to.end_object();
}

void write_tiles(json::Writer& to, const std::vector<call::TilePlan>& tiles) {
  to.begin_array();
  for (const call::TilePlan& tile : tiles) {
    write_tile(to, tile);
  }
  to.end_array();
}

}  // namespace

void ViewerSlots::open(const std::vector<sdp::Slot>& slots) {
  close();
  grow(slots);
}

void ViewerSlots::grow(const std::vector<sdp::Slot>& slots) {
  planner_.set_pool(places_of(slots));
  assigned_.resize(slots.size());
  states_.resize(slots.size(), sfu::SlotState::kEmpty);
  told_slots_.resize(slots.size());
  plan_.slots.resize(slots.size());
}

void ViewerSlots::close() {
  std::vector<call::Tile> view = planner_.view();
  planner_ = call::SeatPlanner(voices_);
  planner_.set_view(std::move(view));
  connected_ = false;
  plan_ = call::Plan();
  assigned_.clear();
  states_.clear();
  told_slots_.clear();
}

void ViewerSlots::handle_state(sfu::SlotIndex slot, sfu::SlotState state) {
  if (slot.value() < states_.size()) {
    states_[slot.value()] = state;
  }
}

std::vector<ViewerSlots::Assignment> ViewerSlots::replan(const call::Room& room,
                                                         call::ParticipantKey viewer) {
  plan_ = planner_.plan(room, viewer);
  // What moves from one slot to another must have left the first before it enters the second.
  std::vector<Assignment> assignments;
  for (const bool entering : {false, true}) {
    for (std::size_t i = 0; i < assigned_.size(); ++i) {
      const auto& flow = plan_.slots[i].flow;
      if (assigned_[i] != flow && flow.has_value() == entering) {
        assigned_[i] = flow;
        states_[i] = flow ? sfu::SlotState::kWaitingForKeyframe : sfu::SlotState::kEmpty;
        assignments.push_back(
            {.slot = sfu::SlotIndex(static_cast<std::uint16_t>(i)), .flow = flow});
      }
    }
  }
  return assignments;
}

ViewerSlots::Shown ViewerSlots::look_at(std::size_t slot, const call::Room& room) const {
  Shown shown;
  const bool video = planner_.pool()[slot].video;
  const auto flow = assigned_[slot];
  const auto [participant, stream] = flow ? room.find(*flow) : call::Room::Published();
  if (stream == nullptr) {
    shown.reason = plan_.slots[slot].reason;
    return shown;
  }
  shown.participant = participant->id;
  shown.stream = stream->id;
  shown.state = "waiting";
  auto waiting_for = std::optional(call::TileReason::kWaitingForKeyframe);
  if (!connected_) {
    waiting_for = call::TileReason::kConnecting;
  } else if (participant->media_lost) {
    waiting_for = call::TileReason::kPublisherLost;
  } else if (states_[slot] == sfu::SlotState::kShowing) {
    shown.state = "showing";
    waiting_for = std::nullopt;
  } else if (states_[slot] == sfu::SlotState::kCodecUnsupported) {
    shown.state = "unsupported";
    waiting_for = call::TileReason::kCodecUnsupported;
  }
  if (video) {
    shown.reason = plan_.slots[slot].reason ? plan_.slots[slot].reason : waiting_for;
  }
  return shown;
}

std::vector<ViewerSlots::Shown> ViewerSlots::look(const call::Room& room) const {
  std::vector<Shown> shown;
  shown.reserve(assigned_.size());
  for (std::size_t i = 0; i < assigned_.size(); ++i) {
    shown.push_back(look_at(i, room));
  }
  return shown;
}

std::vector<call::TilePlan> ViewerSlots::tiles(const std::vector<Shown>& shown) const {
  std::vector<call::TilePlan> tiles = plan_.tiles;
  for (call::TilePlan& tile : tiles) {
    for (std::size_t i = 0; tile.seat && i < shown.size(); ++i) {
      if (planner_.pool()[i].video && planner_.pool()[i].seat == tile.seat) {
        tile.reason = shown[i].reason;
      }
    }
  }
  return tiles;
}

void ViewerSlots::write_slot(json::Writer& to, std::size_t slot, const Shown& shown) const {
  const call::SlotPlace& place = planner_.pool()[slot];
  to.begin_object().member("slot", slot).member("kind", place.video ? "video" : "audio");
  if (place.seat) {
    to.member("seat", *place.seat);
  }
  if (!shown.stream.empty()) {
    to.member("participantId", shown.participant).member("streamId", shown.stream);
  }
  to.member("state", shown.state);
  if (shown.reason) {
    to.member("reason", call::to_string(*shown.reason));
  }
  to.end_object();
}

std::optional<json::Raw> ViewerSlots::take_event(const call::Room& room) {
  std::vector<Shown> shown = look(room);
  std::vector<call::TilePlan> tiles_now = tiles(shown);
  const bool tiles_changed = tiles_now != told_tiles_;
  if (shown == told_slots_ && !tiles_changed) {
    return std::nullopt;
  }
  json::Writer to;
  to.begin_object().key("slots").begin_array();
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != told_slots_[i]) {
      write_slot(to, i, shown[i]);
    }
  }
  to.end_array();
  if (tiles_changed) {
    write_tiles(to.key("tiles"), tiles_now);
  }
  to.end_object();
  told_slots_ = std::move(shown);
  told_tiles_ = std::move(tiles_now);
  return std::move(to).take();
}

void ViewerSlots::tell_tiles(json::Writer& to, const call::Room& room) {
  told_tiles_ = tiles(look(room));
  write_tiles(to, told_tiles_);
}

void ViewerSlots::tell_assignments(json::Writer& to, const call::Room& room) {
  told_slots_ = look(room);
  told_tiles_.clear();
  to.begin_array();
  for (std::size_t i = 0; i < told_slots_.size(); ++i) {
    if (!told_slots_[i].stream.empty()) {
      write_slot(to, i, told_slots_[i]);
    }
  }
  to.end_array();
}

std::optional<call::FlowId> ViewerSlots::behind(sfu::SlotIndex slot) const {
  return slot.value() < assigned_.size() ? assigned_[slot.value()] : std::nullopt;
}

bool ViewerSlots::shows(call::FlowId flow) const {
  return std::ranges::find(assigned_, std::optional(flow)) != assigned_.end();
}

}  // namespace visavis::conference
