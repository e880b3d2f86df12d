#include "net/mailbox.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>

namespace visavis::net {
namespace {

bool readable(int fd) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) == 1;
}

TEST(Mailbox, GivesMessagesInTheOrderInWhichTheyCame) {
  Mailbox<std::unique_ptr<int>> mailbox(10);
  ASSERT_TRUE(mailbox.put(std::make_unique<int>(1)));
  ASSERT_TRUE(mailbox.put(std::make_unique<int>(2)));
  EXPECT_EQ(*mailbox.take().value(), 1);
  EXPECT_EQ(*mailbox.take().value(), 2);
  EXPECT_FALSE(mailbox.take());
}

TEST(Mailbox, RefusesAndCountsWhatDoesNotFitAndLeavesItWithItsSender) {
  Mailbox<std::unique_ptr<int>> mailbox(1);
  ASSERT_TRUE(mailbox.put(std::make_unique<int>(1)));
  EXPECT_TRUE(mailbox.full());
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(mailbox.put(std::move(second)));
  EXPECT_NE(second, nullptr);  // NOLINT(bugprone-use-after-move): that is the promise.
  EXPECT_EQ(mailbox.refused(), 1U);
}

TEST(Mailbox, IsReadableWhileSomethingWaits) {
  Mailbox<int> mailbox(10);
  EXPECT_FALSE(readable(mailbox.fd()));
  ASSERT_TRUE(mailbox.put(1));
  ASSERT_TRUE(mailbox.put(2));
  EXPECT_TRUE(readable(mailbox.fd()));
  static_cast<void>(mailbox.take());
  EXPECT_TRUE(readable(mailbox.fd()));
  static_cast<void>(mailbox.take());
  EXPECT_FALSE(mailbox.take());
  EXPECT_FALSE(readable(mailbox.fd()));
  ASSERT_TRUE(mailbox.put(3));
  EXPECT_TRUE(readable(mailbox.fd()));
}

TEST(Mailbox, IsReadableForWhatWasPutForLaterOnlyOnceItsTakerIsWoken) {
  Mailbox<int> mailbox(10);
  mailbox.wake_taker();
  EXPECT_FALSE(readable(mailbox.fd()));
  ASSERT_TRUE(mailbox.put(1, Wake::kLater));
  EXPECT_FALSE(readable(mailbox.fd()));
  mailbox.wake_taker();
  EXPECT_TRUE(readable(mailbox.fd()));
  EXPECT_EQ(mailbox.take(), 1);
  EXPECT_FALSE(mailbox.take());
  EXPECT_FALSE(readable(mailbox.fd()));
}

TEST(Mailbox, WakesItsTakerForWhatIsUrgentThoughOtherThingsWaitForLater) {
  Mailbox<int> mailbox(10);
  ASSERT_TRUE(mailbox.put(1, Wake::kLater));
  ASSERT_TRUE(mailbox.put(2));
  EXPECT_TRUE(readable(mailbox.fd()));
  EXPECT_EQ(mailbox.take(), 1);
}

}  // namespace
}  // namespace visavis::net
