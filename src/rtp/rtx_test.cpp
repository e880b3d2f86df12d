#include "rtp/rtx.hpp"

#include <gtest/gtest.h>

namespace visavis::rtp {
namespace {

TEST(Rtx, CarriesTheOriginalNumberBeforeThePayload) {
  const auto rtx =
      parse_rtx(as_bytes("\x12\x34"
                         "frame"));
  ASSERT_TRUE(rtx);
  EXPECT_EQ(rtx->original, SequenceNumber(0x1234));
  EXPECT_EQ(as_text(rtx->payload), "frame");
}

TEST(Rtx, WithoutAPayloadIsNothing) {
  EXPECT_FALSE(parse_rtx({}));
  EXPECT_FALSE(parse_rtx(as_bytes("a")));
  EXPECT_FALSE(parse_rtx(as_bytes("ab")));
}

}  // namespace
}  // namespace visavis::rtp
