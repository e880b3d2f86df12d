#include <gtest/gtest.h>

#include <vector>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

struct LinkCase {
  Network network;
  Duration black{};         ///< Nothing goes through for this long, in the middle of the call.
  double frames_share = 1;  ///< Of those that the publisher made while it was seen.
};

std::vector<LinkCase> links() {
  Network asymmetric = path(15ms);
  asymmetric.down = {.delay = 120ms, .jitter = 5ms, .loss = 0.01};
  std::vector<LinkCase> cases{{.network = path(20ms)},
                              {.network = path(20ms, 0.05), .frames_share = 0.999},
                              {.network = path(20ms, 0, 30ms), .frames_share = 0.999},
                              {.network = asymmetric, .frames_share = 0.999},
                              {.network = path(20ms), .black = 3s, .frames_share = 0.85}};
  constexpr std::array kNames{"clean", "lossy", "reordering", "asymmetric", "blacked_out"};
  for (std::size_t index = 0; index < cases.size(); ++index) {
    cases[index].network.name = kNames[index];
  }
  return cases;
}

class CallOverLink : public ::testing::TestWithParam<LinkCase> {};

TEST_P(CallOverLink, ShowsEveryFrame) {
  const LinkCase& link = GetParam();
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    World world(seed);
    testpeer::Client& ada = world.add(person(1), path(10ms));
    testpeer::Client& grace = world.add(person(2), link.network);
    ASSERT_TRUE(world.run_until([&] { return sees(ada, grace) && sees(grace, ada); }, 5s)) << seed;
    const std::uint32_t made = ada.media().camera()->source().frames();
    const std::uint64_t shown = frames_of(grace, ada).frames;
    world.run_for(10s);
    if (link.black > Duration::zero()) {
      world.black_out(grace);
      world.run_for(link.black);
      world.light(grace, link.network);
    }
    world.run_for(20s);
    const double frames = ada.media().camera()->source().frames() - made;
    const double seen = static_cast<double>(frames_of(grace, ada).frames - shown);
    // Those of the last moment are on their way.
    EXPECT_GE(seen, (frames - 15) * link.frames_share) << link.network.name << " seed " << seed;
    EXPECT_EQ(breaks(grace) + breaks(ada), 0U) << link.network.name << " seed " << seed;
    // The stream goes on to the end.
    EXPECT_GE(*frames_of(grace, ada).last_frame_at, world.now() - 500ms);
    EXPECT_GE(*frames_of(ada, grace).last_frame_at, world.now() - 500ms);
  }
}

INSTANTIATE_TEST_SUITE_P(Links, CallOverLink, ::testing::ValuesIn(links()),
                         [](const auto& each) { return each.param.network.name; });

TEST(Repair, OfFivePercentLossIsByNackAndNotByKeyframes) {
  World world(11);
  testpeer::Client& ada = world.add(person(1), path(20ms, 0.05));
  testpeer::Client& grace = world.add(viewer(2), path(20ms, 0.05));
  ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 5s));
  world.run_for(2s);
  const std::uint64_t keyframes = world.media().keyframes;
  const testpeer::FrameReport before = frames_of(grace, ada);
  const std::uint32_t made = ada.media().camera()->source().frames();
  world.run_for(60s);
  const testpeer::FrameReport after = frames_of(grace, ada);
  const double frames = ada.media().camera()->source().frames() - made;
  EXPECT_GE(static_cast<double>(after.frames - before.frames), frames * 0.999 - 15);
  EXPECT_EQ(after.skipped, before.skipped);
  EXPECT_EQ(world.media().keyframes, keyframes);
  EXPECT_GT(world.media().retransmissions_out, 300U);
  EXPECT_GT(world.media().retransmissions_in, 300U);
  EXPECT_EQ(after.breaks, 0U);
}

TEST(Repair, ReachesAViewerThatLosesAFifth) {
  World world(12);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  testpeer::Client& grace = world.add(viewer(2), path(20ms, 0.2));
  ASSERT_TRUE(world.run_until([&] { return sees(grace, ada); }, 10s));
  const testpeer::FrameReport before = frames_of(grace, ada);
  world.run_for(30s);
  const testpeer::FrameReport after = frames_of(grace, ada);
  EXPECT_GE(after.frames - before.frames, 850U);
  EXPECT_EQ(after.breaks, 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
