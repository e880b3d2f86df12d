#include "base/deadline_queue.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

using std::chrono::seconds;

class DeadlineQueueTest : public testing::Test {
 protected:
  Instant start_{};
  DeadlineQueue<int> queue_{seconds(5)};
};

TEST_F(DeadlineQueueTest, AnEmptyQueueWaitsForNothing) {
  EXPECT_EQ(queue_.next(), kNever);
  EXPECT_FALSE(queue_.poll_expired(start_ + seconds(100)));
}

TEST_F(DeadlineQueueTest, KeysExpireInTheOrderOfArmingAndOnce) {
  static_cast<void>(queue_.arm(start_, 1));
  static_cast<void>(queue_.arm(start_ + seconds(1), 2));
  EXPECT_EQ(queue_.next(), start_ + seconds(5));
  EXPECT_FALSE(queue_.poll_expired(start_ + seconds(4)));
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(6)), 1);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(6)), 2);
  EXPECT_FALSE(queue_.poll_expired(start_ + seconds(6)));
}

TEST_F(DeadlineQueueTest, ARearmedKeyGoesToTheBack) {
  const auto first = queue_.arm(start_, 1);
  static_cast<void>(queue_.arm(start_ + seconds(1), 2));
  queue_.rearm(start_ + seconds(2), first);
  EXPECT_EQ(queue_.next(), start_ + seconds(6));
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(9)), 2);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(9)), 1);
}

TEST_F(DeadlineQueueTest, ACancelledKeyNeverExpires) {
  const auto first = queue_.arm(start_, 1);
  queue_.cancel(first);
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_FALSE(queue_.poll_expired(start_ + seconds(9)));
}

}  // namespace
}  // namespace visavis
