#include "call/view.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace visavis::call {
namespace {

template <class Range, class Value>
bool holds(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != range.end();
}

/// The video that a tile wants, if it is published.
const Stream* wanted_video(const Participant& participant, Source source,
                           const std::string& stream_id) {
  const Stream* const stream =
      stream_id.empty() ? participant.find_source(source) : participant.find_stream(stream_id);
  return stream != nullptr && is_video(stream->source) ? stream : nullptr;
}

std::optional<TileReason> video_reason(const Stream* stream, bool hidden) {
  if (stream == nullptr) {
    return TileReason::kNotPublishing;
  }
  if (hidden) {
    return TileReason::kHidden;
  }
  if (!stream->flow) {
    return TileReason::kPublisherLost;
  }
  return stream->muted ? std::optional(TileReason::kMuted) : std::nullopt;
}

}  // namespace

std::string_view to_string(TileReason reason) {
  switch (reason) {
    case TileReason::kNoSeat: return "no-seat";
    case TileReason::kNoSuchParticipant: return "no-such-participant";
    case TileReason::kNotPublishing: return "not-publishing";
    case TileReason::kMuted: return "muted";
    case TileReason::kHidden: return "hidden";
    case TileReason::kConnecting: return "connecting";
    case TileReason::kPublisherLost: return "publisher-lost";
    case TileReason::kWaitingForKeyframe: return "waiting-for-keyframe";
    case TileReason::kCodecUnsupported: return "codec-unsupported";
  }
  return "";
}

void SeatPlanner::set_pool(std::vector<SlotPlace> pool) {
  pool_ = std::move(pool);
  std::size_t seats = 0;
  for (const SlotPlace& place : pool_) {
    seats = std::max(seats, place.seat ? std::size_t{*place.seat} + 1 : 0);
  }
  seats_.resize(seats);
  voices_.resize(pool_.size());
}

Plan SeatPlanner::plan(const Room& room, ParticipantKey viewer) {
  Plan plan;
  plan.slots.resize(pool_.size());
  seat_tiles(room, plan);
  fill_seats(room, viewer, plan);
  fill_voices(room, viewer, plan);
  return plan;
}

std::vector<std::size_t> SeatPlanner::serving_order(const Room& room) const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < view_.size(); ++i) {
    if (room.find(view_[i].participant) != nullptr) {
      order.push_back(i);
    }
  }
  std::ranges::sort(order, [this](std::size_t a, std::size_t b) {
    const auto rank = [this](std::size_t i) {
      return std::tuple(!view_[i].pinned, -int{view_[i].priority}, i);
    };
    return rank(a) < rank(b);
  });
  return order;
}

void SeatPlanner::seat_tiles(const Room& room, Plan& plan) {
  std::vector<Sitter> served;
  for (const std::size_t i : serving_order(room)) {
    const Tile& tile = view_[i];
    Sitter sitter = sitter_of(tile);
    if (served.size() < seats_.size() && !holds(served, sitter)) {
      served.push_back(std::move(sitter));
    }
  }
  for (auto& seat : seats_) {
    if (seat && !holds(served, *seat)) {
      seat.reset();
    }
  }
  for (Sitter& sitter : served) {
    if (!holds(seats_, std::optional(sitter))) {
      *std::ranges::find_if(seats_, [](const auto& seat) { return !seat; }) = std::move(sitter);
    }
  }
  for (const Tile& tile : view_) {
    TilePlan placed{.participant = tile.participant, .source = tile.source};
    const auto seat = std::ranges::find(seats_, std::optional(sitter_of(tile)));
    if (seat != seats_.end()) {
      placed.seat = static_cast<std::uint16_t>(seat - seats_.begin());
      const Stream* const stream =
          wanted_video(*room.find(tile.participant), tile.source, tile.stream);
      placed.reason = video_reason(stream, tile.hidden());
      placed.source = stream == nullptr ? tile.source : stream->source;
    } else {
      placed.reason = room.find(tile.participant) == nullptr ? TileReason::kNoSuchParticipant
                                                             : TileReason::kNoSeat;
    }
    plan.tiles.push_back(std::move(placed));
  }
}

bool SeatPlanner::has_seat(const std::string& participant) const {
  return std::ranges::any_of(
      seats_, [&](const auto& seat) { return seat && seat->participant == participant; });
}

bool SeatPlanner::has_camera_seat(const std::string& participant) const {
  return std::ranges::any_of(seats_, [&](const auto& seat) {
    return seat && seat->participant == participant && seat->source == Source::kCamera;
  });
}

void SeatPlanner::fill_seats(const Room& room, ParticipantKey viewer, Plan& plan) const {
  for (std::size_t slot = 0; slot < pool_.size(); ++slot) {
    const SlotPlace& place = pool_[slot];
    const auto sitter = place.seat ? seats_[*place.seat] : std::nullopt;
    if (!sitter) {
      continue;
    }
    const Participant& participant = *room.find(sitter->participant);
    if (place.video) {
      plan.slots[slot] = seen(*sitter, participant);
    } else if (const Stream* const stream = heard(*sitter, participant);
               stream != nullptr && participant.key != viewer) {
      plan.slots[slot].flow = stream->flow;
    }
  }
}

SlotPlan SeatPlanner::seen(const Sitter& sitter, const Participant& participant) const {
  const auto tile = std::ranges::find(view_, sitter, sitter_of);
  const Stream* const stream = wanted_video(participant, sitter.source, sitter.stream);
  SlotPlan plan{.reason = video_reason(stream, tile->hidden())};
  // A muted camera stays behind its slot: it shows again without a switch.
  if (stream != nullptr && (!plan.reason || plan.reason == TileReason::kMuted)) {
    plan.flow = stream->flow;
  }
  return plan;
}

const Stream* SeatPlanner::heard(const Sitter& sitter, const Participant& participant) const {
  const Stream* const microphone = participant.find_source(Source::kMicrophone);
  if (sitter.source != Source::kScreen) {
    return microphone;
  }
  const Stream* const screen = participant.find_source(Source::kScreenAudio);
  return screen != nullptr || has_camera_seat(sitter.participant) ? screen : microphone;
}

bool SeatPlanner::may_be_heard(const std::string& participant) const {
  return voices_for_ == Voices::kEveryone ||
         std::ranges::find(view_, participant, &Tile::participant) != view_.end();
}

std::vector<FlowId> SeatPlanner::voice_candidates(const Room& room, ParticipantKey viewer,
                                                  const Plan& plan) const {
  std::vector<FlowId> seated;  // Of participants with a tile, but not through its seat.
  std::vector<FlowId> others;
  for (const Participant& participant : room.participants()) {
    for (const Stream& stream : participant.streams) {
      if (participant.key == viewer || is_video(stream.source) || !stream.flow || stream.muted) {
        continue;
      }
      const bool heard_anyway = std::ranges::any_of(
          plan.slots, [&](const SlotPlan& slot) { return slot.flow == stream.flow; });
      if (!heard_anyway && may_be_heard(participant.id)) {
        (has_seat(participant.id) ? seated : others).push_back(*stream.flow);
      }
    }
  }
  std::vector<FlowId> candidates = std::move(seated);
  const auto add = [&candidates, &others](FlowId flow) {
    if (holds(others, flow) && !holds(candidates, flow)) {
      candidates.push_back(flow);
    }
  };
  std::ranges::for_each(room.loudest(), add);
  for (const auto& voice : voices_) {
    if (voice) {
      add(*voice);
    }
  }
  std::ranges::for_each(others, add);
  return candidates;
}

void SeatPlanner::fill_voices(const Room& room, ParticipantKey viewer, Plan& plan) {
  std::vector<std::size_t> slots;
  for (std::size_t slot = 0; slot < pool_.size(); ++slot) {
    if (!pool_[slot].video && !pool_[slot].seat) {
      slots.push_back(slot);
    }
  }
  if (slots.empty()) {
    return;  // Who only publishes is planned for as often as the others, and hears nobody.
  }
  std::vector<FlowId> heard = voice_candidates(room, viewer, plan);
  heard.resize(std::min(heard.size(), slots.size()));
  for (const std::size_t slot : slots) {
    auto& voice = voices_[slot];
    if (voice && !holds(heard, *voice)) {
      voice.reset();
    }
  }
  for (const FlowId flow : heard) {
    if (holds(voices_, std::optional(flow))) {
      continue;
    }
    const auto free =
        std::ranges::find_if(slots, [this](std::size_t slot) { return !voices_[slot]; });
    voices_[*free] = flow;
  }
  for (const std::size_t slot : slots) {
    plan.slots[slot].flow = voices_[slot];
  }
}

}  // namespace visavis::call
