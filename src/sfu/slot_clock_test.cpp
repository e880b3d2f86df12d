#include "sfu/slot_clock.hpp"

#include <gtest/gtest.h>

#include "sfu/stream_clock.hpp"

namespace visavis::sfu {
namespace {

using namespace std::chrono_literals;

std::int32_t step(rtp::Timestamp from, rtp::Timestamp to) {
  return rtp::distance(from, to);
}

TEST(SlotClock, ARunIsSqueezedIntoAFrameAndItsHeadLandsOnTheLine) {
  SlotClock clock(rtp::MediaKind::kVideo, rtp::Timestamp(4'000'000'000));
  const TimestampMap map = clock.enter({rtp::Timestamp(0), rtp::Timestamp(180'000), Instant{50s}});

  EXPECT_EQ(map.map(rtp::Timestamp(180'000)), clock.timestamp_at(Instant{50s}));
  EXPECT_NEAR(step(map.map(rtp::Timestamp(0)), map.map(rtp::Timestamp(180'000))), 2970, 10);
  EXPECT_EQ(step(map.map(rtp::Timestamp(180'000)), map.map(rtp::Timestamp(183'000))), 3000);
}

TEST(SlotClock, AShortRunKeepsItsSteps) {
  SlotClock clock(rtp::MediaKind::kVideo, rtp::Timestamp(0));
  const TimestampMap map = clock.enter({rtp::Timestamp(100), rtp::Timestamp(2'100), Instant{50s}});
  EXPECT_EQ(step(map.map(rtp::Timestamp(100)), map.map(rtp::Timestamp(1'100))), 1'000);
}

TEST(SlotClock, NoTwoFramesOfARunFallTogether) {
  SlotClock clock(rtp::MediaKind::kVideo, rtp::Timestamp(0));
  clock.enter({rtp::Timestamp(0), rtp::Timestamp(0), Instant{50s}});
  clock.note_sent(clock.timestamp_at(Instant{50s}));

  const TimestampMap map = clock.enter({rtp::Timestamp(0), rtp::Timestamp(180'000), Instant{50s}});

  rtp::Timestamp before = clock.timestamp_at(Instant{50s});
  for (std::uint32_t in = 0; in <= 180'000; in += 1500) {
    EXPECT_GT(step(before, map.map(rtp::Timestamp(in))), 0) << in;
    before = map.map(rtp::Timestamp(in));
  }
  EXPECT_LT(step(clock.timestamp_at(Instant{50s}), before), 90 * 10);
}

TEST(SlotClock, TheLineDoesNotMoveWithWhatWasSent) {
  SlotClock clock(rtp::MediaKind::kVideo, rtp::Timestamp(7));
  clock.enter({rtp::Timestamp(0), rtp::Timestamp(0), Instant{50s}});
  const rtp::Timestamp later = clock.timestamp_at(Instant{60s});
  clock.note_sent(rtp::Timestamp(7 + 90'000));
  clock.enter({rtp::Timestamp(5), rtp::Timestamp(5), Instant{50s}});
  EXPECT_EQ(clock.timestamp_at(Instant{60s}), later);
}

TEST(SlotClock, ASlotThatWasIdleForADayGoesOn) {
  SlotClock clock(rtp::MediaKind::kVideo, rtp::Timestamp(7));
  clock.enter({rtp::Timestamp(0), rtp::Timestamp(0), Instant{50s}});
  clock.note_sent(clock.timestamp_at(Instant{50s}));
  for (const auto idle : {1h, 7h, 8h, 24h}) {
    const Instant now = Instant{50s} + idle;
    const TimestampMap map = clock.enter({rtp::Timestamp(0), rtp::Timestamp(90'000), now});
    EXPECT_EQ(map.map(rtp::Timestamp(90'000)), clock.timestamp_at(now));
  }
}

TEST(SlotClock, AudioLeavesRoomForThePacketBefore) {
  SlotClock clock(rtp::MediaKind::kAudio, rtp::Timestamp(7));
  clock.enter({rtp::Timestamp(0), rtp::Timestamp(0), Instant{50s}});
  const rtp::Timestamp sent = clock.timestamp_at(Instant{50s});
  clock.note_sent(sent);
  const TimestampMap map = clock.enter({rtp::Timestamp(9), rtp::Timestamp(9), Instant{50s} + 5ms});
  EXPECT_EQ(step(sent, map.map(rtp::Timestamp(9))), 960);
}

TEST(StreamClock, ArrivalServesBeforeTheFirstReport) {
  StreamClock clock(90'000);
  EXPECT_FALSE(clock.point().has_value());
  clock.handle_packet(Instant{10s}, rtp::Timestamp(1000));
  EXPECT_EQ(clock.time_of(rtp::Timestamp(1000 + 90'000)), Instant{11s});
  EXPECT_EQ(clock.timestamp_at(Instant{12s}), rtp::Timestamp(1000 + 180'000));
}

TEST(StreamClock, TheEarliestArrivalCounts) {
  StreamClock clock(90'000);
  clock.handle_packet(Instant{10s} + 50ms, rtp::Timestamp(0));
  clock.handle_packet(Instant{10s} + 40ms, rtp::Timestamp(2700));  // 40 ms earlier than expected.
  EXPECT_EQ(clock.time_of(rtp::Timestamp(2700)), Instant{10s} + 40ms);
  clock.handle_packet(Instant{10s} + 170ms, rtp::Timestamp(5400));  // 100 ms late.
  EXPECT_LT(clock.time_of(rtp::Timestamp(5400)) - (Instant{10s} + 70ms), 1ms);
}

TEST(StreamClock, AReportIsBelievedUnlessItMakesNoSense) {
  StreamClock clock(90'000);
  clock.handle_packet(Instant{10s}, rtp::Timestamp(0));
  clock.handle_sender_report(Instant{10s} - 80ms, rtp::Timestamp(0));
  EXPECT_EQ(clock.time_of(rtp::Timestamp(0)), Instant{10s} - 80ms);
  clock.handle_sender_report(Instant{10s} - 1h, rtp::Timestamp(0));
  EXPECT_FALSE(clock.has_report());
  EXPECT_EQ(clock.time_of(rtp::Timestamp(0)), Instant{10s});
}

TEST(StreamClock, TimestampsThatJumpBeginANewLine) {
  StreamClock clock(90'000);
  clock.handle_packet(Instant{10s}, rtp::Timestamp(0));
  for (const std::uint32_t timestamp : {900'000'000U, 5U}) {
    clock.handle_packet(Instant{20s}, rtp::Timestamp(timestamp));
    EXPECT_EQ(clock.time_of(rtp::Timestamp(timestamp)), Instant{20s});
  }
}

TEST(PublisherClock, TheQuickestReportTellsHowTheClocksLie) {
  PublisherClock clock;
  const auto ntp = [](Duration since) {
    return rtp::NtpTime{(std::uint64_t{99} << 32U) + rtp::ntp_time(Instant{since}).value};
  };
  clock.handle_sender_report(Instant{10s} + 30ms, ntp(0s));
  clock.handle_sender_report(Instant{11s} + 10ms, ntp(1s));
  EXPECT_LT(std::chrono::abs(*clock.to_server_time(ntp(2s)) - (Instant{12s} + 10ms)), 1ms);
  clock.handle_sender_report(Instant{12s} + 90ms, ntp(2s));
  EXPECT_LT(std::chrono::abs(*clock.to_server_time(ntp(3s)) - (Instant{13s} + 10ms)), 3ms);
  clock.handle_sender_report(Instant{60s}, ntp(3s));  // Its clock was set.
  EXPECT_LT(std::chrono::abs(*clock.to_server_time(ntp(3s)) - Instant{60s}), 1ms);
}

}  // namespace
}  // namespace visavis::sfu
