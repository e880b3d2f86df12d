#include "base/linked_deadlines.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

using std::chrono::seconds;

struct Sleeper : DeadlineLink {};

class LinkedDeadlinesTest : public testing::Test {
 protected:
  Instant start_{};
  Sleeper first_;
  Sleeper second_;
  LinkedDeadlines<Sleeper> queue_{seconds(5)};
};

TEST_F(LinkedDeadlinesTest, AnEmptyQueueWaitsForNothing) {
  EXPECT_EQ(queue_.next(), kNever);
  EXPECT_EQ(queue_.first(), nullptr);
  EXPECT_EQ(queue_.poll_expired(kNever), nullptr);
}

TEST_F(LinkedDeadlinesTest, ObjectsExpireInTheOrderOfArmingAndOnce) {
  queue_.arm(start_, first_);
  queue_.arm(start_ + seconds(1), second_);
  EXPECT_EQ(queue_.next(), start_ + seconds(5));
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(4)), nullptr);
  EXPECT_EQ(queue_.first(), &first_);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(6)), &first_);
  EXPECT_EQ(queue_.first(), &second_);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(6)), &second_);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(6)), nullptr);
}

TEST_F(LinkedDeadlinesTest, ARearmedObjectGoesToTheBack) {
  queue_.arm(start_, first_);
  queue_.arm(start_ + seconds(1), second_);
  queue_.rearm(start_ + seconds(2), first_);
  EXPECT_EQ(queue_.next(), start_ + seconds(6));
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(9)), &second_);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(9)), &first_);
}

TEST_F(LinkedDeadlinesTest, ACancelledObjectNeverExpires) {
  queue_.arm(start_, first_);
  queue_.arm(start_, second_);
  queue_.cancel(first_);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(9)), &second_);
  EXPECT_EQ(queue_.poll_expired(start_ + seconds(9)), nullptr);
}

TEST_F(LinkedDeadlinesTest, AnObjectGoesFromOneQueueToAnother) {
  LinkedDeadlines<Sleeper> other{seconds(1)};
  queue_.arm(start_, first_);
  queue_.cancel(first_);
  other.arm(start_, first_);
  EXPECT_EQ(queue_.next(), kNever);
  EXPECT_EQ(other.poll_expired(start_ + seconds(1)), &first_);
}

}  // namespace
}  // namespace visavis
