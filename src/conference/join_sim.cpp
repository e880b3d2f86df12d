#include <gtest/gtest.h>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

TEST(Join, GoesFromTheUpgradesBytesToADecodableFrame) {
  World world(1);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 2s));
  world.run_for(10s);
  EXPECT_GT(frames_of(ada, grace).frames, 280U);
  EXPECT_GT(frames_of(grace, ada).frames, 280U);
  EXPECT_GT(heard(ada, 202), 450U);
  EXPECT_GT(heard(grace, 201), 450U);
  for (const testpeer::Client* client : {&ada, &grace}) {
    EXPECT_EQ(breaks(*client), 0U);
    EXPECT_TRUE(client->refusals().empty());
    EXPECT_EQ(client->media().report().unknown_source, 0U);
  }
}

TEST(Join, OfALateComerIsQuick) {
  World world(2);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return ada.media().connected(); }, 2s));
  world.run_for(1s);
  testpeer::Client& grace = world.add(person(2), path(20ms));
  const Instant started = world.now();
  ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 2s));
  // Round trips of 40 ms: upgrade with welcome, CONNECT, join, ICE check, DTLS (2), and a half for
  // the first frame, whose keyframe is in the cache.
  EXPECT_LE(world.now() - started, 7 * 40ms);
}

TEST(Join, IsTheSameToTheByteForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    world.add(person(1), path(30ms, 0.03, 20ms));
    world.add(person(2), path(10ms, 0.01, 5ms));
    world.run_for(5s);
    EXPECT_GT(world.datagrams(), 2'000U);
    return world.digest();
  };
  const std::uint64_t first = run(7);
  EXPECT_EQ(run(7), first);
  EXPECT_NE(run(8), first);
}

TEST(Join, WorksBetweenBrowsersOfDifferentShape) {
  World world(3);
  testpeer::Client::Options firefox = person(2);
  firefox.media.shape = sdp::BrowserShape::kFirefox;
  testpeer::Client::Options safari = person(3);
  safari.media.shape = sdp::BrowserShape::kSafari;
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(firefox, path(20ms));
  testpeer::Client& edith = world.add(safari, path(20ms));
  world.run_for(5s);
  for (const testpeer::Client* who : {&ada, &grace, &edith}) {
    for (const testpeer::Client* whom : {&ada, &grace, &edith}) {
      EXPECT_TRUE(who == whom || frames_of(*who, *whom).frames > 100U);
    }
    EXPECT_EQ(breaks(*who), 0U);
    EXPECT_EQ(who->media().report().unknown_source, 0U);
  }
}

TEST(Join, WithAPreparedTransportShowsAPictureOneRoundTripLater) {
  World world(4);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  world.run_for(10s);
  testpeer::Client::Options options = person(2);
  options.use_prepare = true;
  testpeer::Client& grace = world.add(options, path(20ms));
  ASSERT_TRUE(world.run_until([&] { return grace.media().connected(); }, 2s));
  EXPECT_EQ(ada.roster().participants().size(), 1U);  // Nobody sees who only prepares.
  world.run_for(500ms);
  grace.join(world.now());
  const Instant clicked = world.now();
  ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 2s));
  // The ack, then the view and the first frame.
  EXPECT_LE(world.now() - clicked, 2 * 40ms + 20ms);
}

TEST(Join, LeavingTakesTheTileAway) {
  World world(5);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(person(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 2s));
  grace.leave(world.now());
  ASSERT_TRUE(world.run_until([&] { return ada.roster().participants().size() == 1; }, 1s));
  world.run_for(1s);
  EXPECT_EQ(ada.slot_showing(grace.roster().self()), nullptr);
  EXPECT_EQ(world.calls().gauges().participants, 1U);
}

TEST(Join, EverybodyIsHeardWithoutAView) {
  World world(6);
  testpeer::Client::Options listener = person(9);
  listener.view_everyone = false;
  testpeer::Client& edith = world.add(listener, path(20ms));
  world.add(person(1), path(20ms));
  world.add(person(2), path(20ms));
  world.run_for(5s);
  EXPECT_GT(heard(edith, 201), 150U);
  EXPECT_GT(heard(edith, 202), 150U);
  EXPECT_EQ(breaks(edith), 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
