#include "net/paced_watch.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <vector>

#include "net/clock.hpp"

namespace visavis::net {
namespace {

using std::chrono::milliseconds;
using Found = PacedWatch::Found;

constexpr Duration kGap = milliseconds(200);

/// Bytes that come one by one, read as the watch asks.
class Reading : public testing::Test {
 protected:
  Reading() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    out_ = FileDescriptor(ends[0]);
    in_ = FileDescriptor(ends[1]);
    watch_.emplace(reactor_, out_.value(), kGap,
                   [this](Instant now, Duration waited) { return read(now, waited); });
    reactor_.turn(Duration::zero());
  }

  void come(int bytes) const {
    for (int i = 0; i < bytes; ++i) {
      EXPECT_EQ(::write(in_.value(), "x", 1), 1);
    }
  }

  /// Turns until it was read for the `times`-th time.
  void await(std::size_t times) {
    const Instant give_up = net::now() + std::chrono::seconds(10);
    while (reads_.size() < times && net::now() < give_up) {
      reactor_.turn(kGap);
    }
    ASSERT_GE(reads_.size(), times);
  }

  Found read(Instant now, Duration waited) {
    std::array<char, 4> bytes{};
    pollfd polled{.fd = out_.value(), .events = POLLIN, .revents = 0};
    const auto count = ::poll(&polled, 1, 0) == 1 ? ::read(out_.value(), bytes.data(), 4) : 0;
    reads_.push_back({.at = now, .waited = waited, .bytes = static_cast<int>(count)});
    if (count == 0) {
      return Found::kNothing;
    }
    return count == 4 ? Found::kMore : Found::kAll;
  }

  struct Once {
    Instant at;
    Duration waited{};
    int bytes = 0;
  };

  FileDescriptor out_;
  FileDescriptor in_;
  Reactor reactor_;
  std::vector<Once> reads_;
  std::optional<PacedWatch> watch_;
};

TEST_F(Reading, BeginsAtOnceAndThenWaitsForMore) {
  come(1);
  reactor_.turn(Duration::zero());
  ASSERT_EQ(reads_.size(), 1U);
  come(1);
  reactor_.turn(Duration::zero());
  come(1);
  reactor_.turn(Duration::zero());
  EXPECT_EQ(reads_.size(), 1U) << "the second wakes nobody";

  await(2);
  EXPECT_GE(reads_[1].at - reads_[0].at, kGap / 2);
  EXPECT_EQ(reads_[1].bytes, 2) << "together";
  EXPECT_EQ(reads_[0].waited, Duration::zero());
  EXPECT_EQ(reads_[1].waited, (reads_[1].at - reads_[0].at) / 2) << "each about half of it";
}

TEST_F(Reading, SleepsWhenNothingCameInAWhile) {
  come(1);
  await(2);
  EXPECT_EQ(reads_[1].bytes, 0);
  reactor_.turn(2 * kGap);
  EXPECT_EQ(reads_.size(), 2U) << "no timer is left";
  come(1);
  reactor_.turn(Duration::zero());
  EXPECT_EQ(reads_.size(), 3U) << "and what comes is read at once";
}

TEST_F(Reading, GoesOnWithTheNextTurnWhenThereIsTooMuch) {
  come(9);
  reactor_.turn(Duration::zero());
  EXPECT_EQ(reads_.size(), 1U) << "one reading a turn";
  reactor_.turn(kGap);
  EXPECT_EQ(reads_.size(), 2U);
  reactor_.turn(kGap);
  ASSERT_EQ(reads_.size(), 3U);
  EXPECT_EQ(reads_[2].bytes, 1);
  EXPECT_LT(reads_[2].at - reads_[0].at, kGap);
}

TEST_F(Reading, TakesAlongWhatIsDueSoonWhenTheThreadIsAwake) {
  watch_->catch_up(reactor_.now());
  EXPECT_TRUE(reads_.empty()) << "nothing has come";
  come(1);
  reactor_.turn(Duration::zero());
  come(1);
  watch_->catch_up(reads_[0].at);
  EXPECT_EQ(reads_.size(), 1U) << "too early";
  const Instant due = on_grid(reads_[0].at + (kGap / 2), kGap);
  watch_->catch_up(due - (kGap / 4));
  ASSERT_EQ(reads_.size(), 2U);
  come(1);
  await(3);
  EXPECT_GE(reads_[2].at, due + kGap) << "the next multiple, not the one that was near";
}

}  // namespace
}  // namespace visavis::net
