// When a run is refreshed before anybody asks for a keyframe.

#include <gmock/gmock.h>

#include "sfu/stream.hpp"
#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::SizeIs;

class StreamRefresh : public testing::Test {
 protected:
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& viewer = call.viewer(3);

  void keyframe(std::uint16_t sequence) { packet(sequence, true); }
  void packet(std::uint16_t sequence, bool is_key = false) {
    call.receive_vp8(alice,
                     {.sequence = sequence, .timestamp = sequence * 1000U, .keyframe = is_key});
    call.flush();
  }
  void show_alice() { call.show(viewer, 1, TestCall::video_of(1)); }
  std::uint64_t plis() { return call.router.counters().plis_to_publishers; }
};

TEST_F(StreamRefresh, ComesWhileNobodyWatchesAndTheFirstToComeFindsTheRunFresh) {
  keyframe(1);
  call.run(Stream::kRefreshAge - 1ms);
  EXPECT_EQ(plis(), 0U);
  call.run(1ms);
  EXPECT_EQ(plis(), 1U);
  keyframe(2);
  call.run(Stream::kRefreshAge);
  EXPECT_EQ(plis(), 2U);
  keyframe(3);
  show_alice();
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));
  call.run(5s);
  EXPECT_EQ(plis(), 2U) << "somebody watches";
}

TEST_F(StreamRefresh, ComesAgainWhenTheLastViewerHasLeft) {
  keyframe(1);
  show_alice();
  call.run(8s);  // By then the keyframe has left the log.
  EXPECT_EQ(plis(), 0U);
  call.show(viewer, 1, std::nullopt);
  packet(2);
  EXPECT_EQ(plis(), 1U);
}

TEST_F(StreamRefresh, IsNotAskedOfWhoIsMutedUntilThatEnds) {
  keyframe(1);
  call.router.set_muted({.stream = TestCall::video_of(1), .muted = true});
  call.run(5s);
  EXPECT_EQ(plis(), 0U);
  call.router.set_muted({.stream = TestCall::video_of(1), .muted = false});
  packet(2);
  EXPECT_EQ(plis(), 1U);
}

TEST_F(StreamRefresh, IsGivenUpWithAPublisherWhoDoesNotAnswer) {
  keyframe(1);
  call.run(Stream::kRefreshAge + Stream::kWantedSpan + 1s);
  const std::uint64_t asked = plis();
  EXPECT_GE(asked, 2U) << "one may be lost";
  EXPECT_LE(asked, 6U) << "ever more seldom";
  for (std::uint16_t sequence = 2; sequence < 62; ++sequence) {
    packet(sequence);
    call.run(1s);
  }
  EXPECT_EQ(plis(), asked);
}

TEST_F(StreamRefresh, ComesWhileViewersKeepComing) {
  keyframe(1);
  for (std::uint64_t id = 10; id < 13; ++id) {
    call.show(call.viewer(id), 1, TestCall::video_of(1));
    call.run(400ms);
  }
  EXPECT_EQ(plis(), 0U);
  call.run(400ms);
  EXPECT_EQ(plis(), 1U);
  keyframe(2);
  call.run(10s);
  EXPECT_EQ(plis(), 1U);
}

}  // namespace
}  // namespace visavis::sfu
