#include "sfu/keyframe_requests.hpp"

#include <gtest/gtest.h>

namespace visavis::sfu {
namespace {

using namespace std::chrono_literals;

TEST(KeyframeRequests, TheFirstWishIsAskedAtOnce) {
  KeyframeRequests requests;
  const Instant now{10s};
  EXPECT_FALSE(requests.poll_request(now));
  EXPECT_TRUE(requests.want(now));
  EXPECT_TRUE(requests.poll_request(now));
}

TEST(KeyframeRequests, WishesWithinTheIntervalShareOneRequest) {
  KeyframeRequests requests;
  const Instant now{10s};
  EXPECT_TRUE(requests.want(now));
  EXPECT_TRUE(requests.poll_request(now));
  EXPECT_FALSE(requests.want(now + 50ms));
  EXPECT_FALSE(requests.poll_request(now + 50ms));
}

TEST(KeyframeRequests, AKeyframeEndsTheAsking) {
  KeyframeRequests requests;
  const Instant now{10s};
  requests.want(now);
  EXPECT_TRUE(requests.poll_request(now));
  requests.handle_keyframe();
  EXPECT_EQ(requests.next_timeout(), kNever);
  EXPECT_FALSE(requests.poll_request(now + 10s));
}

TEST(KeyframeRequests, AWishRightAfterAnAnsweredOneWaitsForTheInterval) {
  KeyframeRequests requests;
  const Instant now{10s};
  requests.want(now);
  EXPECT_TRUE(requests.poll_request(now));
  requests.handle_keyframe();
  requests.want(now + 100ms);
  EXPECT_FALSE(requests.poll_request(now + 100ms));
  EXPECT_EQ(requests.next_timeout(), now + KeyframeRequests::kIntervalMin);
  EXPECT_TRUE(requests.poll_request(now + KeyframeRequests::kIntervalMin));
}

TEST(KeyframeRequests, ASlowPublisherIsAskedAtMostOncePerRoundTrip) {
  KeyframeRequests requests;
  requests.set_round_trip(600ms);
  const Instant now{10s};
  requests.want(now);
  EXPECT_TRUE(requests.poll_request(now));
  EXPECT_FALSE(requests.poll_request(now + 600ms));
  EXPECT_TRUE(requests.poll_request(now + 900ms));
}

TEST(KeyframeRequests, AnUnansweredOneIsRepeatedEverMoreSeldom) {
  KeyframeRequests requests;
  Instant now{10s};
  requests.want(now);
  int asked = 0;
  for (; now < Instant{40s}; now += 10ms) {
    asked += requests.poll_request(now) ? 1 : 0;
  }
  EXPECT_GE(asked, 15);
  EXPECT_LE(asked, 20);
}

}  // namespace
}  // namespace visavis::sfu
