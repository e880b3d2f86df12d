#include <gtest/gtest.h>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

/// Two publishers and somebody with one seat.
struct OneSeat {
  explicit OneSeat(std::uint64_t seed, const Network& network = path(20ms))
      : world(seed),
        ada(world.add(person(1), path(20ms))),
        grace(world.add(person(2), path(30ms))),
        edith(world.add(watcher(), network)) {
    EXPECT_TRUE(world.run_until([&] { return edith.times().joined.has_value(); }, 5s));
    world.run_for(1s);
  }

  static testpeer::Client::Options watcher() {
    testpeer::Client::Options options = viewer(3);
    options.view_everyone = false;
    options.media.seats = 1;
    return options;
  }

  void look_at(const testpeer::Client& whom) { edith.view(world.now(), {whom.roster().self()}); }
  [[nodiscard]] testpeer::SlotReport video() const {
    for (const testpeer::SlotReceiver& slot : edith.media().slots()) {
      if (slot.place().kind == rtp::MediaKind::kVideo) {
        return slot.report();
      }
    }
    return {};
  }

  World world;
  testpeer::Client& ada;
  testpeer::Client& grace;
  testpeer::Client& edith;
};

TEST(Slots, ShowNobodyBeforeAView) {
  OneSeat call(1);
  call.world.run_for(2s);
  EXPECT_EQ(call.video().packets, 0U);
}

TEST(Slots, StayContinuousWhenOneSwitchesBetweenPublishers) {
  OneSeat call(2);
  for (int round = 0; round < 10; ++round) {
    const bool even = round % 2 == 0;
    call.look_at(even ? call.ada : call.grace);
    ASSERT_TRUE(call.world.run_until(
        [&] { return call.video().video.source == camera_of(even ? 1 : 2); }, 1s))
        << round;
    call.world.run_for(1500ms);
  }
  const testpeer::SlotReport report = call.video();
  EXPECT_EQ(report.video.switches, 9U);
  EXPECT_EQ(report.video.breaks, 0U);
  EXPECT_EQ(report.damaged, 0U);
  EXPECT_GT(report.video.frames, 10U * 40U);
  // One NTP line for the life of the slot, and a report right after each switch.
  EXPECT_GE(report.sender_reports, 10U);
  EXPECT_LE(report.clock_error_max, 50ms);
  EXPECT_EQ(call.world.calls().counters().negotiations, 3U);  // Everybody's first.
}

TEST(Slots, StayContinuousWhenOneSwitchesOverALossyLink) {
  OneSeat call(3, path(20ms, 0.05));
  for (int round = 0; round < 10; ++round) {
    call.look_at(round % 2 == 0 ? call.ada : call.grace);
    call.world.run_for(1500ms);
  }
  EXPECT_EQ(call.video().video.switches, 9U);
  EXPECT_EQ(call.video().video.breaks, 0U);
}

TEST(Slots, SwitchFasterThanTheNetwork) {
  OneSeat call(4);
  for (int round = 0; round < 50; ++round) {
    call.look_at(round % 2 == 0 ? call.ada : call.grace);
    call.world.run_for(30ms);
  }
  call.look_at(call.ada);
  call.world.run_for(3s);
  EXPECT_EQ(call.video().video.source, camera_of(1));
  EXPECT_EQ(call.video().video.breaks, 0U);
  EXPECT_GE(*call.video().video.last_frame_at, call.world.now() - 100ms);
}

TEST(Slots, CarryAnotherCodecAfterASwitch) {
  World world(5);
  testpeer::Client::Options h264 = person(2);
  h264.media.video.codec = rtp::CodecName::kH264;
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(h264, path(20ms));
  testpeer::Client::Options watcher = OneSeat::watcher();
  watcher.media.shape = sdp::BrowserShape::kFirefox;
  testpeer::Client& edith = world.add(watcher, path(20ms));
  ASSERT_TRUE(world.run_until([&] { return edith.times().joined.has_value(); }, 5s));
  world.run_for(500ms);
  for (int round = 0; round < 6; ++round) {
    const testpeer::Client& whom = round % 2 == 0 ? ada : grace;
    const std::uint64_t before = frames_of(edith, whom).frames;
    edith.view(world.now(), {whom.roster().self()});
    world.run_for(1s);
    EXPECT_GE(frames_of(edith, whom).frames, before + 20) << round;
  }
  EXPECT_EQ(breaks(edith), 0U);
  EXPECT_EQ(edith.media().report().unknown_source, 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
