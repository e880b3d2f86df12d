#include <gtest/gtest.h>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

/// A publisher that has been live for a while when a viewer joins; somebody has watched all along.
struct LateJoin {
  explicit LateJoin(std::uint64_t seed, Duration live) : world(seed) {
    EXPECT_TRUE(world.run_until([&] { return sees(hopper, ada); }, 2s));
    world.run_for(live);
    plis = world.media().plis_to_publishers;
    keyframes = world.media().keyframes;
  }

  World world;
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& hopper = world.add(viewer(100), path(20ms));
  std::uint64_t plis = 0;
  std::uint64_t keyframes = 0;
};

TEST(Keyframes, WithinFreshnessALateJoinerStartsFromTheCache) {
  LateJoin late(1, 1s);
  testpeer::Client& grace = late.world.add(viewer(2), path(20ms));
  ASSERT_TRUE(late.world.run_until([&] { return sees(grace, late.ada); }, 2s));
  EXPECT_EQ(late.world.media().plis_to_publishers, late.plis);
  EXPECT_EQ(late.world.media().keyframes, late.keyframes);
  EXPECT_EQ(late.world.media().cache_hits, 1U);
  late.world.run_for(1s);
  EXPECT_EQ(breaks(grace), 0U);
}

TEST(Keyframes, HoweverLongAPublisherWasAloneTheFirstToComeStartsFromTheCache) {
  World world(6);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return ada.media().connected(); }, 2s));
  world.run_for(31s);
  const std::uint64_t keyframes = world.media().keyframes;
  EXPECT_GT(keyframes, 16U);
  EXPECT_LT(keyframes, 22U);
  testpeer::Client& grace = world.add(viewer(2), path(5ms));
  const Instant came = world.now();
  ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 2s));
  EXPECT_LE(world.now() - came, 60ms) << "six times to the server and back, and no word from Ada";
  EXPECT_EQ(world.media().stills, 0U);
  EXPECT_EQ(world.media().cache_hits, 1U);
  world.run_for(10s);
  EXPECT_LE(world.media().keyframes, keyframes + 1) << "who is watched is not asked";
  EXPECT_EQ(breaks(grace), 0U);
}

// The publisher is so far away that the viewer's transport is up before a new keyframe is here.
TEST(Keyframes, SoonAfterItALateJoinerSeesAStillAndGoesOnWithoutABreak) {
  for (const rtp::CodecName codec : {rtp::CodecName::kVp8, rtp::CodecName::kH264}) {
    World world(5);
    testpeer::Client::Options far = person(1);
    far.media.video.codec = codec;
    testpeer::Client& ada = world.add(far, path(70ms));
    testpeer::Client& hopper = world.add(viewer(3), path(5ms));
    ASSERT_TRUE(world.run_until([&] { return sees(hopper, ada); }, 5s));
    const std::uint64_t plis = world.media().plis_to_publishers;
    // The first keyframe is then 3 s old.
    world.run_for(3s);
    testpeer::Client& grace = world.add(viewer(2), path(5ms));
    const Instant came = world.now();
    ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 2s));
    EXPECT_LE(world.now() - came, 100ms);
    EXPECT_EQ(frames_of(grace, ada).frames, 1U);
    world.run_for(2s);
    EXPECT_EQ(world.media().stills, 1U);
    EXPECT_EQ(world.media().plis_to_publishers, plis + 1);
    EXPECT_EQ(frames_of(grace, ada).keyframes, 2U);
    EXPECT_GT(frames_of(grace, ada).frames, 35U);
    EXPECT_EQ(breaks(grace), 0U);
  }
}

TEST(Keyframes, AfterItOneIsAskedForAndOnlyOne) {
  LateJoin late(2, 10s);
  testpeer::Client& grace = late.world.add(viewer(2), path(20ms));
  ASSERT_TRUE(late.world.run_until([&] { return sees(grace, late.ada); }, 2s));
  late.world.run_for(5s);
  EXPECT_EQ(late.world.media().plis_to_publishers, late.plis + 1);
  EXPECT_EQ(late.world.media().keyframes, late.keyframes + 1);
  EXPECT_EQ(late.ada.media().camera()->counters().plis, 1U);
  EXPECT_EQ(breaks(grace), 0U);
}

TEST(Keyframes, ManyWhoJoinAtOnceShareOne) {
  LateJoin late(3, 10s);
  std::vector<testpeer::Client*> viewers;
  for (unsigned number = 0; number < 12; ++number) {
    viewers.push_back(&late.world.add(viewer(10 + number), path(Duration(5ms) * (1 + number % 5))));
    late.world.run_for(10ms);
  }
  late.world.run_for(1s);
  EXPECT_EQ(late.world.media().plis_to_publishers, late.plis + 1);
  // While viewers keep coming the run is kept fresh; when they no longer do, that ends.
  late.world.run_for(20s);
  EXPECT_LE(late.world.media().plis_to_publishers, late.plis + 4);
  for (const testpeer::Client* each : viewers) {
    EXPECT_GT(frames_of(*each, late.ada).frames, 100U);
    EXPECT_EQ(breaks(*each), 0U);
  }
}

TEST(Keyframes, ForOnesThatAreLostAreAskedForAgain) {
  World world(4);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return ada.media().connected(); }, 2s));
  world.run_for(10s);
  testpeer::Client& grace = world.add(viewer(2), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return grace.times().joined.has_value(); }, 2s));
  world.set_network(ada, path(20ms, 0.6));
  world.run_for(2s);
  world.set_network(ada, path(20ms));
  ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 3s));
  world.run_for(2s);
  EXPECT_EQ(breaks(grace), 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
