#include "rtp/reception_stats.hpp"

#include <gtest/gtest.h>

namespace visavis::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{seconds(10)};
constexpr std::uint32_t kRate = 90'000;

void receive(ReceptionStats& stats, int index) {
  stats.handle_packet(kStart + milliseconds(10 * index),
                      SequenceNumber(static_cast<std::uint16_t>(65'530 + index)),
                      Timestamp(static_cast<std::uint32_t>(900 * index)));
}

TEST(ReceptionStats, TellNothingBeforeTheFirstPacket) {
  ReceptionStats stats(Ssrc(5), kRate);
  EXPECT_TRUE(stats.empty());
  EXPECT_EQ(stats.make_block(kStart), ReportBlock{.ssrc = Ssrc(5)});
}

TEST(ReceptionStats, CountLossSinceTheReportBefore) {
  ReceptionStats stats(Ssrc(5), kRate);
  for (int index = 0; index < 20; ++index) {
    if (index % 4 != 1) {
      receive(stats, index);
    }
  }
  const ReportBlock first = stats.make_block(kStart);
  EXPECT_EQ(first.cumulative_lost, 5);
  EXPECT_EQ(first.fraction_lost, 64);  // A quarter of 256.
  EXPECT_EQ(first.highest_sequence, 65'530U + 19U);
  for (int index = 20; index < 40; ++index) {
    receive(stats, index);
  }
  const ReportBlock second = stats.make_block(kStart);
  EXPECT_EQ(second.cumulative_lost, 5);
  EXPECT_EQ(second.fraction_lost, 0);
}

TEST(ReceptionStats, DuplicatesMakeTheLossNegative) {
  ReceptionStats stats(Ssrc(5), kRate);
  receive(stats, 0);
  receive(stats, 1);
  receive(stats, 1);
  const ReportBlock block = stats.make_block(kStart);
  EXPECT_EQ(block.cumulative_lost, -1);
  EXPECT_EQ(block.fraction_lost, 0);
}

TEST(ReceptionStats, JitterIsZeroWhenArrivalKeepsTheTimestamps) {
  ReceptionStats stats(Ssrc(5), kRate);
  for (int index = 0; index < 50; ++index) {
    receive(stats, index);
  }
  EXPECT_EQ(stats.make_block(kStart).jitter, 0U);
}

TEST(ReceptionStats, JitterApproachesTheMeanDeviation) {
  ReceptionStats stats(Ssrc(5), kRate);
  for (int index = 0; index < 500; ++index) {
    const auto late = milliseconds(index % 2 == 0 ? 0 : 4);
    stats.handle_packet(kStart + milliseconds(10 * index) + late,
                        SequenceNumber(static_cast<std::uint16_t>(index)),
                        Timestamp(static_cast<std::uint32_t>(900 * index)));
  }
  EXPECT_NEAR(stats.make_block(kStart).jitter, 360, 5);
}

TEST(ReceptionStats, RememberWhenTheSenderReportCame) {
  ReceptionStats stats(Ssrc(5), kRate);
  receive(stats, 0);
  stats.handle_sender_report(kStart, NtpTime{0x1111'2222'3333'4444});
  const ReportBlock block = stats.make_block(kStart + milliseconds(500));
  EXPECT_EQ(block.last_sender_report, 0x2222'3333U);
  EXPECT_EQ(block.delay_since_sender_report, 0x8000U);
}

}  // namespace
}  // namespace visavis::rtp
