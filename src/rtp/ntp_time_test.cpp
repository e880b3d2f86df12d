#include "rtp/ntp_time.hpp"

#include <gtest/gtest.h>

namespace visavis::rtp {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(NtpTime, HoldsSecondsHighAndTheirFractionLow) {
  EXPECT_EQ(ntp_time(Instant(milliseconds(1'500))).value, 0x1'8000'0000U);
  EXPECT_EQ(ntp_time(Instant(milliseconds(1'500))).middle(), 0x1'8000U);
}

TEST(NtpTime, GivesBackDifferencesToTheMicrosecond) {
  const Instant at(hours(5) + microseconds(123'457));
  for (const Duration difference :
       {Duration(0), Duration(1), Duration(999'999), Duration(7'000'001)}) {
    EXPECT_EQ(ntp_difference(ntp_time(at + difference), ntp_time(at)), difference);
    EXPECT_NEAR(
        static_cast<double>(ntp_difference(ntp_time(at), ntp_time(at + difference)).count()),
        static_cast<double>(-difference.count()), 1);
  }
}

TEST(NtpTime, ShortFormCountsIn65536thsAndSaturates) {
  EXPECT_EQ(to_short_ntp(milliseconds(500)), 0x8000U);
  EXPECT_EQ(to_short_ntp(milliseconds(-1)), 0U);
  EXPECT_EQ(to_short_ntp(hours(1'000'000)), 0xFFFF'FFFFU);
  EXPECT_EQ(from_short_ntp(0x1'8000), milliseconds(1'500));
}

}  // namespace
}  // namespace visavis::rtp
