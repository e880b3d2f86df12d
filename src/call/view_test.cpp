#include "call/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace visavis::call {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ParticipantKey kViewer{100};

/// A room whose participants publish what the tests say; flow ids tell who and what: 11 is
/// participant 1's microphone, 12 the camera, 13 the screen, 14 its audio.
class Planning : public ::testing::Test {
 protected:
  Planning() { add(kViewer.value(), {Source::kMicrophone, Source::kCamera}); }

  void add(std::uint64_t key, const std::vector<Source>& sources) {
    Participant participant{.key = ParticipantKey(key),
                            .id = "p" + std::to_string(key),
                            .name = "Name",
                            .metadata = "null"};
    for (const Source source : sources) {
      const auto flow = key * 10 + 1 + static_cast<std::uint64_t>(source);
      participant.streams.push_back({.id = "s" + std::to_string(flow),
                                     .source = source,
                                     .mid = std::to_string(flow),
                                     .flow = FlowId(flow)});
    }
    rooms_.join("room", std::move(participant));
  }
  void add_callers(std::uint64_t count) {
    for (std::uint64_t key = 1; key <= count; ++key) {
      add(key, {Source::kMicrophone, Source::kCamera});
    }
  }

  Room& room() { return *rooms_.find(RoomKey(1)); }
  Stream& stream(std::uint64_t flow) {
    for (const Participant& participant : room().participants()) {
      if (const Stream* found = participant.find_stream("s" + std::to_string(flow))) {
        return *room().find(participant.key)->find_stream(found->id);
      }
    }
    std::abort();
  }

  /// `seats` pairs of audio and video slots, then the voices.
  void pool(std::uint16_t seats, int voices) {
    std::vector<SlotPlace> places;
    for (std::uint16_t seat = 0; seat < seats; ++seat) {
      places.push_back({.video = false, .seat = seat});
      places.push_back({.video = true, .seat = seat});
    }
    for (int i = 0; i < voices; ++i) {
      places.push_back({.video = false});
    }
    planner_.set_pool(places);
  }

  static Tile tile(std::uint64_t key, Source source = Source::kCamera) {
    return {
        .participant = "p" + std::to_string(key), .source = source, .width = 320, .height = 180};
  }

  /// The flows behind all slots in order; 0 for none.
  std::vector<std::uint64_t> flows() {
    std::vector<std::uint64_t> flows;
    for (const SlotPlan& slot : planner_.plan(room(), kViewer).slots) {
      flows.push_back(slot.flow ? slot.flow->value() : 0);
    }
    return flows;
  }
  std::vector<std::optional<TileReason>> reasons() {
    std::vector<std::optional<TileReason>> reasons;
    for (const TilePlan& placed : planner_.plan(room(), kViewer).tiles) {
      reasons.push_back(placed.reason);
    }
    return reasons;
  }

  Rooms rooms_{Limits{}};
  SeatPlanner planner_;
};

TEST_F(Planning, ShowsNobodyAndHearsEverybodyBeforeTheFirstView) {
  add_callers(2);
  pool(2, 3);
  EXPECT_THAT(flows(), ElementsAre(0, 0, 0, 0, 11, 21, 0));
}

TEST_F(Planning, GivesATileASeatForPictureAndSound) {
  add_callers(2);
  pool(2, 1);
  planner_.set_view({tile(2)});
  EXPECT_THAT(flows(), ElementsAre(21, 22, 0, 0, 11));
}

TEST_F(Planning, KeepsATileInItsSeat) {
  add_callers(3);
  pool(2, 0);
  planner_.set_view({tile(1), tile(2)});
  EXPECT_THAT(flows(), ElementsAre(11, 12, 21, 22));
  planner_.set_view({tile(2), tile(3)});
  EXPECT_THAT(flows(), ElementsAre(31, 32, 21, 22));
  planner_.set_view({tile(2)});
  EXPECT_THAT(flows(), ElementsAre(0, 0, 21, 22));
}

TEST_F(Planning, ServesPinnedThenPriorityThenOrder) {
  add_callers(4);
  pool(2, 0);
  Tile pinned = tile(4);
  pinned.pinned = true;
  Tile important = tile(3);
  important.priority = 1;
  planner_.set_view({tile(1), tile(2), important, pinned});
  EXPECT_THAT(flows(), ElementsAre(41, 42, 31, 32));
  EXPECT_THAT(reasons(),
              ElementsAre(TileReason::kNoSeat, TileReason::kNoSeat, std::nullopt, std::nullopt));
}

TEST_F(Planning, GivesNoSeatToSomebodyWhoIsNotThere) {
  add_callers(1);
  pool(1, 0);
  planner_.set_view({tile(7), tile(1)});
  EXPECT_THAT(flows(), ElementsAre(11, 12));
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kNoSuchParticipant, std::nullopt));
}

TEST_F(Planning, FillsTheSeatOfATileAsSoonAsItsStreamIsThere) {
  add(1, {Source::kMicrophone});
  pool(1, 0);
  planner_.set_view({tile(1)});
  EXPECT_THAT(flows(), ElementsAre(11, 0));
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kNotPublishing));
  room().find("p1")->streams.push_back(
      {.id = "s12", .source = Source::kCamera, .mid = "1", .flow = FlowId(12)});
  EXPECT_THAT(flows(), ElementsAre(11, 12));
}

TEST_F(Planning, HearsAHiddenTileWithoutShowingIt) {
  add_callers(1);
  pool(1, 0);
  Tile hidden = tile(1);
  hidden.width = hidden.height = 0;
  planner_.set_view({hidden});
  EXPECT_THAT(flows(), ElementsAre(11, 0));
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kHidden));
}

TEST_F(Planning, KeepsAMutedCameraBehindItsSlotAndSaysSo) {
  add_callers(1);
  pool(1, 0);
  stream(12).muted = true;
  planner_.set_view({tile(1)});
  EXPECT_THAT(flows(), ElementsAre(11, 12));
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kMuted));
}

TEST_F(Planning, SaysWhenThePublishersTransportIsAway) {
  add_callers(1);
  pool(1, 0);
  stream(12).flow.reset();
  planner_.set_view({tile(1)});
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kPublisherLost));
}

TEST_F(Planning, ShowsTheScreenWithItsOwnSound) {
  add(1, {Source::kMicrophone, Source::kCamera, Source::kScreen, Source::kScreenAudio});
  pool(2, 1);
  planner_.set_view({tile(1), tile(1, Source::kScreen)});
  EXPECT_THAT(flows(), ElementsAre(11, 12, 14, 13, 0));
}

TEST_F(Planning, HearsTheSpeakerOfALoneScreenTile) {
  add(1, {Source::kMicrophone, Source::kScreen});
  add(2, {Source::kMicrophone});
  pool(1, 1);
  planner_.set_view({tile(1, Source::kScreen)});
  EXPECT_THAT(flows(), ElementsAre(11, 13, 21));
  // With screen audio in the seat the microphone goes first among the voices.
  room().find("p1")->streams.push_back(
      {.id = "s14", .source = Source::kScreenAudio, .mid = "3", .flow = FlowId(14)});
  EXPECT_THAT(flows(), ElementsAre(14, 13, 11));
}

TEST_F(Planning, ShowsExactlyTheStreamThatATileNames) {
  add(1, {Source::kCamera, Source::kScreen});
  pool(1, 0);
  Tile named = tile(1, Source::kScreen);
  named.stream = "s13";
  planner_.set_view({named});
  EXPECT_THAT(flows(), ElementsAre(0, 13));
  named.stream = "s99";
  planner_.set_view({named});
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kNotPublishing));
}

TEST_F(Planning, HearsTheLoudestWithoutATile) {
  add_callers(5);
  pool(0, 2);
  EXPECT_THAT(flows(), ElementsAre(11, 21));
  room().set_loudest({FlowId(51), FlowId(41)});
  EXPECT_THAT(flows(), ElementsAre(51, 41));
}

TEST_F(Planning, NeverTakesASeatsSoundForLoudness) {
  add_callers(3);
  pool(1, 1);
  planner_.set_view({tile(1)});
  room().set_loudest({FlowId(31), FlowId(21)});
  EXPECT_THAT(flows(), ElementsAre(11, 12, 31));
}

TEST_F(Planning, KeepsAVoiceInItsSlotWhileItIsHeard) {
  add_callers(4);
  pool(0, 2);
  room().set_loudest({FlowId(31), FlowId(41)});
  EXPECT_THAT(flows(), ElementsAre(31, 41));
  room().set_loudest({FlowId(41), FlowId(11)});
  EXPECT_THAT(flows(), ElementsAre(11, 41));
  room().set_loudest({});  // Silence takes nobody's place away.
  EXPECT_THAT(flows(), ElementsAre(11, 41));
}

TEST_F(Planning, GivesNoVoiceToTheMuted) {
  add_callers(2);
  pool(0, 1);
  stream(11).muted = true;
  EXPECT_THAT(flows(), ElementsAre(21));
}

TEST_F(Planning, LetsNobodyHearHimself) {
  pool(1, 1);
  planner_.set_view({tile(kViewer.value())});
  EXPECT_THAT(flows(), ElementsAre(0, 1002, 0));
}

TEST_F(Planning, MovesAVoiceToASeatWithoutDoublingIt) {
  add_callers(1);
  pool(1, 1);
  EXPECT_THAT(flows(), ElementsAre(0, 0, 11));
  planner_.set_view({tile(1)});
  EXPECT_THAT(flows(), ElementsAre(11, 12, 0));
}

TEST_F(Planning, ServesWaitingTilesWhenThePoolGrows) {
  add_callers(2);
  pool(1, 0);
  planner_.set_view({tile(1), tile(2)});
  EXPECT_THAT(flows(), ElementsAre(11, 12));
  pool(2, 0);
  EXPECT_THAT(flows(), ElementsAre(11, 12, 21, 22));
}

TEST_F(Planning, SeatsATileThatIsListedTwiceOnce) {
  add_callers(1);
  pool(2, 0);
  planner_.set_view({tile(1), tile(1)});
  const Plan plan = planner_.plan(room(), kViewer);
  EXPECT_EQ(plan.tiles[0], plan.tiles[1]);
  EXPECT_THAT(flows(), ElementsAre(11, 12, 0, 0));
}

TEST_F(Planning, WorksWithoutAnyPool) {
  add_callers(1);
  planner_.set_view({tile(1)});
  EXPECT_THAT(flows(), IsEmpty());
  EXPECT_THAT(reasons(), ElementsAre(TileReason::kNoSeat));
}

}  // namespace
}  // namespace visavis::call
