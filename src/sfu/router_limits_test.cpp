// What a router refuses or drops when it is full, and that all else goes on.

#include <gmock/gmock.h>

#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::uint64_t refusals(const TestCall& call, RefusalReason reason) {
  return call.router.counters().refusals[static_cast<std::size_t>(reason)];
}
std::uint64_t drops(const TestCall& call, DropReason reason) {
  return call.router.counters().drops[static_cast<std::size_t>(reason)];
}

TEST(RouterLimits, StreamsAndSlotsBeyondOnePeersShareAreRefused) {
  TestCall call({.streams_per_peer_max = 1, .slots_per_peer_max = 2});
  RoutedPeer& alice = call.publisher(1);
  EXPECT_THAT(alice.publisher().streams(), SizeIs(1));
  EXPECT_EQ(refusals(call, RefusalReason::kTooManyStreams), 1U);
  EXPECT_THAT(alice.subscriber().slots(), SizeIs(2));
  EXPECT_EQ(refusals(call, RefusalReason::kTooManySlots), 1U);
  call.router.close_stream(call.now, TestCall::audio_of(1));
  call.router.open_stream(call.now, {TestCall::video_of(1), PeerId(1), "v"});
  EXPECT_EQ(refusals(call, RefusalReason::kTooManyStreams), 1U);
}

TEST(RouterLimits, EventsThatNobodyFetchesAreLostAndMediaIsNot) {
  TestCall call({.events_max = 3});
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  for (int swap = 0; swap < 5; ++swap) {
    call.show(bob, 1, std::nullopt);
  }
  EXPECT_EQ(refusals(call, RefusalReason::kEventsFull), 2U);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  EXPECT_THAT(call.flush_and_take(bob).rtp, SizeIs(1));
  EXPECT_THAT(call.events(), SizeIs(3));
}

TEST(RouterLimits, WhenAllLogsTogetherAreFullANewOneHasNoRoomAndTheOthersGoOn) {
  TestCall call({.logs_bytes_max = LogChunk::kBytes});
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.publisher(2);
  RoutedPeer& carol = call.viewer(3);
  call.show(carol, 1, TestCall::video_of(1));
  call.show(carol, 2, TestCall::video_of(2));
  for (std::uint16_t sequence = 0; sequence < 200; ++sequence) {
    call.receive_vp8(alice, {.sequence = sequence, .keyframe = sequence == 0, .filler = 1'000});
    call.receive_vp8(bob, {.sequence = sequence, .keyframe = sequence == 0, .filler = 1'000});
    call.flush();
    call.run(1ms);
  }
  EXPECT_EQ(drops(call, DropReason::kNoMemory), 200U);
  EXPECT_THAT(call.take(carol).rtp, SizeIs(200));
  call.router.close_stream(call.now, TestCall::video_of(1));
  call.receive_vp8(bob, {.sequence = 200, .keyframe = true});
  EXPECT_THAT(call.flush_and_take(carol).rtp, SizeIs(1));
}

TEST(RouterLimits, AViewerWhomTheEndOfTheLogOvertakesGoesOnAtTheNextKeyframe) {
  TestCall call({.log_bytes_max = 2 * LogChunk::kBytes});
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 65'400, .keyframe = true});
  const Sent before = call.flush_and_take(bob);
  ASSERT_THAT(before.rtp, SizeIs(1));
  // Without time to send them in, and over the wrap of the publisher's numbers.
  for (std::uint16_t count = 1; count <= 300; ++count) {
    call.receive_vp8(alice, {.sequence = static_cast<std::uint16_t>(65'400 + count),
                             .timestamp = count * 3000U,
                             .filler = 1'000});
  }
  call.run(20ms);
  EXPECT_EQ(drops(call, DropReason::kViewerTooSlow), 1U);
  EXPECT_THAT(call.take(bob).rtp, IsEmpty());
  EXPECT_EQ(call.router.counters().plis_to_publishers, 1U);

  call.receive_vp8(
      alice,
      {.sequence = static_cast<std::uint16_t>(65'701), .timestamp = 301 * 3000U, .keyframe = true});
  const Sent after = call.flush_and_take(bob);
  ASSERT_THAT(after.rtp, SizeIs(1));
  EXPECT_TRUE(after.rtp[0].is_keyframe_start());
  EXPECT_EQ(after.rtp[0].sequence, before.rtp[0].sequence + 1);
}

TEST(RouterLimits, ARepairWhoseLogHasGoneRoundIsNotMadeOfWhatLiesThereNow) {
  TestCall call({.log_bytes_max = 2 * LogChunk::kBytes});
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 2});
  const Sent sent = call.flush_and_take(bob);
  ASSERT_THAT(sent.rtp, SizeIs(2));
  const rtp::SequenceNumber missing(sent.rtp[1].sequence);
  call.receive_rtcp(bob, [&](rtp::RtcpWriter& writer) {
    writer.nack(rtp::Ssrc(77), rtp::Ssrc(TestCall::kVideoSlotSsrc), {&missing, 1});
  });
  // Between the NACK and its answer the log goes round.
  for (std::uint16_t sequence = 3; sequence < 5'000; ++sequence) {
    call.receive_vp8(alice, {.sequence = sequence, .filler = 1'000});
  }
  call.flush();
  for (const SentRtp& packet : call.take(bob).rtp) {
    EXPECT_NE(packet.ssrc, TestCall::kVideoSlotRtxSsrc);
  }
  EXPECT_EQ(call.router.counters().retransmissions_out, 0U);
  EXPECT_EQ(call.router.counters().nacks_unanswered, 1U);
}

}  // namespace
}  // namespace visavis::sfu
