#include <gtest/gtest.h>

#include "engineio/server.hpp"
#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Options with_mark(HighWaterPolicy policy) {
  Options options = TestServer::quick_options();
  options.high_water_bytes = 1000;
  options.high_water_policy = policy;
  return options;
}

/// A session on WebSocket whose client reads nothing.
class BackPressureTest : public testing::Test {
 protected:
  void begin(HighWaterPolicy policy) {
    test_.emplace(with_mark(policy));
    socket_ = test_->open_socket();
    test_->host().settle(test_->now);
    test_->take_log();
    test_->host().hold_up(socket_);
  }
  void send(std::size_t size, bool volatile_message = false) {
    test_->server().send(test_->now, test_->sessions[0], text_message(std::string(size, 'x')),
                         {.volatile_message = volatile_message});
  }
  [[nodiscard]] std::size_t buffered() {
    return test_->server().buffered_bytes(test_->sessions[0]);
  }

  std::optional<TestServer> test_;
  http::ConnectionId socket_;
};

TEST_F(BackPressureTest, TheOwnerHearsOnceThatTooMuchWaitsAndThenThatItHasLeft) {
  begin(HighWaterPolicy::kTell);
  send(600);
  send(600);
  send(600);
  EXPECT_EQ(test_->take_log(), "");  // not from within `send`
  EXPECT_EQ(test_->server().next_timeout(), test_->now);
  test_->sleep(Duration::zero());
  EXPECT_EQ(test_->take_log(), "high water " + std::to_string(buffered()));
  const int drained = test_->drained;
  test_->host().let_go(test_->now, socket_);
  EXPECT_EQ(test_->drained, drained + 1);
  test_->host().hold_up(socket_);
  send(1001);
  test_->sleep(Duration::zero());
  EXPECT_TRUE(test_->take_log().starts_with("high water "));
  EXPECT_EQ(test_->server().counters().high_waters, 2U);
}

TEST_F(BackPressureTest, WhatHasDrainedBeforeItWasToldIsNotTold) {
  begin(HighWaterPolicy::kTell);
  send(2000);
  test_->host().settle(test_->now);
  test_->host().let_go(test_->now, socket_);
  test_->sleep(Duration::zero());
  EXPECT_EQ(test_->take_log(), "");
}

TEST_F(BackPressureTest, VolatileMessagesMayWaitBelowTheMarkAndAreDroppedAboveIt) {
  begin(HighWaterPolicy::kDropVolatile);
  send(600);
  const std::size_t before = buffered();
  send(600, true);
  EXPECT_GT(buffered(), before);
  const std::size_t above = buffered();
  send(10, true);
  EXPECT_EQ(buffered(), above);
  EXPECT_EQ(test_->server().counters().volatile_dropped, 1U);
}

TEST_F(BackPressureTest, ASessionAboveTheMarkIsClosedWhereThatIsThePolicy) {
  begin(HighWaterPolicy::kClose);
  send(600);
  send(600);
  test_->sleep(Duration::zero());
  EXPECT_EQ(test_->take_log().substr(0, 11), "high water ");
  EXPECT_TRUE(test_->host().closed(socket_));
  EXPECT_EQ(test_->server().sessions(), 0U);
  EXPECT_EQ(test_->server().counters().overflows, 1U);
}

TEST_F(BackPressureTest, APollingClientThatComesLateIsToldOfToo) {
  test_.emplace(with_mark(HighWaterPolicy::kTell));
  const std::string sid = test_->open_polling();
  test_->take_log();
  send(1200);
  test_->sleep(Duration::zero());
  EXPECT_TRUE(test_->take_log().starts_with("high water "));
  const int drained = test_->drained;
  test_->poll(sid);
  EXPECT_EQ(test_->drained, drained + 1);
  EXPECT_EQ(buffered(), 0U);
}

TEST(StagedShutDownTest, SessionsLeaveEvenlyOverTheWindowInTheOrderTheyCame) {
  Options options;  // no heartbeat within the test
  TestServer test(options);
  for (int i = 0; i < 4; ++i) {
    test.open_socket();
  }
  test.server().shut_down(test.now, milliseconds(400));
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 503U);
  for (std::size_t left = 3; left > 0; --left) {
    EXPECT_EQ(test.server().sessions(), left);
    EXPECT_EQ(test.server().handshake(test.sessions.at(3 - left)), nullptr);
    test.sleep(milliseconds(99));
    EXPECT_EQ(test.server().sessions(), left);
    test.sleep(milliseconds(1));
  }
  EXPECT_EQ(test.server().sessions(), 0U);
  EXPECT_EQ(test.take_log().find("transport"), std::string::npos);
}

TEST(StagedShutDownTest, WhoLeavesByHimselfIsNotWaitedForAndASecondCallHurries) {
  TestServer test{Options()};
  const http::ConnectionId first = test.open_socket();
  const http::ConnectionId second = test.open_socket();
  test.open_socket();
  test.server().shut_down(test.now, seconds(10));
  EXPECT_EQ(test.server().sessions(), 2U);
  test.host().close(test.now, first);
  test.host().close(test.now, second);
  EXPECT_EQ(test.server().sessions(), 1U);
  test.server().shut_down(test.now);
  EXPECT_EQ(test.server().sessions(), 0U);
  EXPECT_EQ(test.server().next_timeout(), test.now + seconds(3));  // close frames are awaited
}

}  // namespace
}  // namespace visavis::engineio
