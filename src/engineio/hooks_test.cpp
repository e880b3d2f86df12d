#include "engineio/hooks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kForbidden = R"({"code":4,"message":"Forbidden"})";

/// A server whose refusals are written down as "code name-of-the-context".
class HooksTest : public testing::Test {
 protected:
  HooksTest() {
    hooks_.connection_error = [this](Instant, const ConnectionError& error) {
      std::string line = std::to_string(static_cast<int>(error.code));
      for (const auto& [name, value] : error.context) {
        line.append(" ").append(name).append("=").append(value);
      }
      errors_.push_back(line);
    };
  }
  TestServer& begin(Options options = Options()) {
    test_.emplace(std::move(options));
    test_->server().set_hooks(std::move(hooks_));
    return *test_;
  }

  Hooks hooks_;
  std::vector<std::string> errors_;
  std::optional<TestServer> test_;
};

TEST_F(HooksTest, AllowRequestMayAnswerLaterAndTheSessionBegins) {
  std::optional<Verdict> verdict;
  hooks_.allow_request = [&](Instant, const http::Request& request, Verdict given) {
    EXPECT_EQ(request.query(), TestServer::polling());
    verdict = std::move(given);
  };
  TestServer& test = begin();
  const http::ConnectionId id = test.begin("GET", TestServer::polling());
  EXPECT_EQ(test.answer(id).status, 0U);
  test.now += seconds(1);
  verdict->allow(test.now);
  test.host().settle(test.now);
  EXPECT_EQ(test.answer(id).status, 200U);
  EXPECT_EQ(test.take_log(), "open polling");
}

TEST_F(HooksTest, ARefusalIs403WithCode4AndTheApplicationsMessage) {
  std::string message;
  hooks_.allow_request = [&](Instant now, const http::Request&, Verdict verdict) {
    verdict.refuse(now, message);
  };
  TestServer& test = begin();
  EXPECT_EQ(test.request("GET", TestServer::polling()), (Answer{403, {}, std::string(kForbidden)}));
  message = "Thou \"shalt\" not\n";
  EXPECT_EQ(test.request("GET", TestServer::polling()).body,
            R"({"code":4,"message":"Thou \"shalt\" not\u000a"})");
  const Answer socket =
      test.request("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields());
  EXPECT_EQ(socket.status, 400U);
  EXPECT_EQ(socket.body, message);
  EXPECT_THAT(errors_, ElementsAre("4 message=", "4 message=" + message, "4 message=" + message));
  EXPECT_EQ(test.server().sessions(), 0U);
  EXPECT_EQ(test.server().counters().refused_by_hooks, 3U);
}

TEST_F(HooksTest, AllowRequestIsAskedForNewSessionsAloneAndNotForBadOnes) {
  int asked = 0;
  hooks_.allow_request = [&](Instant now, const http::Request&, Verdict verdict) {
    ++asked;
    verdict.allow(now);
  };
  TestServer& test = begin();
  const std::string sid = test.open_polling();
  test.post(sid, "4a");
  test.poll(sid);
  test.request("GET", "EIO=4&transport=abc");
  EXPECT_EQ(asked, 1);
}

TEST_F(HooksTest, AClientThatLeavesWhileItIsDecidedIsForgotten) {
  std::optional<Verdict> verdict;
  hooks_.allow_request = [&](Instant, const http::Request&, Verdict given) {
    verdict = std::move(given);
  };
  TestServer& test = begin();
  const http::ConnectionId id = test.begin("GET", TestServer::polling());
  test.host().close(test.now, id);
  verdict->allow(test.now);
  EXPECT_EQ(test.server().sessions(), 0U);
  EXPECT_EQ(test.server().next_timeout(), kNever);
}

TEST_F(HooksTest, ADecisionThatDoesNotComeIsARefusalInTime) {
  hooks_.allow_request = [](Instant, const http::Request&, const Verdict&) {};
  TestServer& test = begin();
  const http::ConnectionId id = test.begin("GET", TestServer::polling());
  test.sleep(seconds(30));
  EXPECT_EQ(test.answer(id).status, 403U);
  EXPECT_EQ(test.server().counters().decisions_overdue, 1U);
  EXPECT_EQ(test.server().counters().refused_by_hooks, 0U);  // each is counted once
}

TEST_F(HooksTest, TooManyUndecidedRequestsAreRefused) {
  hooks_.allow_request = [](Instant, const http::Request&, const Verdict&) {};
  Options options;
  options.decisions_max = 2;
  TestServer& test = begin(options);
  test.begin("GET", TestServer::polling());
  test.begin("GET", TestServer::polling());
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 503U);
  EXPECT_EQ(test.server().counters().decisions_refused, 1U);
  EXPECT_THAT(errors_, ElementsAre("4 name=DECISIONS_MAX"));
}

TEST_F(HooksTest, AVerdictMayOutliveTheServer) {
  std::optional<Verdict> verdict;
  hooks_.allow_request = [&](Instant, const http::Request&, Verdict given) {
    verdict = std::move(given);
  };
  begin().begin("GET", TestServer::polling());
  test_.reset();
  verdict->allow({});
}

TEST_F(HooksTest, MiddlewaresSeeEveryRequestInTheirOrderAndMayAddFields) {
  std::vector<std::string> seen;
  TestServer& test = begin();
  test.server().use([&](Instant now, const Passing& passing, Next next) {
    seen.push_back("first " + passing.request.method);
    passing.headers.add("x-first", passing.upgrade ? "socket" : "polling");
    next(now);
  });
  std::optional<Next> waiting;
  test.server().use([&](Instant now, const Passing& passing, Next next) {
    seen.push_back("second " + passing.request.method);
    if (passing.request.method == "POST") {
      waiting = std::move(next);
    } else {
      next(now);
    }
  });
  const Answer opened = test.request("GET", TestServer::polling());
  EXPECT_THAT(opened.head, HasSubstr("x-first: polling\r\n"));
  const std::string sid = TestServer::sid_of(opened.body);
  const http::ConnectionId post = test.begin("POST", TestServer::polling(sid), "4a");
  EXPECT_EQ(test.answer(post).status, 0U);
  (*waiting)(test.now);
  test.host().settle(test.now);
  EXPECT_EQ(test.answer(post), ok("ok"));
  EXPECT_EQ(test.poll(sid), ok("4a"));
  EXPECT_EQ(seen, (std::vector<std::string>{"first GET", "second GET", "first POST", "second POST",
                                            "first GET", "second GET"}));
  const http::ConnectionId socket =
      test.begin("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields());
  EXPECT_THAT(test.host().take(socket),
              AllOf(HasSubstr("HTTP/1.1 101 "), HasSubstr("x-first: socket\r\n")));
}

TEST_F(HooksTest, AMiddlewareMayAnswerItselfOrFail) {
  TestServer& test = begin();
  test.server().use([](Instant now, const Passing& passing, Next next) {
    if (passing.request.query() == "health") {
      next.answer(now, http::text_response(200, "well"));
    } else {
      next.fail(now, "no token");
    }
  });
  EXPECT_EQ(test.request("GET", "health"), ok("well"));
  EXPECT_EQ(test.request("GET", TestServer::polling()),
            (Answer{400, {}, R"({"code":3,"message":"Bad request"})"}));
  const Answer socket =
      test.request("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields());
  EXPECT_EQ(socket, (Answer{400, {}, "Bad request"}));
  EXPECT_THAT(errors_, ElementsAre("3 name=MIDDLEWARE_FAILURE error=no token",
                                   "3 name=MIDDLEWARE_FAILURE error=no token"));
}

TEST_F(HooksTest, AMiddlewareThatSaysTwoThingsIsHeardOnce) {
  TestServer& test = begin();
  test.server().use([](Instant now, const Passing&, Next next) {
    next(now);
    next.fail(now, "too late");
  });
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 200U);
}

TEST_F(HooksTest, FieldsAreAddedToTheFirstAnswerAndToEveryAnswer) {
  hooks_.initial_headers = [](http::Headers& headers, const http::Request&) {
    headers.add("x-initial", "1");
  };
  hooks_.headers = [](http::Headers& headers, const http::Request& request) {
    headers.add("x-every", request.method);
  };
  TestServer& test = begin();
  const Answer opened = test.request("GET", TestServer::polling());
  EXPECT_THAT(opened.head, AllOf(HasSubstr("x-initial: 1\r\n"), HasSubstr("x-every: GET\r\n")));
  const std::string sid = TestServer::sid_of(opened.body);
  EXPECT_THAT(test.post(sid, "4a").head,
              AllOf(Not(HasSubstr("x-initial")), HasSubstr("x-every: POST\r\n")));
  EXPECT_THAT(test.poll(sid).head, AllOf(Not(HasSubstr("x-initial")), HasSubstr("x-every: GET")));
  const std::string query = "EIO=4&transport=websocket";
  const http::ConnectionId socket = test.begin("GET", query, {}, TestServer::upgrade_fields());
  EXPECT_THAT(test.host().take(socket),
              AllOf(HasSubstr("HTTP/1.1 101 "), HasSubstr("x-initial: 1\r\n"),
                    HasSubstr("x-every: GET\r\n")));
  const http::ConnectionId probe =
      test.begin("GET", query + "&sid=" + sid, {}, TestServer::upgrade_fields());
  EXPECT_THAT(test.host().take(probe),
              AllOf(HasSubstr("HTTP/1.1 101 "), Not(HasSubstr("x-initial")), HasSubstr("x-every")));
}

TEST_F(HooksTest, TheApplicationMayMakeTheIdsAndABadOneIsRefused) {
  std::string id = "my-id";
  hooks_.generate_id = [&](Instant now, const http::Request&, IdVerdict verdict) {
    if (id == "fail") {
      verdict.fail(now, "no ids left");
    } else {
      verdict.use(now, id);
    }
  };
  TestServer& test = begin();
  EXPECT_THAT(test.request("GET", TestServer::polling()).body, HasSubstr(R"({"sid":"my-id",)"));
  EXPECT_EQ(test.poll("my-id").status, 0U);
  for (const std::string bad : {"my-id", "", "a\"b", "a\\b", "a b", "fail"}) {
    id = bad;
    EXPECT_EQ(test.request("GET", TestServer::polling()),
              (Answer{400, {}, R"({"code":3,"message":"Bad request"})"}))
        << bad;
  }
  EXPECT_EQ(errors_.size(), 6U);
  EXPECT_THAT(errors_.back(), "3 name=ID_GENERATION_ERROR error=no ids left");
}

TEST_F(HooksTest, EveryRefusalIsToldWithNodesCodeAndContext) {
  TestServer& test = begin();
  const std::string sid = test.open_polling();
  test.request("GET", "EIO=4&transport=abc");
  test.request("GET", TestServer::polling("none"));
  test.request("PUT", TestServer::polling());
  test.request("GET", "EIO=4&transport=websocket");
  test.request("GET", "EIO=4&transport=websocket&sid=" + sid);
  test.request("GET", "EIO=3&transport=polling&sid=" + sid);
  test.request("GET", "EIO=3&transport=polling");
  test.request("GET", "EIO=4&transport=websocket", {},
               "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  EXPECT_THAT(errors_,
              ElementsAre("0 transport=abc", "1 sid=none", "2 method=PUT",
                          "3 name=TRANSPORT_HANDSHAKE_ERROR",
                          "3 name=TRANSPORT_MISMATCH transport=websocket previousTransport=polling",
                          "3 name=PROTOCOL_MISMATCH protocol=3 previousProtocol=4", "5 protocol=3",
                          "3 name=TRANSPORT_HANDSHAKE_ERROR"));
}

TEST_F(HooksTest, SessionsOfOneAddressAreLimitedByWhomTheApplicationSaysTheyAreOf) {
  hooks_.client_address = [](const http::Request& request) {
    return IpAddress::parse(request.headers.find("X-Forwarded-For").value_or(""))
        .value_or(IpAddress());
  };
  Options options;
  options.per_address.open_max = 1;
  TestServer& test = begin(options);
  const auto open = [&](std::string_view address) {
    return test.request("GET", TestServer::polling(), {},
                        "X-Forwarded-For: " + std::string(address) + "\r\n");
  };
  const Answer first = open("10.0.0.1");
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(open("10.0.0.2").status, 200U);
  EXPECT_EQ(open("10.0.0.1"),
            (Answer{429, {}, R"({"code":4,"message":"Too many sessions of one address"})"}));
  EXPECT_THAT(errors_, ElementsAre("4 name=SESSIONS_PER_ADDRESS"));
  EXPECT_EQ(test.server().counters().refused_per_address, 1U);
  test.post(TestServer::sid_of(first.body), "1");
  EXPECT_EQ(open("10.0.0.1").status, 200U);
}

TEST_F(HooksTest, SessionsTooSoonAfterOthersAreRefused) {
  Options options;
  options.per_address = {.open_max = 0, .per_second = 1, .burst = 2};
  TestServer& test = begin(options);
  test.open_polling();
  test.open_socket();
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 429U);
  const Answer socket =
      test.request("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields());
  EXPECT_EQ(socket, (Answer{429, {}, "Too many sessions in a short time"}));
  EXPECT_EQ(test.server().counters().refused_per_rate, 2U);
  test.sleep(seconds(1));
  EXPECT_EQ(test.request("GET", TestServer::polling()).status, 200U);
}

TEST(PathTest, TheTrailingSlashIsAddedUnlessItIsNotWanted) {
  Options options;
  options.path = "/engine.io";
  TestServer with(options);
  EXPECT_EQ(with.request("GET", TestServer::polling()).status, 404U);  // asks without
  options.add_trailing_slash = false;
  TestServer without(options);
  EXPECT_EQ(without.request("GET", TestServer::polling()).status, 200U);
}

TEST(PathTest, TheTrailingSlashThatIsNotWantedIsTakenAway) {
  Options options;
  options.path = "/engine.io/";
  options.add_trailing_slash = false;
  TestServer test(options);
  std::vector<ClientFiles::File> files;
  files.emplace_back("socket.io.js", to_buffer("script"));
  test.server().serve_client(ClientFiles(std::move(files)));
  const auto get = [&](std::string_view target) {
    const http::ConnectionId id = test.host().open(test.now);
    test.host().send(test.now, id, "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return test.answer(id);
  };
  EXPECT_EQ(get("/engine.io?EIO=4&transport=polling").status, 200U);
  EXPECT_EQ(get("/engine.io/socket.io.js"), ok("script"));
}

TEST_F(HooksTest, AHookMayEndTheSessionWhoseAnswerItSees) {
  bool ends = false;
  hooks_.headers = [&](http::Headers&, const http::Request&) {
    if (ends) {
      test_->server().close(test_->now, test_->sessions.back(), CloseReason::kServerShuttingDown);
    }
  };
  TestServer& test = begin();
  for (const bool upgrades : {false, true}) {
    ends = false;
    const std::string sid = test.open_polling();
    ends = true;
    const Answer answer = upgrades ? test.request("GET", "EIO=4&transport=websocket&sid=" + sid, {},
                                                  TestServer::upgrade_fields())
                                   : test.poll(sid);
    EXPECT_EQ(answer.status, 400U);
    EXPECT_THAT(answer.body, HasSubstr("Session ID unknown"));
    EXPECT_EQ(test.server().sessions(), 0U);
  }
  EXPECT_THAT(errors_, ElementsAre(testing::StartsWith("1 sid="), testing::StartsWith("1 sid=")));
}

}  // namespace
}  // namespace visavis::engineio
