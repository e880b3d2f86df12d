#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

using namespace std::chrono_literals;

TEST(TokenBuckets, LetABurstPassAndThenTheRate) {
  TokenBucket bucket(20);
  const Instant start = Instant(1h);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(bucket.take(start));
  }
  EXPECT_FALSE(bucket.take(start));
  EXPECT_FALSE(bucket.take(start + 49ms));
  EXPECT_TRUE(bucket.take(start + 51ms));
  EXPECT_FALSE(bucket.take(start + 52ms));
}

TEST(TokenBuckets, HoldNoMoreThanTheirBurstAndAreWeighed) {
  TokenBucket bucket(10, 25);
  const Instant start = Instant(1h);
  EXPECT_FALSE(bucket.take(start, 26));
  EXPECT_TRUE(bucket.take(start, 25)) << "what was refused cost nothing";
  EXPECT_FALSE(bucket.take(start + 900ms, 10));
  EXPECT_TRUE(bucket.take(start + 1s, 10));
}

}  // namespace
}  // namespace visavis
