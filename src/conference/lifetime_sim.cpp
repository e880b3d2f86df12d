#include <gtest/gtest.h>

#include <chrono>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

TEST(Lifetime, OfTenMinutesTakesSeconds) {
  const auto started = std::chrono::steady_clock::now();
  World world(1);
  testpeer::Client& ada = world.add(person(1), path(20ms, 0.01));
  testpeer::Client& grace = world.add(person(2), path(20ms, 0.01));
  world.run_for(10min);
  for (const auto& [who, whom] : {std::pair(&ada, &grace), std::pair(&grace, &ada)}) {
    const testpeer::FrameReport report = frames_of(*who, *whom);
    EXPECT_GE(report.frames, 17'900U);
    EXPECT_EQ(report.skipped, 0U);
    EXPECT_EQ(breaks(*who), 0U);
    EXPECT_GE(heard(*who, whom == &ada ? 201 : 202), 29'000U);
  }
  const auto took = std::chrono::steady_clock::now() - started;
  RecordProperty("wall_ms", static_cast<int>(took / 1ms));
  EXPECT_LT(took, 60s);
}

TEST(Lifetime, OutlivesItsSocket) {
  World world(2);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 2s));
  const std::string self = grace.roster().self();
  world.cut_stream(grace);
  world.run_for(5s);
  ASSERT_NE(ada.roster().find(self), nullptr);
  EXPECT_FALSE(ada.roster().find(self)->connected);
  EXPECT_GT(frames_of(ada, grace).frames, 140U);  // Media goes on.
  grace.prepare_resume();
  world.connect_stream(grace);
  ASSERT_TRUE(world.run_until([&] { return ada.roster().find(self)->connected; }, 2s));
  EXPECT_EQ(grace.roster().self(), self);
  world.run_for(2s);
  EXPECT_EQ(frames_of(ada, grace).freezes, 0U);
  EXPECT_EQ(breaks(ada) + breaks(grace), 0U);
  EXPECT_TRUE(grace.refusals().empty());
}

TEST(Lifetime, EndsWhenTheSocketStaysAway) {
  World world(3);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace); }, 2s));
  world.cut_stream(grace);
  world.run_for(65s);
  EXPECT_EQ(ada.roster().participants().size(), 1U);
  EXPECT_EQ(world.calls().gauges().participants, 1U);
}

TEST(Lifetime, FollowsAClientToAnotherAddress) {
  World world(4);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 2s));
  world.run_for(2s);
  world.move(grace);
  const Instant moved = world.now();
  world.run_for(3s);
  EXPECT_GE(*frames_of(grace, ada).last_frame_at, moved + 2900ms);
  EXPECT_GE(*frames_of(ada, grace).last_frame_at, moved + 2900ms);
  EXPECT_EQ(breaks(ada) + breaks(grace), 0U);
}

TEST(Lifetime, SurvivesAnOutageOfBothWaysForTwentySeconds) {
  World world(5);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 2s));
  world.black_out(grace);
  world.run_for(20s);
  world.light(grace, path(20ms));
  world.run_for(3s);
  EXPECT_GE(*frames_of(grace, ada).last_frame_at, world.now() - 200ms);
  EXPECT_GE(*frames_of(ada, grace).last_frame_at, world.now() - 200ms);
  EXPECT_EQ(breaks(ada) + breaks(grace), 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
