#include <gtest/gtest.h>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

TEST(Attack, TenSecondsOfGarbageAtBothPortsLeaveACallUndisturbed) {
  World world(1);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 2s));
  const std::uint64_t keyframes = world.media().keyframes;
  for (int tenth = 0; tenth < 100; ++tenth) {
    world.garble_media(100);
    world.garble_signalling(5);
    world.run_for(100ms);
  }
  for (const auto& [who, whom] : {std::pair(&ada, &grace), std::pair(&grace, &ada)}) {
    const testpeer::FrameReport report = frames_of(*who, *whom);
    EXPECT_GE(report.frames, 295U);
    EXPECT_EQ(report.freezes, 0U);
    EXPECT_EQ(breaks(*who), 0U);
    EXPECT_EQ(who->signalling().state(), testpeer::SignallingClient::State::kConnected);
  }
  EXPECT_EQ(world.media().keyframes, keyframes);
}

TEST(Attack, NobodyUnknownIsAnswered) {
  World world(2);
  world.garble_media(2'000);
  world.run_for(1s);
  EXPECT_EQ(world.media().datagrams_out, 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
