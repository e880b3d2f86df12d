#include "rtp/sequence.hpp"

#include <gtest/gtest.h>

namespace visavis::rtp {
namespace {

TEST(Sequence, IsNewerAcrossTheWrap) {
  EXPECT_TRUE(newer_than(SequenceNumber(0), SequenceNumber(65'535)));
  EXPECT_FALSE(newer_than(SequenceNumber(65'535), SequenceNumber(0)));
  EXPECT_FALSE(newer_than(SequenceNumber(7), SequenceNumber(7)));
  EXPECT_TRUE(newer_than(Timestamp(5), Timestamp(0xFFFF'FFFF)));
}

TEST(Sequence, HalfTheCircleAwayCountsAsOlder) {
  EXPECT_FALSE(newer_than(SequenceNumber(32'768), SequenceNumber(0)));
  EXPECT_FALSE(newer_than(SequenceNumber(0), SequenceNumber(32'768)));
}

TEST(Sequence, AdvancesOverTheWrapBothWays) {
  EXPECT_EQ(advance(SequenceNumber(65'535), 2), SequenceNumber(1));
  EXPECT_EQ(advance(SequenceNumber(0), -1), SequenceNumber(65'535));
}

TEST(SequenceUnwrapper, CountsOnOverManyWraps) {
  SequenceUnwrapper unwrapper;
  const std::int64_t first = unwrapper.unwrap(SequenceNumber(65'000));
  std::int64_t expected = first;
  for (int step = 0; step < 1'000; ++step) {
    expected += 1'000;
    EXPECT_EQ(unwrapper.unwrap(SequenceUnwrapper::wrap(expected)), expected);
  }
}

TEST(SequenceUnwrapper, PlacesLateNumbersBeforeTheNewest) {
  SequenceUnwrapper unwrapper;
  const std::int64_t newest = unwrapper.unwrap(SequenceNumber(2));
  EXPECT_EQ(unwrapper.unwrap(SequenceNumber(65'534)), newest - 4);
  EXPECT_EQ(unwrapper.unwrap(SequenceNumber(3)), newest + 1);
}

TEST(SequenceUnwrapper, StaysPositiveForNumbersBeforeTheFirst) {
  SequenceUnwrapper unwrapper;
  static_cast<void>(unwrapper.unwrap(SequenceNumber(0)));
  EXPECT_GT(unwrapper.unwrap(SequenceNumber(32'769)), 0);
}

}  // namespace
}  // namespace visavis::rtp
