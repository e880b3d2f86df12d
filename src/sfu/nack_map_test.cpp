#include "sfu/nack_map.hpp"

#include <gtest/gtest.h>

namespace visavis::sfu {
namespace {

using namespace std::chrono_literals;

Segment segment(std::int64_t first_out, std::uint32_t stream) {
  Segment made;
  made.first_out = first_out;
  made.stream.index = stream;
  return made;
}

TEST(NackMap, FindsTheStretchThatANumberWasSentIn) {
  NackMap map;
  EXPECT_EQ(map.find(5), nullptr);
  map.begin_segment(segment(10, 1));
  map.begin_segment(segment(20, 2));

  EXPECT_EQ(map.find(9), nullptr);
  EXPECT_EQ(map.find(10)->stream.index, 1U);
  EXPECT_EQ(map.find(19)->stream.index, 1U);
  EXPECT_EQ(map.find(20)->stream.index, 2U);
  EXPECT_EQ(map.current()->stream.index, 2U);
}

TEST(NackMap, TheOldestStretchIsForgottenFirst) {
  NackMap map;
  for (std::uint32_t count = 0; count < NackMap::kSegmentsMax + 1; ++count) {
    map.begin_segment(segment(10 * count, count));
  }
  EXPECT_EQ(map.find(5), nullptr);
  EXPECT_EQ(map.find(15)->stream.index, 1U);
}

TEST(NackMap, KnowsWhatOfALogHasBeenSentUpToTheEndOfEachStretch) {
  NackMap map;
  Segment first = segment(10, 1);
  first.sequence_offset = -90;  // The log's 100 to 109.
  map.begin_segment(first);
  Segment second = segment(20, 2);
  second.sequence_offset = 20;  // The other log's 0 to 4.
  map.begin_segment(second);
  const auto has_sent = [&map](std::uint32_t stream, std::int64_t sequence) {
    return map.has_sent({.stream = {stream, 0}, .sequence = sequence}, 25);
  };
  EXPECT_TRUE(has_sent(1, 100));
  EXPECT_TRUE(has_sent(1, 109));
  EXPECT_FALSE(has_sent(1, 110));
  EXPECT_TRUE(has_sent(2, 4));
  EXPECT_FALSE(has_sent(2, 5));
  EXPECT_FALSE(has_sent(3, 0));
  EXPECT_FALSE(map.has_sent({.stream = {1, 0}, .epoch = 1, .sequence = 100}, 25));
}

TEST(NackMap, APacketMayBeSentAgainOncePerRoundTrip) {
  NackMap map;
  const Instant now{5s};
  EXPECT_TRUE(map.may_resend(now, 7, 100ms));
  EXPECT_FALSE(map.may_resend(now + 99ms, 7, 100ms));
  EXPECT_TRUE(map.may_resend(now + 50ms, 8, 100ms));
  EXPECT_TRUE(map.may_resend(now + 100ms, 7, 100ms));
}

}  // namespace
}  // namespace visavis::sfu
