#pragma once

#include <gtest/gtest.h>

#include "sfu/test_call.hpp"

namespace visavis::sfu {

/// Two who publish, and one who is shown first the one and then the other.
class SwapTest : public testing::Test {
 protected:
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.publisher(2);
  RoutedPeer& viewer = call.viewer(3);

  /// From a keyframe on; `sequence` goes on from 100.
  void alice_publishes(int frames, std::uint16_t sequence = 100) {
    const auto before = static_cast<std::uint16_t>(sequence - 100);
    call.publish_frames(alice,
                        {.sequence = sequence,
                         .timestamp = 5000 + (2970U * before),
                         .keyframe = true,
                         .picture_id = static_cast<std::uint16_t>(10 + before),
                         .tl0 = static_cast<std::uint8_t>(20 + before)},
                        frames);
  }
  /// The same while somebody watches: the run is not refreshed.
  void alice_publishes_to_somebody(int frames) {
    alice_publishes(1);
    call.show(call.viewer(9), 1, TestCall::video_of(1));
    call.publish_frames(alice, {.sequence = 101, .timestamp = 7970, .picture_id = 11, .tl0 = 21},
                        frames - 1);
  }
  void bob_publishes(int frames) {
    call.publish_frames(bob,
                        {.sequence = 40'000,
                         .timestamp = 900'000'000,
                         .keyframe = true,
                         .picture_id = 32'767,
                         .tl0 = 255},
                        frames);
  }
  void show_alice() { call.show(viewer, 1, TestCall::video_of(1)); }
  void show_bob() { call.show(viewer, 1, TestCall::video_of(2)); }
  std::uint64_t plis() { return call.router.counters().plis_to_publishers; }
};

}  // namespace visavis::sfu
