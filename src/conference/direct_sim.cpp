#include <gtest/gtest.h>

#include <string>

#include "conference/scenario_sim.hpp"

/// Clients without a socket, with all of ICE, DTLS and SRTP: what WHIP and WHEP come to.
namespace visavis::conference::sim_world {
namespace {

constexpr auto kPublisher = DirectRole::kPublisher;
constexpr auto kPlayer = DirectRole::kPlayer;

testpeer::MediaSession::Options sender(unsigned number) {
  testpeer::MediaSession::Options options = person(number).media;
  options.offer = testpeer::OfferShape::kPublish;
  return options;
}
testpeer::MediaSession::Options receiver() {
  return viewer(9).media;
}

TEST(Direct, WhatOnePublishesAnotherPlaysFromTheCachedKeyframe) {
  World world(1);
  const auto camera = world.add_direct(kPublisher, "Camera", sender(1), path(20ms));
  ASSERT_TRUE(camera);
  ASSERT_TRUE(world.run_until([&] { return camera->media->connected(); }, 2s));
  world.run_for(1s);
  const auto player = world.add_direct(kPlayer, "Camera", receiver(), path(20ms));
  ASSERT_TRUE(player);
  const Instant answered = world.now();
  ASSERT_TRUE(world.run_until([&] { return frames_of(*player).frames > 0; }, 2s));
  // Round trips of 40 ms: ICE check, DTLS (2), of which the last flight brings the first frame.
  EXPECT_LE(world.now() - answered, 3 * 40ms + 5ms);
  world.run_for(10s);
  EXPECT_GT(frames_of(*player).frames, 280U);
  EXPECT_GT(sounds_of(*player), 450U);
  EXPECT_EQ(breaks_of(*player), 0U);
  EXPECT_EQ(world.calls().gauges().participants, 1U);
}

TEST(Direct, APublisherHasATileInTheCallAndACallerIsPlayed) {
  World world(2);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  ASSERT_TRUE(world.run_until([&] { return ada.media().connected(); }, 2s));
  const auto camera = world.add_direct(kPublisher, "Camera", sender(2), path(20ms));
  const auto player = world.add_direct(kPlayer, "person 1", receiver(), path(20ms));
  ASSERT_TRUE(camera && player);
  world.run_for(5s);
  ASSERT_EQ(ada.roster().participants().size(), 2U);
  EXPECT_GT(frames_of(ada, "Camera").frames, 100U);
  EXPECT_GT(heard(ada, 202), 150U);
  EXPECT_GT(frames_of(*player).frames, 100U);
  EXPECT_EQ(breaks(ada), 0U);
  EXPECT_EQ(breaks_of(*player), 0U);
}

TEST(Direct, H264AndOtherPayloadTypesAreMapped) {
  World world(3);
  testpeer::MediaSession::Options firefox = sender(1);
  firefox.shape = sdp::BrowserShape::kFirefox;
  firefox.video.codec = rtp::CodecName::kH264;
  const auto camera = world.add_direct(kPublisher, "Camera", firefox, path(20ms));
  testpeer::MediaSession::Options safari = receiver();
  safari.shape = sdp::BrowserShape::kSafari;
  const auto player = world.add_direct(kPlayer, "Camera", safari, path(20ms));
  ASSERT_TRUE(camera && player);
  world.run_for(5s);
  EXPECT_GT(frames_of(*player).frames, 100U);
  EXPECT_EQ(breaks_of(*player), 0U);
}

TEST(Direct, LossesOfAPlayerAreRepaired) {
  World world(4);
  const auto camera = world.add_direct(kPublisher, "Camera", sender(1), path(20ms));
  const auto player = world.add_direct(kPlayer, "Camera", receiver(), path(20ms, 0.05, 5ms));
  ASSERT_TRUE(camera && player);
  world.run_for(10s);
  EXPECT_GT(frames_of(*player).frames, 250U);
  EXPECT_EQ(breaks_of(*player), 0U);
}

TEST(Direct, WhoHangsUpIsGoneAndGetsNothingMore) {
  World world(5);
  const auto camera = world.add_direct(kPublisher, "Camera", sender(1), path(20ms));
  const auto player = world.add_direct(kPlayer, "Camera", receiver(), path(20ms));
  const auto other = world.add_direct(kPlayer, "Camera", receiver(), path(20ms));
  world.run_for(2s);
  EXPECT_TRUE(world.hang_up(kPlayer, *player));
  EXPECT_FALSE(world.hang_up(kPlayer, *player));
  world.run_for(100ms);
  const std::uint64_t seen = frames_of(*player).frames;
  world.run_for(2s);
  EXPECT_EQ(frames_of(*player).frames, seen);
  EXPECT_GT(frames_of(*other).frames, seen + 40);
  EXPECT_TRUE(world.hang_up(kPublisher, *camera));
  EXPECT_FALSE(world.hang_up(kPlayer, *other));
  EXPECT_FALSE(world.add_direct(kPlayer, "Camera", receiver()));
  EXPECT_EQ(world.calls().gauges().rooms, 0U);
}

TEST(Direct, ANameIsTakenUntilItsPublisherHasGone) {
  World world(6);
  const auto camera = world.add_direct(kPublisher, "Camera", sender(1), path(20ms));
  world.run_for(1s);
  EXPECT_FALSE(world.add_direct(kPublisher, "Camera", sender(2), path(20ms)));
  EXPECT_TRUE(world.hang_up(kPublisher, *camera));
  EXPECT_TRUE(world.add_direct(kPublisher, "Camera", sender(2), path(20ms)));
}

TEST(Direct, APublisherWhoFallsSilentLeavesAfterHalfAMinute) {
  World world(7);
  testpeer::Client& ada = world.add(person(1), path(20ms));
  const auto camera = world.add_direct(kPublisher, "Camera", sender(2), path(20ms));
  const auto player = world.add_direct(kPlayer, "Camera", receiver(), path(20ms));
  world.run_for(5s);
  ASSERT_EQ(ada.roster().participants().size(), 2U);
  world.black_out(*camera);
  world.run_for(25s);
  EXPECT_EQ(ada.roster().participants().size(), 2U);
  world.run_for(10s);
  EXPECT_EQ(ada.roster().participants().size(), 1U);
  EXPECT_FALSE(world.hang_up(kPublisher, *camera));
  EXPECT_FALSE(world.hang_up(kPlayer, *player));
}

TEST(Direct, APlayerWhoFallsSilentIsForgotten) {
  World world(8);
  const auto camera = world.add_direct(kPublisher, "Camera", sender(1), path(20ms));
  const auto player = world.add_direct(kPlayer, "Camera", receiver(), path(20ms));
  world.run_for(5s);
  world.black_out(*player);
  world.run_for(35s);
  EXPECT_FALSE(world.hang_up(kPlayer, *player));
  EXPECT_EQ(world.calls().gauges().direct_publishers, 1U);
}

}  // namespace
}  // namespace visavis::conference::sim_world
