// What a viewer gets at once when the cached run is too old to begin with: a still.

#include <gmock/gmock.h>

#include "rtp/sequence.hpp"
#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kFrameTicks = 2970;

class SlotStill : public testing::Test {
 protected:
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& viewer = call.viewer(3);
  RoutedPeer& watcher = call.viewer(9);

  /// A keyframe of three packets, 100 to 102, and `frames` behind it of one packet, 33 ms apart.
  /// Somebody watches, so that the run is not refreshed.
  void alice_publishes(int frames, std::uint16_t keyframe_packets = 3, std::size_t filler = 100) {
    for (std::uint16_t index = 0; index < keyframe_packets; ++index) {
      call.receive_vp8(alice, {.sequence = static_cast<std::uint16_t>(100 + index),
                               .timestamp = 5000,
                               .keyframe = true,
                               .first = index == 0,
                               .last = index + 1 == keyframe_packets,
                               .picture_id = 10,
                               .tl0 = 20,
                               .filler = filler});
    }
    call.show(watcher, 1, TestCall::video_of(1));
    call.run(33ms);
    call.publish_frames(alice,
                        {.sequence = static_cast<std::uint16_t>(100 + keyframe_packets),
                         .timestamp = 5000 + kFrameTicks,
                         .picture_id = 11,
                         .tl0 = 21},
                        frames);
    next_sequence = static_cast<std::uint16_t>(100 + keyframe_packets + frames);
    next_timestamp = 5000 + (kFrameTicks * static_cast<std::uint32_t>(1 + frames));
    call.take(alice);
  }
  void alice_answers(bool keyframe = true) {
    call.receive_vp8(alice, {.sequence = next_sequence++,
                             .timestamp = next_timestamp,
                             .keyframe = keyframe,
                             .picture_id = 500,
                             .tl0 = 90});
    next_timestamp += kFrameTicks;
  }
  void show_alice() { call.show(viewer, 1, TestCall::video_of(1)); }
  std::size_t plis() { return call.take(alice).feedback<rtp::Pli>().size(); }

  std::uint16_t next_sequence = 0;
  std::uint32_t next_timestamp = 0;
};

TEST_F(SlotStill, AViewerOfAStaleRunGetsItsKeyframeAtOnceAndNothingOfTheRest) {
  alice_publishes(80);
  show_alice();
  const Sent sent = call.flush_and_take(viewer);
  ASSERT_THAT(sent.rtp, SizeIs(3));
  EXPECT_TRUE(sent.rtp[0].is_keyframe_start());
  EXPECT_TRUE(sent.rtp[2].marker);
  EXPECT_THAT(sent.feedback<rtp::SenderReport>(), IsEmpty());
  call.run(50ms);
  alice_answers(false);
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  EXPECT_EQ(plis(), 1U);
  EXPECT_EQ(call.router.counters().stills, 1U);
}

TEST_F(SlotStill, ItGoesOnWithTheNewKeyframeWithoutABreak) {
  alice_publishes(80);
  show_alice();
  const Sent still = call.flush_and_take(viewer);
  ASSERT_THAT(still.rtp, SizeIs(3));
  call.run(66ms);
  alice_answers();
  alice_answers(false);
  const Sent live = call.flush_and_take(viewer);

  ASSERT_THAT(live.rtp, SizeIs(2));
  EXPECT_TRUE(live.rtp[0].is_keyframe_start());
  const std::uint16_t last = still.rtp.back().sequence;
  EXPECT_THAT(live.sequences(), ElementsAre(last + 1, last + 2));
  EXPECT_EQ(live.rtp[0].picture_id(), still.rtp.back().picture_id() + 1);
  EXPECT_EQ(live.rtp[0].tl0(), still.rtp.back().tl0() + 1);
  // As far apart as they left, and not as they were captured.
  const auto step =
      rtp::distance(rtp::Timestamp(still.rtp[0].timestamp), rtp::Timestamp(live.rtp[0].timestamp));
  EXPECT_GT(step, 0);
  EXPECT_LE(step, 90 * 70);
  EXPECT_THAT(live.feedback<rtp::SenderReport>(), SizeIs(1));
}

TEST_F(SlotStill, OfManyWhoComeAtOnceEachHasOneAndThePublisherOnePli) {
  alice_publishes(80);
  std::vector<RoutedPeer*> viewers;
  for (std::uint64_t id = 10; id < 40; ++id) {
    viewers.push_back(&call.viewer(id));
    call.show(*viewers.back(), 1, TestCall::video_of(1));
    call.run(1ms);
  }
  for (RoutedPeer* each : viewers) {
    EXPECT_THAT(call.take(*each).rtp, SizeIs(3));
  }
  EXPECT_EQ(plis(), 1U);
  alice_answers();
  call.flush();
  for (RoutedPeer* each : viewers) {
    EXPECT_THAT(call.take(*each).rtp, SizeIs(1));
  }
}

TEST_F(SlotStill, AKeyframeThatComesWhileItLeavesWaitsForItsEnd) {
  constexpr std::uint16_t kPackets = 60;  // Two ticks of the pacer.
  alice_publishes(80, kPackets, 1000);
  show_alice();
  ASSERT_THAT(call.flush_and_take(viewer).rtp, SizeIs(testing::Lt(kPackets)));
  alice_answers();
  call.run(10ms);
  const Sent rest = call.take(viewer);
  ASSERT_FALSE(rest.rtp.empty());
  EXPECT_TRUE(rest.rtp.back().is_keyframe_start());
  ASSERT_GE(rest.rtp.size(), 2U);
  EXPECT_TRUE(rest.rtp[rest.rtp.size() - 2].marker);
  for (std::size_t at = 1; at < rest.rtp.size(); ++at) {
    EXPECT_EQ(rest.rtp[at].sequence, rest.rtp[at - 1].sequence + 1);
  }
}

TEST_F(SlotStill, OnlyOfAWholeKeyframe) {
  call.receive_vp8(alice, {.sequence = 100, .timestamp = 5000, .keyframe = true, .last = false});
  call.run(33ms);
  call.publish_frames(alice, {.sequence = 102, .timestamp = 7970}, 80);
  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  EXPECT_EQ(call.router.counters().stills, 0U);
}

TEST_F(SlotStill, NotOfOneThatIsTooOldOrTooLarge) {
  alice_publishes(130);  // 4.3 s
  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());

  TestCall other;
  RoutedPeer& bob = other.publisher(2);
  RoutedPeer& carol = other.viewer(4);
  constexpr std::uint16_t kPackets = 300;
  for (std::uint16_t index = 0; index < kPackets; ++index) {
    other.receive_vp8(bob, {.sequence = index,
                            .timestamp = 5000,
                            .keyframe = true,
                            .first = index == 0,
                            .last = index + 1 == kPackets,
                            .filler = 1000});
  }
  other.run(3s);
  other.show(carol, 1, TestCall::video_of(2));
  EXPECT_THAT(other.flush_and_take(carol).rtp, IsEmpty());
}

TEST_F(SlotStill, NotOfAStreamThatIsMuted) {
  alice_publishes(80);
  call.router.set_muted({TestCall::video_of(1), true});
  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
}

TEST_F(SlotStill, NotForWhoHasSeenMoreOfTheStreamAlready) {
  alice_publishes(10);
  show_alice();
  call.run(50ms);
  EXPECT_THAT(call.take(viewer).rtp, SizeIs(13));
  viewer.set_transport(call.now, std::nullopt);
  call.run(3s);
  call.connect(viewer);
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  EXPECT_EQ(call.router.counters().stills, 0U);
}

TEST_F(SlotStill, WhoSwapsAwayAndBackHasTheSameOneNotAgain) {
  RoutedPeer& bob = call.publisher(2);
  alice_publishes(80);
  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(3));
  call.receive_vp8(bob, {.sequence = 7, .timestamp = 77, .keyframe = true});
  call.show(viewer, 1, TestCall::video_of(2));
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));

  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  EXPECT_EQ(call.router.counters().stills, 1U);
  call.run(300ms);
  alice_answers();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));
}

TEST_F(SlotStill, WhoComesBackHasTheKeyframeThatWasMadeMeanwhile) {
  RoutedPeer& bob = call.publisher(2);
  alice_publishes(2);
  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(5));
  call.receive_vp8(bob, {.sequence = 7, .timestamp = 77, .keyframe = true});
  call.show(viewer, 1, TestCall::video_of(2));
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));
  alice_answers();
  call.run(3s);
  call.take(viewer);

  show_alice();
  const Sent still = call.flush_and_take(viewer);
  ASSERT_THAT(still.rtp, SizeIs(1));
  EXPECT_TRUE(still.rtp[0].is_keyframe_start());
  EXPECT_EQ(call.router.counters().stills, 1U);
}

TEST_F(SlotStill, ASwapToAStaleStreamShowsOneToo) {
  RoutedPeer& bob = call.publisher(2);
  call.receive_vp8(bob, {.sequence = 7, .timestamp = 77, .keyframe = true, .picture_id = 3});
  call.show(viewer, 1, TestCall::video_of(2));
  const Sent before = call.flush_and_take(viewer);
  ASSERT_THAT(before.rtp, SizeIs(1));
  alice_publishes(80);
  call.take(viewer);
  show_alice();
  const Sent still = call.flush_and_take(viewer);
  ASSERT_THAT(still.rtp, SizeIs(3));
  EXPECT_EQ(still.rtp[0].sequence, before.rtp[0].sequence + 1);
  EXPECT_EQ(still.rtp[0].picture_id(), before.rtp[0].picture_id() + 1);
}

TEST_F(SlotStill, APacketOfItIsSentAgainAndAPliAsksForNothingMore) {
  alice_publishes(80);
  show_alice();
  const Sent still = call.flush_and_take(viewer);
  ASSERT_THAT(still.rtp, SizeIs(3));
  const rtp::SequenceNumber lost(still.rtp[1].sequence);
  call.receive_rtcp(viewer, [&](rtp::RtcpWriter& writer) {
    writer.nack(rtp::Ssrc(1), rtp::Ssrc(TestCall::kVideoSlotSsrc), std::span(&lost, 1));
    writer.pli(rtp::Ssrc(1), rtp::Ssrc(TestCall::kVideoSlotSsrc));
  });
  const Sent again = call.flush_and_take(viewer);
  ASSERT_THAT(again.rtp, SizeIs(1));
  EXPECT_EQ(again.rtp[0].ssrc, TestCall::kVideoSlotRtxSsrc);
  call.run(150ms);
  EXPECT_EQ(plis(), 1U);
}

TEST_F(SlotStill, APublisherThatDoesNotAnswerIsAskedAgain) {
  alice_publishes(80);
  show_alice();
  call.run(1s);
  EXPECT_THAT(call.take(viewer).rtp, SizeIs(3));
  EXPECT_GE(plis(), 2U);
  show_alice();
  call.show(viewer, 1, std::nullopt);
  call.run(5s);
  call.take(alice);
  call.run(5s);
  EXPECT_EQ(plis(), 0U);
}

}  // namespace
}  // namespace visavis::sfu
