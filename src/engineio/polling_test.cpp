#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Answer kTransportUnknown{400, {}, R"({"code":0,"message":"Transport unknown"})"};
const Answer kSessionUnknown{400, {}, R"({"code":1,"message":"Session ID unknown"})"};
const Answer kBadMethod{400, {}, R"({"code":2,"message":"Bad handshake method"})"};
const Answer kBadRequest{400, {}, R"({"code":3,"message":"Bad request"})"};
const Answer kBadRevision{400, {}, R"({"code":5,"message":"Unsupported protocol version"})"};
const Answer kRefused{400, {}, ""};

class PollingTest : public testing::Test {
 protected:
  TestServer test_;
};

TEST_F(PollingTest, TheHandshakeAnswersWithExactlyFiveKeys) {
  const Answer answer = test_.request("GET", "EIO=4&transport=polling&t=x");
  const std::string sid = TestServer::sid_of(answer.body);
  EXPECT_EQ(answer, ok(R"(0{"sid":")" + sid +
                       R"(","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,)"
                       R"("maxPayload":1000000})"));
  EXPECT_THAT(answer.head, AllOf(HasSubstr("Content-Type: text/plain; charset=UTF-8\r\n"),
                                 HasSubstr("Cache-Control: no-store\r\n"),
                                 Not(HasSubstr("Set-Cookie")), Not(HasSubstr("Access-Control"))));
  EXPECT_EQ(test_.take_log(), "open polling");
}

TEST_F(PollingTest, BadHandshakesHaveNodesCodes) {
  EXPECT_EQ(test_.request("GET", "EIO=4"), kTransportUnknown);
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=abc"), kTransportUnknown);
  EXPECT_EQ(test_.request("GET", "transport=polling"), kBadRevision);
  EXPECT_EQ(test_.request("GET", "EIO=3&transport=polling"), kBadRevision);
  EXPECT_EQ(test_.request("GET", "EIO=abc&transport=polling"), kBadRevision);
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=websocket"), kBadRequest);
  EXPECT_EQ(test_.request("POST", "EIO=4&transport=polling", ""), kBadMethod);
  EXPECT_EQ(test_.request("PUT", "EIO=4&transport=polling"), kBadMethod);
  EXPECT_EQ(test_.request("OPTIONS", "EIO=4&transport=polling"), kBadMethod);
  EXPECT_THAT(test_.request("GET", "EIO=4").head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_EQ(test_.take_log(), "");
}

TEST_F(PollingTest, TheQueryIsReadAsNodeReadsIt) {
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=poll%69ng").status, 200U);
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=abc&transport=polling").status, 200U);
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=polling&sid=").status, 200U);
}

TEST_F(PollingTest, RequestsOfASessionMustFitIt) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.poll("unknown"), kSessionUnknown);
  EXPECT_EQ(test_.post("unknown", "4a"), kSessionUnknown);
  EXPECT_EQ(test_.request("GET", "EIO=3&transport=polling&sid=" + sid), kBadRequest);
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=websocket&sid=" + sid), kBadRequest);
  for (const char* method : {"PUT", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(test_.request(method, TestServer::polling(sid)).status, 500U);
  }
  EXPECT_EQ(test_.server().counters().bad_requests, 4U);
}

TEST_F(PollingTest, APathWithoutItsSlashIsNotOurs) {
  const http::ConnectionId id = test_.host().open(test_.now);
  test_.host().send(test_.now, id,
                    "GET /engine.io?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(test_.answer(id).status, 404U);
}

TEST_F(PollingTest, MessagesComeBackInOnePayload) {
  const std::string sid = test_.open_polling();
  const Answer posted = test_.post(sid,
                                   "4hello\x1e"
                                   "4\xE2\x82\xAC\x1e"
                                   "bAQIDBA==");
  EXPECT_EQ(posted, ok("ok"));
  EXPECT_THAT(posted.head, AllOf(HasSubstr("Content-Type: text/html\r\n"),
                                 HasSubstr("Cache-Control: no-store\r\n")));
  EXPECT_EQ(test_.poll(sid), ok("4hello\x1e"
                                "4\xE2\x82\xAC\x1e"
                                "bAQIDBA=="));
}

TEST_F(PollingTest, AParkedPollIsAnsweredByTheNextMessage) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId parked = test_.park(sid);
  EXPECT_EQ(test_.answer(parked).status, 0U);
  EXPECT_TRUE(test_.server().writable(test_.sessions[0]));
  test_.post(sid,
             "4a\x1e"
             "4b");
  EXPECT_EQ(test_.answer(parked), ok("4a"));
  EXPECT_FALSE(test_.server().writable(test_.sessions[0]));
  EXPECT_EQ(test_.poll(sid), ok("4b"));
}

TEST_F(PollingTest, UnaskedPacketsAreTolerated) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.post(sid,
                       "3\x1e"
                       "0\x1e"
                       "5\x1e"
                       "6\x1e"
                       "4still"),
            ok("ok"));
  EXPECT_EQ(test_.poll(sid), ok("4still"));
}

TEST_F(PollingTest, WhatIsNoPacketEndsTheSession) {
  for (const char* body : {"abc", "", "7", "4a\x1e", "b$", "4\xFF"}) {
    const std::string sid = test_.open_polling();
    test_.take_log();
    EXPECT_EQ(test_.post(sid, body), kRefused) << body;
    EXPECT_EQ(test_.poll(sid), kSessionUnknown);
    EXPECT_EQ(test_.take_log(), "close parse error");
  }
  EXPECT_EQ(test_.server().counters().parse_errors, 6U);
}

TEST_F(PollingTest, ACompressedBodyIsNotUnpackedSoNoneIsABomb) {
  const std::string sid = test_.open_polling();
  const std::string packed("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);
  EXPECT_EQ(test_.post(sid, packed, "Content-Encoding: gzip\r\n"), kRefused);
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.server().counters().parse_errors, 1U);
}

TEST_F(PollingTest, AParkedPollHearsOfTheEndWithAClosePacket) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId parked = test_.park(sid);
  test_.post(sid, "abc");
  EXPECT_EQ(test_.answer(parked), ok("1"));
}

TEST_F(PollingTest, APingFromTheClientEndsTheSession) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.post(sid, "2"), kRefused);
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close transport error");
}

TEST_F(PollingTest, ABinaryBodyEndsTheSession) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.post(sid, "4a", "Content-Type: application/octet-stream\r\n"), kRefused);
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close transport error");
}

TEST_F(PollingTest, TwoPollsAtOnceEndTheSession) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId first = test_.park(sid);
  EXPECT_EQ(test_.poll(sid), kRefused);
  EXPECT_EQ(test_.answer(first), ok("1"));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close transport error");
}

TEST_F(PollingTest, TwoPostsAtOnceEndTheSession) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId first =
      test_.begin("POST", TestServer::polling(sid), {}, "Content-Length: 10\r\n");
  EXPECT_EQ(test_.post(sid, "4a"), kRefused);
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close transport error");
  test_.host().send(test_.now, first, "4123456789");
  EXPECT_EQ(test_.answer(first), kSessionUnknown);
}

TEST_F(PollingTest, APollGivenUpEndsTheSession) {
  const std::string sid = test_.open_polling();
  test_.host().finish(test_.now, test_.park(sid));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  const std::string other = test_.open_polling();
  test_.host().close(test_.now, test_.park(other));
  EXPECT_EQ(test_.poll(other), kSessionUnknown);
  EXPECT_EQ(test_.take_log(),
            "open polling, close transport error, open polling, close transport error");
}

TEST_F(PollingTest, APostGivenUpEndsTheSession) {
  const std::string sid = test_.open_polling();
  test_.host().close(test_.now,
                     test_.begin("POST", TestServer::polling(sid), {}, "Content-Length: 10\r\n"));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close transport error");
}

TEST_F(PollingTest, AnAnsweredPollsConnectionMayGo) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId parked = test_.park(sid);
  test_.post(sid, "4a");
  test_.host().close(test_.now, parked);
  EXPECT_EQ(test_.post(sid, "4b"), ok("ok"));
  EXPECT_EQ(test_.take_log(), "open polling");
}

TEST_F(PollingTest, ATooBigPostLeavesTheSessionAlone) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.post(sid, std::string(1'000'001, '4')).status, 413U);
  EXPECT_EQ(test_
                .request("POST", TestServer::polling(sid), {},
                         "Transfer-Encoding: chunked\r\n\r\n"
                         "F4241\r\n4")
                .status,
            413U);
  EXPECT_EQ(test_.post(sid, "4a"), ok("ok"));
  EXPECT_EQ(test_.post(sid, "4" + std::string(999'999, 'a')).status, 200U);
  EXPECT_EQ(test_.poll(sid).body.size(), 2U + 1U + 1'000'000U);
}

TEST_F(PollingTest, ChunkedPostsAreRead) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.request("POST", TestServer::polling(sid), {},
                          "Transfer-Encoding: chunked\r\n\r\n2\r\n4a\r\n1\r\nb\r\n0\r\n"),
            ok("ok"));
  EXPECT_EQ(test_.poll(sid), ok("4ab"));
}

TEST_F(PollingTest, AClientsCloseIsAnsweredWithANoop) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId parked = test_.park(sid);
  EXPECT_EQ(test_.post(sid, "1"), ok("ok"));
  EXPECT_EQ(test_.answer(parked), ok("6"));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close transport close");
}

TEST_F(PollingTest, PacketsBehindACloseAreNotRead) {
  const std::string sid = test_.open_polling();
  int messages = 0;
  test_.on_message = [&](Instant, SessionHandle, std::string_view) { ++messages; };
  EXPECT_EQ(test_.post(sid,
                       "4a\x1e"
                       "1\x1e"
                       "4b"),
            ok("ok"));
  EXPECT_EQ(messages, 1);
}

TEST_F(PollingTest, AnOwnersCloseReachesAParkedPoll) {
  const std::string sid = test_.open_polling();
  const http::ConnectionId parked = test_.park(sid);
  test_.server().close(test_.now, test_.sessions[0], CloseReason::kForcedClose);
  test_.host().settle(test_.now);
  EXPECT_EQ(test_.answer(parked), ok("1"));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "open polling, close forced close");
}

TEST_F(PollingTest, AnOwnersCloseWaitsForTheNextPollWithWhatWasSent) {
  const std::string sid = test_.open_polling();
  const SessionHandle session = test_.sessions[0];
  test_.server().send(test_.now, session, text_message("last"));
  test_.server().close(test_.now, session, CloseReason::kForcedClose);
  EXPECT_EQ(test_.take_log(), "open polling, close forced close");
  test_.server().send(test_.now, session, text_message("too late"));
  EXPECT_EQ(test_.post(sid, "4ignored"), ok("ok"));
  EXPECT_EQ(test_.poll(sid), ok("4last\x1e"
                                "1"));
  EXPECT_EQ(test_.poll(sid), kSessionUnknown);
  EXPECT_EQ(test_.take_log(), "");
}

TEST_F(PollingTest, AClosedSessionIsForgottenWhenItsClientNeverComes) {
  const std::string sid = test_.open_polling();
  test_.server().close(test_.now, test_.sessions[0], CloseReason::kForcedClose);
  EXPECT_EQ(test_.server().sessions(), 1U);
  test_.sleep(std::chrono::seconds(30));
  EXPECT_EQ(test_.server().sessions(), 0U);
  EXPECT_EQ(test_.server().next_timeout(), kNever);
}

TEST_F(PollingTest, ASessionMayBeClosedFromWithinItsOpening) {
  test_.server().set_handlers(
      {.open =
           [this](Instant now, SessionHandle handle, const Handshake& handshake) {
             test_.server().close(now, handle, CloseReason::kServerShuttingDown);
             EXPECT_EQ(handshake.sid.size(), 20U);  // still there to be read
           },
       .message = {},
       .close = {},
       .drain = {}});
  EXPECT_EQ(test_.request("GET", TestServer::polling()).status, 200U);
  EXPECT_EQ(test_.server().sessions(), 0U);
}

TEST_F(PollingTest, AMessageHandlerMayCloseItsSession) {
  const std::string sid = test_.open_polling();
  test_.on_message = [&](Instant now, SessionHandle session, std::string_view) {
    test_.server().close(now, session, CloseReason::kServerShuttingDown);
  };
  EXPECT_EQ(test_.post(sid,
                       "4a\x1e"
                       "4b"),
            ok("ok"));
  EXPECT_EQ(test_.take_log(), "open polling, close server shutting down");
}

TEST_F(PollingTest, TheDrainIsToldWhenWhatWaitedHasLeft) {
  const std::string sid = test_.open_polling();
  test_.server().send(test_.now, test_.sessions[0], text_message("a"));
  EXPECT_EQ(test_.server().buffered_bytes(test_.sessions[0]), 3U);
  EXPECT_EQ(test_.drained, 0);
  test_.poll(sid);
  EXPECT_EQ(test_.drained, 1);
  EXPECT_EQ(test_.server().buffered_bytes(test_.sessions[0]), 0U);
}

TEST_F(PollingTest, VolatileMessagesNeedAParkedPoll) {
  const std::string sid = test_.open_polling();
  test_.server().send(test_.now, test_.sessions[0], text_message("lost"),
                      {.volatile_message = true});
  const http::ConnectionId parked = test_.park(sid);
  test_.server().send(test_.now, test_.sessions[0], text_message("seen"),
                      {.volatile_message = true});
  test_.server().send(test_.now, test_.sessions[0], text_message("lost too"),
                      {.volatile_message = true});
  test_.host().settle(test_.now);
  EXPECT_EQ(test_.answer(parked), ok("4seen"));
  EXPECT_EQ(test_.server().counters().volatile_dropped, 2U);
}

TEST_F(PollingTest, OneConnectionCarriesTheWholeSession) {
  const http::ConnectionId id = test_.begin("GET", TestServer::polling());
  const std::string sid = TestServer::sid_of(test_.answer(id).body);
  for (int i = 0; i < 3; ++i) {
    test_.host().send(test_.now, id,
                      "POST /engine.io/?" + TestServer::polling(sid) +
                          " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n4a");
    EXPECT_EQ(test_.answer(id), ok("ok"));
    test_.host().send(
        test_.now, id,
        "GET /engine.io/?" + TestServer::polling(sid) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(test_.answer(id), ok("4a"));
  }
}

// CORS, cookies and limits.

TEST(CorsTest, EveryOriginOrNone) {
  Options options = TestServer::quick_options();
  options.cors.emplace();
  TestServer test(options);
  EXPECT_THAT(test.request("GET", TestServer::polling()).head,
              HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_THAT(test.request("GET", "EIO=4").head, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  const std::string sid = test.open_polling();
  EXPECT_THAT(test.post(sid, "4a").head, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_THAT(test.poll(sid).head, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
}

TEST(CorsTest, APreflightIsAnswered) {
  Options options = TestServer::quick_options();
  options.cors.emplace();
  TestServer test(options);
  const Answer answer = test.request("OPTIONS", TestServer::polling(), {},
                                     "Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n"
                                     "Access-Control-Request-Headers: x-a, content-type\r\n");
  EXPECT_EQ(answer.status, 204U);
  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Access-Control-Allow-Origin: *\r\n"),
                    HasSubstr("Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"),
                    HasSubstr("Access-Control-Allow-Headers: x-a, content-type\r\n"),
                    HasSubstr("Vary: Access-Control-Request-Headers\r\n")));
}

TEST(CorsTest, AListedOriginIsNamedAndAnotherIsNot) {
  Options options = TestServer::quick_options();
  options.cors.emplace();
  options.cors->origin = CorsOrigin::one_of({"https://a", "https://b"});
  options.cors->credentials = true;
  options.cors->exposed_headers = "x-b";
  options.cors->max_age_s = 600;
  TestServer test(options);
  EXPECT_THAT(
      test.request("GET", TestServer::polling(), {}, "Origin: https://b\r\n").head,
      AllOf(HasSubstr("Access-Control-Allow-Origin: https://b\r\n"),
            HasSubstr("Access-Control-Allow-Credentials: true\r\n"),
            HasSubstr("Access-Control-Expose-Headers: x-b\r\n"), HasSubstr("Vary: Origin\r\n")));
  EXPECT_THAT(test.request("GET", TestServer::polling(), {}, "Origin: https://c\r\n").head,
              AllOf(Not(HasSubstr("Access-Control-Allow-Origin")), HasSubstr("Vary: Origin\r\n")));
  EXPECT_THAT(test.request("OPTIONS", TestServer::polling(), {}, "Origin: https://a\r\n").head,
              AllOf(HasSubstr("Access-Control-Max-Age: 600\r\n"),
                    HasSubstr("Vary: Origin, Access-Control-Request-Headers\r\n")));
}

TEST(CookieTest, ComesWithTheFirstAnswerOnly) {
  Options options = TestServer::quick_options();
  options.cookie.emplace();
  TestServer test(options);
  const Answer answer = test.request("GET", TestServer::polling());
  const std::string sid = TestServer::sid_of(answer.body);
  EXPECT_THAT(answer.head,
              HasSubstr("Set-Cookie: io=" + sid + "; Path=/; HttpOnly; SameSite=Lax\r\n"));
  test.post(sid, "4a");
  EXPECT_THAT(test.poll(sid).head, Not(HasSubstr("Set-Cookie")));
}

TEST(EngineLimitsTest, SessionsAreLimited) {
  Options options = TestServer::quick_options();
  options.sessions_max = 1;
  TestServer test(options);
  test.open_polling();
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 503U);
  EXPECT_EQ(test.server().counters().sessions_refused, 1U);
  test.sleep(milliseconds(500));
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 200U);
}

TEST(EngineLimitsTest, AClientThatDoesNotPollIsClosedAtTheHighWaterMark) {
  Options options = TestServer::quick_options();
  options.buffered_bytes_max = 1000;
  TestServer test(options);
  const std::string sid = test.open_polling();
  const SessionHandle session = test.sessions[0];
  const SharedMessage message = text_message(std::string(400, 'x'));
  test.server().send(test.now, session, message);
  test.server().send(test.now, session, message);
  test.server().send(test.now, session, message);
  EXPECT_EQ(test.take_log(), "open polling");  // not from within `send`
  EXPECT_EQ(test.server().buffered_bytes(session), 0U);
  test.sleep(Duration::zero());
  EXPECT_EQ(test.take_log(), "close transport error");
  EXPECT_EQ(test.poll(sid), kSessionUnknown);
  EXPECT_EQ(test.server().counters().overflows, 1U);
}

TEST(EngineLimitsTest, APollingServerMayHaveNoWebSocketAndTheOtherWayRound) {
  Options options = TestServer::quick_options();
  options.websocket = false;
  TestServer polling(options);
  EXPECT_THAT(polling.request("GET", TestServer::polling()).body, HasSubstr(R"("upgrades":[],)"));
  options.websocket = true;
  options.polling = false;
  TestServer socket(options);
  EXPECT_EQ(socket.request("GET", TestServer::polling()), kTransportUnknown);
  options.polling = true;
  options.allow_upgrades = false;
  TestServer fixed(options);
  EXPECT_THAT(fixed.request("GET", TestServer::polling()).body, HasSubstr(R"("upgrades":[],)"));
}

TEST(ShutDownTest, EverySessionEndsAndNoneBegins) {
  TestServer test;
  const std::string waiting = test.open_polling();
  const http::ConnectionId parked = test.park(waiting);
  const std::string away = test.open_polling();
  const http::ConnectionId socket = test.open_socket();
  test.frames(socket);
  test.take_log();
  test.server().shut_down(test.now);
  test.host().settle(test.now);
  EXPECT_EQ(test.take_log(),
            "close server shutting down, close server shutting down, close server shutting down");
  EXPECT_EQ(test.answer(parked), ok("1"));
  EXPECT_EQ(test.frames(socket), std::vector<std::string>{"C"});
  EXPECT_EQ(test.poll(away), kSessionUnknown);
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 503U);
}

}  // namespace
}  // namespace visavis::engineio
