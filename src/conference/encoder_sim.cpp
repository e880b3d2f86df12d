#include <gtest/gtest.h>

#include <string>

#include "conference/scenario_sim.hpp"

/// An encoder as FFmpeg's WHIP muxer is one: it waits for our ClientHello and loses the first,
/// checks once and never again, names neither extensions nor feedback, and makes keyframes when it
/// likes.
namespace visavis::conference::sim_world {
namespace {

constexpr auto kPublisher = DirectRole::kPublisher;
constexpr auto kPlayer = DirectRole::kPlayer;
/// How long FFmpeg waits for ICE and DTLS, unless it is told otherwise.
constexpr Duration kPatience = 5s;

testpeer::MediaSession::Options encoder() {
  testpeer::MediaSession::Options options = person(1).media;
  options.offer = testpeer::OfferShape::kPublish;
  options.shape = sdp::BrowserShape::kFfmpeg;
  options.video.codec = rtp::CodecName::kH264;
  options.video.frames_per_second = 25;
  options.video.keyframe_every = testpeer::VideoSource::Options::kFfmpegKeyframeEvery;
  return options;
}

TEST(Encoder, IsSeenAndHeardAndAskedForNothing) {
  World world(1);
  const auto camera = world.add_direct(kPublisher, "Encoder", encoder(), path(20ms));
  ASSERT_TRUE(camera);
  ASSERT_TRUE(world.run_until([&] { return camera->media->connected(); }, 400ms));
  world.run_for(1s);
  testpeer::Client& ada = world.add(viewer(2), path(20ms));
  const auto player = world.add_direct(kPlayer, "Encoder", viewer(9).media, path(20ms));
  ASSERT_TRUE(player);
  world.run_for(30s);
  EXPECT_GT(frames_of(*player).frames, 700U);
  EXPECT_GT(sounds_of(*player), 1'400U);
  EXPECT_EQ(breaks_of(*player), 0U);
  EXPECT_GT(frames_of(ada, "Encoder").frames, 700U);
  EXPECT_EQ(breaks(ada), 0U);
  EXPECT_EQ(camera->media->camera()->counters().plis, 0U);
  EXPECT_EQ(camera->media->camera()->counters().nacked, 0U);
  EXPECT_EQ(world.media().plis_to_publishers, 0U);
}

TEST(Encoder, ConnectsInTimeOverALossyPath) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed);
    const auto camera = world.add_direct(kPublisher, "Encoder", encoder(), path(20ms, 0.1, 5ms));
    ASSERT_TRUE(camera);
    EXPECT_TRUE(world.run_until([&] { return camera->media->connected(); }, kPatience)) << seed;
    world.run_for(1s);
    EXPECT_EQ(world.calls().gauges().direct_publishers, 1U) << seed;
  }
}

TEST(Encoder, StaysWhileItSendsAndIsGoneHalfAMinuteAfter) {
  World world(3);
  const auto camera = world.add_direct(kPublisher, "Encoder", encoder(), path(20ms));
  const auto player = world.add_direct(kPlayer, "Encoder", viewer(9).media, path(20ms));
  ASSERT_TRUE(camera && player);
  world.run_for(100s);
  const std::uint64_t seen = frames_of(*player).frames;
  EXPECT_GT(seen, 2'200U);
  world.run_for(10s);
  EXPECT_GE(frames_of(*player).frames, seen + 249);
  world.black_out(*camera);
  world.run_for(25s);
  EXPECT_EQ(world.calls().gauges().direct_publishers, 1U);
  world.run_for(10s);
  EXPECT_EQ(world.calls().gauges().direct_publishers, 0U);
  EXPECT_FALSE(world.hang_up(kPublisher, *camera));
}

TEST(Encoder, AViewerInTheMiddleOfALongGroupHasAStillUntilTheNextKeyframe) {
  World world(4);
  const auto camera = world.add_direct(kPublisher, "Encoder", encoder(), path(20ms));
  ASSERT_TRUE(camera);
  ASSERT_TRUE(world.run_until([&] { return camera->media->connected(); }, 1s));
  world.run_for(6s);
  const auto player = world.add_direct(kPlayer, "Encoder", viewer(9).media, path(20ms));
  ASSERT_TRUE(player);
  world.run_for(1s);
  EXPECT_EQ(frames_of(*player).frames, 1U);
  EXPECT_EQ(world.media().stills, 1U);
  world.run_for(8s);
  EXPECT_GT(frames_of(*player).frames, 100U);
  EXPECT_EQ(breaks_of(*player), 0U);
}

TEST(Encoder, APlayerMayWaitForTheClientHelloToo) {
  World world(5);
  const auto camera = world.add_direct(kPublisher, "Encoder", encoder(), path(20ms));
  testpeer::MediaSession::Options waiting = viewer(9).media;
  waiting.waits = true;
  const auto player = world.add_direct(kPlayer, "Encoder", waiting, path(20ms, 0.05, 5ms));
  ASSERT_TRUE(camera && player);
  world.run_for(20s);
  EXPECT_GT(frames_of(*player).frames, 400U);
  EXPECT_EQ(breaks_of(*player), 0U);
}

TEST(Encoder, ACallerMayWaitForTheClientHelloToo) {
  World world(6);
  testpeer::Client::Options options = person(1);
  options.media.waits = true;
  testpeer::Client& ada = world.add(options, path(20ms));
  testpeer::Client& bob = world.add(person(2), path(20ms));
  world.run_for(10s);
  EXPECT_GT(frames_of(ada, bob).frames, 200U);
  EXPECT_GT(frames_of(bob, ada).frames, 200U);
  EXPECT_EQ(breaks(ada) + breaks(bob), 0U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
