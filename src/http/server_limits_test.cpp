#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/random.hpp"
#include "http/server.hpp"
#include "http/test_host.hpp"

namespace visavis::http {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /now HTTP/1.1\r\nHost: h\r\n\r\n";

Limits small_limits() {
  Limits limits;
  limits.header_bytes_max = 256;
  limits.body_bytes_max = 100;
  limits.bodies_bytes_max = 150;
  limits.pipelined_bytes_max = 300;
  limits.unsent_bytes_pause = 50;
  limits.connections_max = 3;
  return limits;
}

class ServerLimitsTest : public testing::Test {
 protected:
  ServerLimitsTest() {
    server_.route("/now", [this](Instant now, RequestId id, const Request&) {
      ++requests_;
      server_.respond(now, id, text_response(200, "now"));
    });
    server_.route("/later", [this](Instant, RequestId id, const Request&) { parked_ = id; });
  }

  [[nodiscard]] std::string post(std::size_t size, std::string_view body = {}) const {
    return "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n" + std::string(body);
  }

  Instant now_{};
  Limits limits_ = small_limits();
  Server server_{limits_};
  TestHost host_{server_};
  int requests_ = 0;
  std::optional<RequestId> parked_;
};

TEST_F(ServerLimitsTest, OneConnectionTooManyIsDroppedAndCounted) {
  host_.open(now_);
  host_.open(now_);
  const ConnectionId third = host_.open(now_);
  const ConnectionId refused = host_.open(now_);
  EXPECT_TRUE(host_.peer(refused).at_once);
  EXPECT_EQ(server_.counters().connections_refused, 1U);
  host_.close(now_, third);
  EXPECT_FALSE(host_.closed(host_.open(now_)));
}

TEST_F(ServerLimitsTest, TooBigAHeaderIsAnsweredAndTheRestThrownAway) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "GET /now HTTP/1.1\r\nA: " + std::string(300, 'a'));
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 431 "));
  host_.send(now_, id, std::string(1000, 'a'));
  EXPECT_FALSE(host_.closed(id));
  now_ += limits_.close_timeout;
  host_.handle_timeout(now_);
  EXPECT_TRUE(host_.closed(id));
  EXPECT_EQ(server_.counters().headers_too_big, 1U);
}

TEST_F(ServerLimitsTest, AnEndlessRefusedBodyIsCutOff) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, post(1'000'000'000));
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 413 "));
  const std::string junk(1'000'000, 'x');
  for (int i = 0; i < 6 && !host_.closed(id); ++i) {
    host_.send(now_, id, junk);
  }
  EXPECT_TRUE(host_.peer(id).at_once);
  EXPECT_EQ(server_.counters().bodies_too_big, 1U);
}

TEST_F(ServerLimitsTest, ARouteMayTakeBiggerBodies) {
  server_.route(Route{.path_prefix = "/big",
                      .handle = [this](Instant, RequestId id, const Request&) { parked_ = id; },
                      .begin = {},
                      .body_bytes_max = 140});
  const ConnectionId id = host_.open(now_);
  host_.send(
      now_, id,
      "POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: 140\r\n\r\n" + std::string(140, 'b'));
  EXPECT_TRUE(parked_);
}

TEST_F(ServerLimitsTest, AllHalfReadBodiesTogetherAreLimited) {
  const ConnectionId first = host_.open(now_);
  const ConnectionId second = host_.open(now_);
  host_.send(now_, first, post(100, std::string(90, 'a')));
  host_.send(now_, second, post(100, std::string(90, 'a')));
  EXPECT_THAT(host_.take(second), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(server_.counters().bodies_refused, 1U);
  host_.close(now_, first);  // its bytes are free again
  const ConnectionId third = host_.open(now_);
  host_.send(now_, third, post(100, std::string(100, 'a')));
  EXPECT_TRUE(parked_);
}

TEST_F(ServerLimitsTest, TooMuchBehindAnUnansweredRequestEndsTheConnection) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  host_.send(now_, id, std::string(299, 'x'));
  EXPECT_FALSE(host_.closed(id));
  host_.send(now_, id, "xx");
  EXPECT_TRUE(host_.closed(id));
  EXPECT_EQ(server_.counters().pipelined_too_much, 1U);
}

TEST_F(ServerLimitsTest, WhoDoesNotReadAnswersGetsNoMoreOfThem) {
  const ConnectionId id = host_.open(now_);
  host_.hold_up(id);
  host_.send(now_, id, std::string(kGet) + std::string(kGet) + std::string(kGet));
  EXPECT_EQ(requests_, 1);
  host_.let_go(now_, id);
  EXPECT_EQ(requests_, 3);
}

TEST_F(ServerLimitsTest, AnAnswerThatDoesNotLeaveIsGivenUp) {
  const ConnectionId id = host_.open(now_);
  host_.hold_up(id);
  host_.send(now_, id, kGet);
  now_ += limits_.stall_timeout;
  host_.handle_timeout(now_);
  EXPECT_TRUE(host_.peer(id).at_once);
  EXPECT_EQ(server_.counters().stalled, 1U);
}

TEST_F(ServerLimitsTest, ProgressKeepsASlowReaderAlive) {
  const ConnectionId id = host_.open(now_);
  host_.hold_up(id);
  host_.send(now_, id, kGet);
  for (int i = 0; i < 5; ++i) {
    now_ += limits_.stall_timeout / 2;
    server_.handle_sent(now_, id, 1);
    host_.handle_timeout(now_);
  }
  EXPECT_FALSE(host_.closed(id));
}

TEST_F(ServerLimitsTest, TheLastBytesOfAClosingConnectionHaveAsLongAsTheyGoOnLeaving) {
  const ConnectionId id(1);
  server_.handle_open(now_, id, {IpAddress::v4(0x7F000001), 1}, false);
  server_.handle_bytes(now_, id,
                       as_bytes("GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  const auto told = server_.poll_output();
  ASSERT_TRUE(told && told->then_close && !told->at_once);
  for (int i = 0; i < 5; ++i) {
    now_ += limits_.close_timeout - seconds(1);
    server_.handle_timeout(now_);
    EXPECT_FALSE(server_.poll_output());
    server_.handle_sent(now_, id, 1);
  }
  now_ += limits_.close_timeout;
  server_.handle_timeout(now_);
  const auto dropped = server_.poll_output();
  EXPECT_TRUE(dropped && dropped->at_once);
}

TEST_F(ServerLimitsTest, ASilentConnectionIsClosed) {
  const ConnectionId id = host_.open(now_);
  EXPECT_EQ(server_.next_timeout(), now_ + limits_.header_timeout);
  host_.handle_timeout(now_ + limits_.header_timeout);
  EXPECT_TRUE(host_.closed(id));
  EXPECT_EQ(host_.take(id), "");
}

TEST_F(ServerLimitsTest, ASlowHeaderGets408HoweverSteadilyItDrips) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "GET /now HTTP/1.1\r\n");
  for (int i = 0; i < 12; ++i) {
    now_ += seconds(1);
    host_.send(now_, id, "A: b\r\n");
    host_.handle_timeout(now_);
  }
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(server_.counters().header_timeouts, 1U);
}

TEST_F(ServerLimitsTest, ASlowBodyGets408) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, post(10, "abc"));
  EXPECT_EQ(server_.next_timeout(), now_ + limits_.body_timeout);
  now_ += limits_.body_timeout;
  host_.handle_timeout(now_);
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(server_.counters().body_timeouts, 1U);
}

TEST_F(ServerLimitsTest, AnIdleConnectionIsClosedQuietly) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGet);
  host_.take(id);
  now_ += limits_.idle_timeout;
  host_.handle_timeout(now_);
  EXPECT_TRUE(host_.closed(id));
  EXPECT_EQ(host_.take(id), "");
}

TEST_F(ServerLimitsTest, AParkedRequestWaitsAsLongAsItsHandlerLikes) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(server_.next_timeout(), kNever);
  EXPECT_FALSE(host_.closed(id));
}

TEST_F(ServerLimitsTest, AnUpgradeThatNobodyAnswersIsClosedAfterASecond) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id,
             "GET /later HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  now_ += std::chrono::milliseconds(999);
  host_.handle_timeout(now_);
  EXPECT_FALSE(host_.closed(id));
  now_ += std::chrono::milliseconds(1);
  host_.handle_timeout(now_);
  EXPECT_TRUE(host_.closed(id));
  EXPECT_EQ(server_.counters().upgrades_unanswered, 1U);
}

TEST_F(ServerLimitsTest, AnUpgradeThatIsAnsweredInTimeIsARequestLikeAnother) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id,
             "GET /now HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 200 "));
  now_ += seconds(2);
  host_.handle_timeout(now_);
  EXPECT_FALSE(host_.closed(id));
}

TEST_F(ServerLimitsTest, WhatMightSmuggleARequestGets400IsCountedAndWhatFollowsIsNoRequest) {
  std::uint64_t refused = 0;
  for (const std::string_view framing :
       {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n",
        "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\n\n", "Content-Length: 0\n\n"}) {
    const ConnectionId id = host_.open(now_);
    const std::string post = "POST /now HTTP/1.1\r\nHost: h\r\n" + std::string(framing);
    host_.send(now_, id, as_bytes(post + std::string(kGet)));
    EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 400 ")) << framing;
    EXPECT_EQ(requests_, 0) << framing;
    EXPECT_EQ(server_.counters().bad_requests, ++refused) << framing;
    host_.close(now_, id);
  }
}

TEST_F(ServerLimitsTest, GarbageIsAnsweredOnceAndBringsNothingDown) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const ConnectionId id = host_.open(now_);
    for (int piece = 0; piece < 5 && !host_.closed(id); ++piece) {
      Buffer junk(random.next() % 200);
      for (std::byte& byte : junk) {
        byte = static_cast<std::byte>(random.next() & 0xFFU);
      }
      host_.send(now_, id, Bytes(junk));
    }
    host_.close(now_, id);
  }
  EXPECT_EQ(server_.connections(), 0U);
  EXPECT_EQ(server_.next_timeout(), kNever);
  EXPECT_EQ(requests_, 0);
}

}  // namespace
}  // namespace visavis::http
