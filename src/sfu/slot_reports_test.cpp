// The sender reports of a slot: when they leave, and the time line that they tell.

#include <gmock/gmock.h>

#include "rtp/sequence.hpp"
#include "sfu/test_swap.hpp"

namespace visavis::sfu {
namespace {

using testing::SizeIs;

class SlotReports : public SwapTest {};

TEST_F(SlotReports, ASenderReportFollowsASwapAtOnceAndThenEverySecond) {
  show_alice();
  alice_publishes(2);
  EXPECT_THAT(call.take(viewer).feedback<rtp::SenderReport>(), SizeIs(1));
  alice_publishes(45, 102);
  EXPECT_THAT(call.take(viewer).feedback<rtp::SenderReport>(), SizeIs(1));
  bob_publishes(5);
  call.take(viewer);

  show_bob();

  EXPECT_THAT(call.flush_and_take(viewer).feedback<rtp::SenderReport>(), SizeIs(1));
}

TEST_F(SlotReports, SenderReportsOfViewersThatBeganApartShareAWakeUp) {
  const auto reports_of = [this](RoutedPeer& peer) {
    return call.take(peer).feedback<rtp::SenderReport>().size();
  };
  RoutedPeer& dave = call.viewer(4);
  alice_publishes(1);
  show_alice();
  call.run(Slot::kReportGrid / 10);
  call.show(dave, 1, TestCall::video_of(1));
  call.run(1ms);
  EXPECT_EQ(reports_of(viewer), 1U) << "the first at once";
  EXPECT_EQ(reports_of(dave), 1U);
  const Instant end = call.now + 2 * Slot::kReportInterval;
  std::size_t both = 0;
  while (both == 0 && call.now < end) {
    call.run(Slot::kReportGrid);
    both = reports_of(viewer);
    EXPECT_EQ(reports_of(dave), both);
  }
  EXPECT_EQ(both, 1U);
}

TEST_F(SlotReports, ASenderReportCountsWhatWasSentAndCarriesTheCommonName) {
  show_alice();
  alice_publishes(40);

  const Sent sent = call.take(viewer);
  const auto reports = sent.feedback<rtp::SenderReport>();
  ASSERT_THAT(reports, SizeIs(2));
  EXPECT_EQ(reports[1].sender, rtp::Ssrc(TestCall::kVideoSlotSsrc));
  EXPECT_GE(reports[1].packets, 30U);
  EXPECT_EQ(reports[1].octets, reports[1].packets * sent.rtp[0].payload.size());
  const auto names = sent.feedback<rtp::Sdes>();
  ASSERT_THAT(names, SizeIs(2));
  EXPECT_EQ(names[0].ssrc, rtp::Ssrc(TestCall::kVideoSlotSsrc));
}

/// How far a report is off the line of another, in timestamp units.
std::int64_t off_line(const rtp::SenderReport& line, const rtp::SenderReport& report) {
  const Duration passed = rtp::ntp_difference(report.ntp, line.ntp);
  return rtp::distance(line.timestamp, report.timestamp) - (passed.count() * 90 / 1000);
}

TEST_F(SlotReports, OneLineBetweenServerTimeAndTimestampsHoldsOverSwaps) {
  std::vector<rtp::SenderReport> reports;
  const auto collect = [&] {
    for (const auto& report : call.take(viewer).feedback<rtp::SenderReport>()) {
      reports.push_back(report);
    }
  };
  show_alice();
  alice_publishes(50);
  collect();
  bob_publishes(20);
  show_bob();
  call.run(10ms);
  collect();
  alice_publishes(20, 150);
  show_alice();
  call.run(10ms);
  collect();

  ASSERT_GE(reports.size(), 4U);
  for (const auto& report : reports) {
    EXPECT_LT(std::abs(off_line(reports.front(), report)), 90 * 12);
  }
}

TEST_F(SlotReports, AfterThePublishersReportsTheSlotsReportsSayWhenItWasCaptured) {
  // Video arrives 80 ms after its capture, audio 10 ms after, by the publisher's reports.
  call.show(viewer, 0, TestCall::audio_of(1));
  show_alice();
  const rtp::NtpTime epoch{std::uint64_t{777} << 32U};
  const Instant begin = call.now;
  const auto ntp_at = [&](Instant at) {
    return rtp::NtpTime{epoch.value + rtp::ntp_time(Instant(at - begin)).value};
  };
  call.receive_opus(alice, 1, 48'000);
  call.receive_vp8(alice, {.sequence = 1, .timestamp = 90'000, .keyframe = true});
  call.receive_rtcp(alice, [&](rtp::RtcpWriter& writer) {
    rtp::SenderReport report{.sender = TestCall::audio_ssrc(alice),
                             .ntp = ntp_at(call.now),
                             .timestamp = rtp::Timestamp(48'000 + 480),
                             .blocks = {}};
    writer.sender_report(report);
    report.sender = TestCall::video_ssrc(alice);
    report.timestamp = rtp::Timestamp(90'000 + 7200);
    writer.sender_report(report);
  });
  call.run(10ms);
  call.take(viewer);
  call.receive_opus(alice, 2, 48'960);
  call.receive_vp8(alice, {.sequence = 2, .timestamp = 92'970});
  const Sent sent = call.flush_and_take(viewer);
  ASSERT_THAT(sent.rtp, SizeIs(2));
  call.run(1s);
  const auto reports = call.take(viewer).feedback<rtp::SenderReport>();
  ASSERT_THAT(reports, SizeIs(2));

  // The capture times that the viewer works out (RFC 3550 §6.4.1).
  const auto captured = [&](const SentRtp& packet, std::uint32_t rate) {
    for (const auto& report : reports) {
      if (report.sender == rtp::Ssrc(packet.ssrc)) {
        const auto units = rtp::distance(report.timestamp, rtp::Timestamp(packet.timestamp));
        return rtp::ntp_difference(report.ntp, rtp::ntp_time(Instant{})) + to_duration(units, rate);
      }
    }
    return Duration{};
  };
  const Duration audio = captured(sent.rtp[0], 48'000);
  const Duration video = captured(sent.rtp[1], 90'000);
  // By the reports: audio 2 was captured 10 ms after `begin`, video 2 47 ms before it.
  EXPECT_NEAR(static_cast<double>((audio - video).count()), 10'000 + 47'000, 200);
}

}  // namespace
}  // namespace visavis::sfu
