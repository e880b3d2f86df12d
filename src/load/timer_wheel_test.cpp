#include "load/timer_wheel.hpp"

#include <gtest/gtest.h>

namespace visavis::load {
namespace {

constexpr Instant kStart = Instant(std::chrono::seconds(100));

std::vector<std::size_t> ring(TimerWheel& wheel, Instant now) {
  std::vector<std::size_t> rung;
  wheel.advance(now, [&](std::size_t client) { rung.push_back(client); });
  return rung;
}

TEST(TimerWheel, RingsNoEarlierThanBookedAndHalfAMillisecondLaterAtMost) {
  TimerWheel wheel(kStart, 2);
  const Instant at = kStart + Duration(12'345);
  wheel.book(1, at);
  EXPECT_EQ(ring(wheel, at - Duration(1)), std::vector<std::size_t>());
  EXPECT_EQ(ring(wheel, at + TimerWheel::kTick), std::vector<std::size_t>{1});
  EXPECT_EQ(ring(wheel, at + std::chrono::seconds(10)), std::vector<std::size_t>());
}

TEST(TimerWheel, AnEarlierBookingReplacesALaterOne) {
  TimerWheel wheel(kStart, 1);
  wheel.book(0, kStart + std::chrono::milliseconds(500));
  wheel.book(0, kStart + std::chrono::milliseconds(20));
  EXPECT_EQ(wheel.next(), kStart + std::chrono::milliseconds(20));
  EXPECT_EQ(ring(wheel, kStart + std::chrono::milliseconds(900)).size(), 1U);
}

TEST(TimerWheel, ADeadlineBeyondTheHorizonRingsThere) {
  TimerWheel wheel(kStart, 1);
  wheel.book(0, kStart + std::chrono::hours(1));
  EXPECT_LE(wheel.next(), kStart + TimerWheel::kTicks * TimerWheel::kTick);
  EXPECT_EQ(ring(wheel, kStart + std::chrono::seconds(2)).size(), 1U);
}

TEST(TimerWheel, APassedDeadlineRingsAtTheNextTick) {
  TimerWheel wheel(kStart, 1);
  static_cast<void>(ring(wheel, kStart + std::chrono::seconds(5)));
  wheel.book(0, kStart);
  EXPECT_EQ(ring(wheel, kStart + std::chrono::seconds(5) + TimerWheel::kTick).size(), 1U);
}

TEST(TimerWheel, NobodyBookedIsNever) {
  TimerWheel wheel(kStart, 1);
  wheel.book(0, kNever);
  EXPECT_EQ(wheel.next(), kNever);
}

}  // namespace
}  // namespace visavis::load
