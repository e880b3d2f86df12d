#include "socketio_host/timers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace visavis::socketio {
namespace {

constexpr Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

TEST(Timers, RingInTheOrderOfTheirTime) {
  Timers timers;
  std::string rung;
  timers.arm(at(20), [&] { rung += 'b'; });
  timers.arm(at(10), [&] { rung += 'a'; });
  timers.arm(at(30), [&] { rung += 'c'; });
  EXPECT_EQ(timers.next_timeout(), at(10));
  timers.handle_timeout(at(20));
  EXPECT_EQ(rung, "ab");
  EXPECT_EQ(timers.next_timeout(), at(30));
}

TEST(Timers, APeriodicOneRingsUntilItIsCancelledFromWithin) {
  Timers timers;
  int rung = 0;
  TimerId id(0);
  id = timers.arm(
      at(10),
      [&] {
        if (++rung == 3) {
          timers.cancel(id);
        }
      },
      std::chrono::milliseconds(10));
  for (int ms = 0; ms <= 100; ms += 10) {
    timers.handle_timeout(at(ms));
  }
  EXPECT_EQ(rung, 3);
  EXPECT_EQ(timers.next_timeout(), kNever);
}

TEST(Timers, OneCancelledByAnotherOfTheSameTimeDoesNotRing) {
  Timers timers;
  bool rung = false;
  TimerId second(0);
  timers.arm(at(10), [&] { timers.cancel(second); });
  second = timers.arm(at(10), [&] { rung = true; });
  timers.handle_timeout(at(10));
  EXPECT_FALSE(rung);
}

TEST(Timers, OneArmedForNowWaitsForTheNextCall) {
  Timers timers;
  int rung = 0;
  std::function<void()> again = [&] {
    ++rung;
    timers.arm(at(10), [&] { again(); });
  };
  timers.arm(at(10), [&] { again(); });
  timers.handle_timeout(at(10));
  EXPECT_EQ(rung, 1);
  timers.handle_timeout(at(10));
  EXPECT_EQ(rung, 2);
}

}  // namespace
}  // namespace visavis::socketio
