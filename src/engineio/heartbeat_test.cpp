#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using std::chrono::milliseconds;
using Frames = std::vector<std::string>;

const Answer kSessionUnknown{400, {}, R"({"code":1,"message":"Session ID unknown"})"};

class HeartbeatTest : public testing::Test {
 protected:
  TestServer test_;
};

TEST_F(HeartbeatTest, AClientThatAnswersStaysForAnHour) {
  const std::string sid = test_.open_polling();
  for (Duration passed{}; passed < std::chrono::hours(1); passed += milliseconds(300)) {
    const http::ConnectionId parked = test_.park(sid);
    test_.sleep(milliseconds(300));
    ASSERT_EQ(test_.answer(parked), ok("2"));
    ASSERT_EQ(test_.post(sid, "3"), ok("ok"));
  }
  EXPECT_EQ(test_.take_log(), "open polling");
}

TEST_F(HeartbeatTest, ASilentPollingClientIsToldAndClosed) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.server().next_timeout(), test_.now + milliseconds(300));
  const http::ConnectionId first = test_.park(sid);
  test_.sleep(milliseconds(300));
  EXPECT_EQ(test_.answer(first), ok("2"));
  const http::ConnectionId second = test_.park(sid);
  test_.sleep(milliseconds(199));
  EXPECT_EQ(test_.answer(second).status, 0U);
  test_.sleep(milliseconds(1));
  EXPECT_EQ(test_.answer(second), ok("1"));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close ping timeout");
  EXPECT_EQ(test_.server().counters().ping_timeouts, 1U);
}

TEST_F(HeartbeatTest, ASilentSocketIsClosed) {
  const http::ConnectionId socket = test_.open_socket();
  test_.frames(socket);
  test_.sleep(milliseconds(499));
  EXPECT_EQ(test_.frames(socket), Frames{"2"});
  test_.sleep(milliseconds(1));
  EXPECT_EQ(test_.frames(socket), Frames{"C"});
  EXPECT_EQ(test_.take_log(), "open websocket, close ping timeout");
}

TEST(HeartbeatBatchTest, PingsOfAboutTheSameTimeLeaveTogether) {
  Options options = TestServer::quick_options();
  options.ping_interval = milliseconds(2500);
  options.ping_batch = milliseconds(50);
  TestServer test(options);
  const http::ConnectionId early = test.open_socket();
  test.sleep(milliseconds(10));
  const http::ConnectionId late = test.open_socket();
  test.frames(early);
  test.frames(late);
  const Instant due = test.server().next_timeout();
  EXPECT_EQ(due.time_since_epoch() % milliseconds(50), Duration::zero());
  test.sleep(due - test.now + milliseconds(50));
  EXPECT_EQ(test.frames(early), Frames{"2"});
  EXPECT_EQ(test.frames(late), Frames{"2"});
}

TEST(HeartbeatBatchTest, ABatchIsNeverMoreThanAFiftiethOfTheInterval) {
  Options options = TestServer::quick_options();
  options.ping_interval = milliseconds(300);
  options.ping_batch = milliseconds(500);
  TestServer test(options);
  test.sleep(milliseconds(1));
  const http::ConnectionId socket = test.open_socket();
  const Instant opened = test.now;
  test.frames(socket);
  EXPECT_LE(test.server().next_timeout(), opened + milliseconds(306));
  test.sleep(milliseconds(306));
  EXPECT_EQ(test.frames(socket), Frames{"2"});
}

TEST(HeartbeatBatchTest, ATurnSendsNotMoreThanAFewDozenPingsAndTheNextOneTheRest) {
  TestServer test(TestServer::quick_options());
  std::vector<http::ConnectionId> sockets;
  for (int i = 0; i < 100; ++i) {
    sockets.push_back(test.open_socket());
    test.frames(sockets.back());
  }
  const auto pinged_by_one_turn = [&] {
    test.server().handle_timeout(test.now);
    test.host().settle(test.now);
    return std::ranges::count_if(sockets, [&](auto id) { return !test.frames(id).empty(); });
  };
  test.now = test.server().next_timeout();
  EXPECT_EQ(pinged_by_one_turn(), 64);
  EXPECT_LE(test.server().next_timeout(), test.now);
  EXPECT_EQ(pinged_by_one_turn(), 36);
}

TEST_F(HeartbeatTest, AnotherPacketProvesLifeOnce) {
  const http::ConnectionId socket = test_.open_socket();
  test_.frames(socket);
  test_.sleep(milliseconds(450));
  test_.say(socket, "4a");
  test_.sleep(milliseconds(199));
  test_.say(socket, "4b");  // no second time
  EXPECT_EQ(test_.take_log(), "open websocket");
  test_.sleep(milliseconds(1));
  EXPECT_EQ(test_.take_log(), "close ping timeout");
}

TEST_F(HeartbeatTest, APongStartsTheIntervalAnew) {
  const http::ConnectionId socket = test_.open_socket();
  test_.frames(socket);
  test_.sleep(milliseconds(200));
  test_.say(socket, "3");  // unasked
  test_.sleep(milliseconds(299));
  EXPECT_EQ(test_.frames(socket), Frames{});
  test_.sleep(milliseconds(1));
  EXPECT_EQ(test_.frames(socket), Frames{"2"});
  test_.sleep(milliseconds(100));
  test_.say(socket, "3");
  test_.sleep(milliseconds(300));
  EXPECT_EQ(test_.frames(socket), Frames{"2"});
}

TEST_F(HeartbeatTest, APingSentBeforeAnUpgradeIsStillDue) {
  const std::string sid = test_.open_polling();
  test_.sleep(milliseconds(300));
  EXPECT_EQ(test_.poll(sid), ok("2"));
  const http::ConnectionId socket = test_.open_socket(sid);
  test_.say(socket, "2probe");
  test_.say(socket, "5");
  test_.sleep(milliseconds(200));
  EXPECT_EQ(test_.take_log(), "open polling, close ping timeout");
}

TEST_F(HeartbeatTest, ThousandsOfSessionsArePingedInTheirOrder) {
  std::vector<http::ConnectionId> sockets;
  for (int i = 0; i < 2000; ++i) {
    sockets.push_back(test_.open_socket());
    test_.frames(sockets.back());
    test_.sleep(std::chrono::microseconds(100));
  }
  test_.sleep(milliseconds(200));  // the first half has reached its 300 ms
  EXPECT_EQ(test_.frames(sockets.front()), Frames{"2"});
  EXPECT_EQ(test_.frames(sockets[1000]), Frames{"2"});
  EXPECT_EQ(test_.frames(sockets[1100]), Frames{});
}

}  // namespace
}  // namespace visavis::engineio
