#include "http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "http/test_host.hpp"

namespace visavis::http {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /now HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kGetLater = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n";

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    server_.route("/now", [this](Instant now, RequestId id, const Request& request) {
      server_.respond(now, id,
                      text_response(200, request.method + " " + std::string(request.path())));
    });
    server_.route("/later", [this](Instant /*now*/, RequestId id, Request request) {
      parked_ = id;
      request_ = std::move(request);
      server_.on_abort(id, [this](Instant) { ++aborted_; });
    });
  }

  Instant now_{};
  Server server_;
  TestHost host_{server_};
  std::optional<RequestId> parked_;
  Request request_;
  int aborted_ = 0;
};

TEST_F(ServerTest, AnswersARequestAndKeepsTheConnection) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGet);
  EXPECT_EQ(host_.take(id),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 8\r\n\r\nGET /now");
  host_.send(now_, id, kGet);
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(host_.closed(id));
}

TEST_F(ServerTest, AnswersHeadWithTheLengthAndNoBody) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "HEAD /now HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(host_.take(id), EndsWith("Content-Length: 9\r\n\r\n"));
}

TEST_F(ServerTest, TheLongestPrefixWinsAndWithoutOneItIs404) {
  server_.route("/", [this](Instant now, RequestId id, const Request&) {
    server_.respond(now, id, text_response(200, "root"));
  });
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGet);
  EXPECT_THAT(host_.take(id), EndsWith("GET /now"));
  host_.send(now_, id, "GET /else HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(host_.take(id), EndsWith("root"));

  Server bare;
  TestHost host(bare);
  const ConnectionId other = host.open(now_);
  host.send(now_, other, kGet);
  EXPECT_THAT(host.take(other), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_FALSE(host.closed(other));
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInTheirOrder) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, std::string(kGetLater) + std::string(kGet) + std::string(kGet));
  EXPECT_EQ(host_.take(id), "");
  server_.respond(now_, *parked_, text_response(200, "first"));
  host_.settle(now_);
  const std::string received = host_.take(id);
  EXPECT_LT(received.find("first"), received.find("GET /now"));
  EXPECT_NE(received.find("GET /now"), received.rfind("GET /now"));
}

TEST_F(ServerTest, WhatStandsBehindARequestIsHandledWhenItsAnswerHasLeftAndNotWithinTheAnswering) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, std::string(kGetLater) + std::string(kGet));
  server_.respond(now_, *parked_, text_response(200, "first"));
  EXPECT_EQ(server_.counters().requests, 1U);
  host_.settle(now_);
  EXPECT_EQ(server_.counters().requests, 2U);
}

TEST_F(ServerTest, HandsTheBodyOver) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_FALSE(parked_);
  host_.send(now_, id, "llo");
  ASSERT_TRUE(parked_);
  EXPECT_EQ(as_text(request_.body), "hello");
  EXPECT_EQ(request_.remote.port, 50'000);
}

TEST_F(ServerTest, TellsAClientThatWaitsToGoOn) {
  const ConnectionId id = host_.open(now_);
  host_.send(
      now_, id,
      "POST /later HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(host_.take(id), "HTTP/1.1 100 Continue\r\n\r\n");
  host_.send(now_, id, "x");
  EXPECT_TRUE(parked_);
}

TEST_F(ServerTest, ClosesWhenTheClientOrTheHandlerAsksForIt) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(host_.take(id), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(host_.closed(id));

  const ConnectionId other = host_.open(now_);
  host_.send(now_, other, kGetLater);
  Response response = text_response(200, "bye");
  response.headers.add("connection", "close");
  server_.respond(now_, *parked_, std::move(response));
  host_.settle(now_);
  EXPECT_THAT(host_.take(other), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(host_.closed(other));
}

TEST_F(ServerTest, AnOldClientHasToAskForALastingConnection) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(host_.take(id), HasSubstr("\r\nConnection: keep-alive\r\n"));
  host_.send(now_, id, "GET /now HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(host_.closed(id));
}

TEST_F(ServerTest, EmptyLinesBeforeARequestAreSkipped) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "\r\n\r\n" + std::string(kGet));
  EXPECT_THAT(host_.take(id), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, AnswersWithoutBodySayNoLength) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGetLater);
  server_.respond(now_, *parked_, {.status = 204, .headers = {}, .body = {}});
  host_.settle(now_);
  EXPECT_EQ(host_.take(id), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ServerTest, ALineBreakInAValueBeginsNoField) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGetLater);
  Response response;
  response.headers.add("A", "b\r\nSet-Cookie: c");
  server_.respond(now_, *parked_, std::move(response));
  host_.settle(now_);
  EXPECT_THAT(host_.take(id), HasSubstr("A: bSet-Cookie: c\r\n"));
}

TEST_F(ServerTest, AParkedRequestHearsThatItsClientLeft) {
  const ConnectionId finished = host_.open(now_);
  host_.send(now_, finished, kGetLater);
  host_.finish(now_, finished);
  EXPECT_EQ(aborted_, 1);
  EXPECT_TRUE(host_.closed(finished));

  const ConnectionId reset = host_.open(now_);
  host_.send(now_, reset, kGetLater);
  host_.close(now_, reset);
  EXPECT_EQ(aborted_, 2);
  EXPECT_EQ(server_.counters().aborted, 2U);
  server_.respond(now_, *parked_, text_response(200, "too late"));  // nobody there: ignored
  EXPECT_FALSE(server_.poll_output());
}

TEST_F(ServerTest, AnAnsweredRequestHearsNothingMore) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGetLater);
  EXPECT_TRUE(server_.is_open(*parked_));
  server_.respond(now_, *parked_, text_response(200, "once"));
  server_.respond(now_, *parked_, text_response(200, "twice"));
  EXPECT_FALSE(server_.is_open(*parked_));
  host_.settle(now_);
  host_.close(now_, id);
  EXPECT_EQ(aborted_, 0);
  EXPECT_THAT(host_.take(id), Not(HasSubstr("twice")));
}

TEST_F(ServerTest, AClientThatFinishedAfterItsRequestStillGetsTheAnswer) {
  const ConnectionId id = host_.open(now_);
  host_.hold_up(id);
  host_.send(now_, id, kGet);
  server_.handle_end(now_, id);
  host_.settle(now_);
  EXPECT_THAT(host_.take(id), EndsWith("GET /now"));
  EXPECT_TRUE(host_.closed(id));
  EXPECT_FALSE(host_.peer(id).at_once);
}

TEST_F(ServerTest, ARouteHearsOfABodyBeforeItComes) {
  std::optional<RequestId> begun;
  server_.route(Route{.path_prefix = "/body",
                      .handle = [](Instant, RequestId, const Request&) {},
                      .begin =
                          [&](Instant now, RequestId id, const Request& head) {
                            begun = id;
                            if (head.query() == "no") {
                              server_.respond(now, id, text_response(403, "no"));
                            }
                          },
                      .body_bytes_max = {}});
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  ASSERT_TRUE(begun);
  EXPECT_TRUE(server_.is_open(*begun));

  // Answered before its body was read: the connection cannot go on.
  const ConnectionId other = host_.open(now_);
  host_.send(now_, other, "POST /body?no HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_THAT(host_.take(other), StartsWith("HTTP/1.1 403"));
  EXPECT_FALSE(host_.closed(other));  // so that the client can read it
  host_.finish(now_, other);
  EXPECT_TRUE(host_.closed(other));
}

class EchoStream final : public Stream {
 public:
  EchoStream(Server& server, ConnectionId id, std::string& log)
      : server_(server), id_(id), log_(log) {}

  void handle_bytes(Instant now, Bytes bytes) override {
    server_.write(now, id_, share(to_buffer(bytes)));
    if (as_text(bytes).ends_with('.')) {
      server_.close(now, id_);
    }
  }
  void handle_closed(Instant /*now*/) override { log_ += "closed "; }
  void handle_drained(Instant /*now*/) override { log_ += "drained "; }

 private:
  Server& server_;
  ConnectionId id_;
  std::string& log_;
};

class UpgradeTest : public ServerTest {
 protected:
  UpgradeTest() {
    server_.route("/echo", [this](Instant now, RequestId id, const Request&) {
      Response switching;
      switching.headers.add("Upgrade", "echo");
      switching.headers.add("Connection", "Upgrade");
      server_.upgrade(now, id, std::move(switching),
                      std::make_unique<EchoStream>(server_, id.connection, log_));
    });
  }
  ConnectionId upgraded(std::string_view behind = {}) {
    const ConnectionId id = host_.open(now_);
    host_.send(now_, id, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(behind));
    return id;
  }

  std::string log_;
};

TEST_F(UpgradeTest, BytesBehindTheRequestBelongToTheStream) {
  const ConnectionId id = upgraded("abc");
  EXPECT_EQ(host_.take(id),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nabc");
  host_.send(now_, id, "GET ");
  EXPECT_EQ(host_.take(id), "GET ");
  EXPECT_EQ(server_.counters().upgrades, 1U);
}

TEST_F(UpgradeTest, AStreamBegunLaterHearsWhatStoodBehindTheRequestWhenTheAnswerHasLeft) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, std::string(kGetLater) + "abc");
  ASSERT_TRUE(
      server_.upgrade(now_, *parked_, Response{}, std::make_unique<EchoStream>(server_, id, log_)));
  EXPECT_EQ(server_.unsent_bytes(id),
            std::string("HTTP/1.1 101 Switching Protocols\r\n\r\n").size());
  host_.settle(now_);
  EXPECT_EQ(host_.take(id), "HTTP/1.1 101 Switching Protocols\r\n\r\nabc");
  host_.send(now_, id, "def");
  EXPECT_EQ(host_.take(id), "def");
}

TEST_F(UpgradeTest, TheStreamsFirstBytesLeaveInOnePieceWithTheAnswer) {
  const ConnectionId id = host_.open(now_);
  host_.send(now_, id, kGetLater);
  ASSERT_TRUE(server_.upgrade(now_, *parked_, Response{},
                              std::make_unique<EchoStream>(server_, id, log_), as_bytes("first")));
  const auto output = server_.poll_output();
  ASSERT_TRUE(output);
  ASSERT_EQ(output->bytes.size(), 1U);
  EXPECT_EQ(as_text(*output->bytes[0]), "HTTP/1.1 101 Switching Protocols\r\n\r\nfirst");
}

TEST_F(UpgradeTest, ClosesOnceTheWrittenBytesHaveLeft) {
  const ConnectionId id = upgraded();
  host_.send(now_, id, "bye.");
  EXPECT_THAT(host_.take(id), EndsWith("bye."));
  EXPECT_TRUE(host_.closed(id));
  EXPECT_FALSE(host_.peer(id).at_once);
  EXPECT_THAT(log_, EndsWith("closed "));
}

TEST_F(UpgradeTest, TellsWhatIsUnsentAndWhenAllHasLeft) {
  const ConnectionId id = upgraded();
  host_.hold_up(id);
  log_.clear();
  host_.send(now_, id, "12345");
  EXPECT_EQ(server_.unsent_bytes(id), 5U);
  EXPECT_EQ(log_, "");
  host_.let_go(now_, id);
  EXPECT_EQ(server_.unsent_bytes(id), 0U);
  EXPECT_EQ(log_, "drained ");
}

TEST_F(UpgradeTest, ADroppedConnectionIsClosedAtOnce) {
  const ConnectionId id = upgraded();
  host_.hold_up(id);
  host_.send(now_, id, "12345");
  server_.drop(now_, id);
  host_.settle(now_);
  EXPECT_TRUE(host_.peer(id).at_once);
  EXPECT_EQ(log_, "drained closed ");
}

TEST_F(UpgradeTest, AnUpgradeOutlivesAllDeadlines) {
  const ConnectionId id = upgraded();
  EXPECT_EQ(server_.next_timeout(), kNever);
  host_.handle_timeout(now_ + seconds(3600));
  EXPECT_FALSE(host_.closed(id));
}

}  // namespace
}  // namespace visavis::http
