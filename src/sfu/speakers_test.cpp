#include "sfu/speakers.hpp"

#include <gmock/gmock.h>

#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SpeakersTest : public testing::Test {
 protected:
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.publisher(2);
  std::uint16_t count = 0;

  /// Both send audio of these levels (dB below full) for a while.
  void talk(std::uint8_t alice_level, std::uint8_t bob_level, Duration duration) {
    for (const Instant end = call.now + duration; call.now < end;) {
      ++count;
      call.receive_opus(alice, count, 960U * count, alice_level);
      call.receive_opus(bob, count, 960U * count, bob_level);
      call.run(20ms);
    }
  }
};

TEST_F(SpeakersTest, TheOneWhoSpeaksIsNamed) {
  talk(30, 127, 600ms);
  const auto changes = call.events_of<SpeakersChanged>();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].room, RoomId(1));
  EXPECT_THAT(changes[0].loudest_first, ElementsAre(TestCall::audio_of(1)));
}

TEST_F(SpeakersTest, TheLoudestComesFirst) {
  talk(45, 20, 1s);
  const auto changes = call.events_of<SpeakersChanged>();
  ASSERT_FALSE(changes.empty());
  EXPECT_THAT(changes.back().loudest_first,
              ElementsAre(TestCall::audio_of(2), TestCall::audio_of(1)));
}

TEST_F(SpeakersTest, VoicesOfLikeLoudnessDoNotChangePlaces) {
  talk(30, 31, 1s);
  call.events();
  for (int turn = 0; turn < 20; ++turn) {
    talk(turn % 2 == 0 ? 28 : 32, 30, 300ms);
  }
  EXPECT_THAT(call.events_of<SpeakersChanged>(), IsEmpty());
}

TEST_F(SpeakersTest, ChangesAreToldAtMostEveryInterval) {
  std::vector<Instant> told;
  for (int turn = 0; turn < 100; ++turn) {
    talk(turn % 3 == 0 ? 10 : 127, turn % 2 == 0 ? 10 : 127, 40ms);
    if (!call.events_of<SpeakersChanged>().empty()) {
      told.push_back(call.now);
    }
  }
  for (std::size_t index = 1; index < told.size(); ++index) {
    EXPECT_GE(told[index] - told[index - 1], RoomSpeakers::kInterval - 40ms);
  }
}

TEST_F(SpeakersTest, SilenceEndsIt) {
  talk(30, 127, 600ms);
  call.events();
  talk(127, 127, 4s);
  const auto changes = call.events_of<SpeakersChanged>();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_THAT(changes[0].loudest_first, IsEmpty());
}

TEST_F(SpeakersTest, SoDoesAStreamThatStops) {
  talk(30, 127, 600ms);
  call.events();
  call.run(2s);
  EXPECT_THAT(call.events_of<SpeakersChanged>(), SizeIs(1));
}

TEST_F(SpeakersTest, AMutedStreamIsNoSpeaker) {
  call.router.set_muted({TestCall::audio_of(1), true});
  talk(10, 127, 1s);
  EXPECT_THAT(call.events_of<SpeakersChanged>(), IsEmpty());
}

TEST_F(SpeakersTest, WhoLeavesIsNamedNoMore) {
  talk(30, 127, 600ms);
  call.events();
  call.router.close_peer(call.now, PeerId(1));
  call.run(1s);
  const auto changes = call.events_of<SpeakersChanged>();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_THAT(changes[0].loudest_first, IsEmpty());
}

TEST_F(SpeakersTest, ASpeakerFollowsItsPeerIntoTheRoomThatBecameKnown) {
  auto setup = call.setup(1, kPublisherNumbers);
  setup.room = RoomId(9);
  call.router.update_peer(call.now, setup);
  talk(30, 127, 1s);
  const auto changes = call.events_of<SpeakersChanged>();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].room, RoomId(9));
}

}  // namespace
}  // namespace visavis::sfu
