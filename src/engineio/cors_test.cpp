#include "engineio/cors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Options with_origin(CorsOrigin origin) {
  Options options;
  options.cors.emplace().origin = std::move(origin);
  return options;
}

std::string head_for(TestServer& test, std::string_view origin, std::string_view method = "GET") {
  const std::string field = origin.empty() ? "" : "Origin: " + std::string(origin) + "\r\n";
  return test.request(method, TestServer::polling(), {}, field).head;
}

std::string allow(std::string_view origin) {
  return "Access-Control-Allow-Origin: " + std::string(origin) + "\r\n";
}

TEST(CorsOriginTest, TrueReflectsWhoeverAsks) {
  TestServer test(with_origin(CorsOrigin::reflect()));
  EXPECT_THAT(head_for(test, "http://a"),
              AllOf(HasSubstr(allow("http://a")), HasSubstr("Vary: Origin\r\n")));
  EXPECT_THAT(head_for(test, ""), Not(HasSubstr("Access-Control-Allow-Origin")));
}

TEST(CorsOriginTest, AStringIsSaidToEverybody) {
  TestServer test(with_origin(CorsOrigin::fixed("http://a")));
  EXPECT_THAT(head_for(test, "http://b"),
              AllOf(HasSubstr(allow("http://a")), HasSubstr("Vary: Origin\r\n")));
}

TEST(CorsOriginTest, FalseLeavesTheFieldsOutAndPreflightsUnanswered) {
  TestServer test(with_origin(CorsOrigin::off()));
  EXPECT_THAT(head_for(test, "http://a"), Not(HasSubstr("Access-Control")));
  EXPECT_EQ(test.request("OPTIONS", TestServer::polling()).body,
            R"({"code":2,"message":"Bad handshake method"})");
}

TEST(CorsOriginTest, AListMayHoldNamesAndPatterns) {
  const auto pattern = origin_pattern(R"(\.example\.com$)");
  ASSERT_TRUE(pattern);
  TestServer test(with_origin(CorsOrigin::one_of({"http://a"}, {*pattern})));
  for (const std::string_view good : {"http://a", "https://x.example.com"}) {
    EXPECT_THAT(head_for(test, good), HasSubstr(allow(good)));
  }
  for (const std::string_view bad : {"http://b", "https://x.example.com.evil", "http://a.b"}) {
    EXPECT_THAT(head_for(test, bad), Not(HasSubstr("Access-Control-Allow-Origin")));
  }
}

TEST(CorsOriginTest, AVeryLongOriginMatchesNoPatternAndABadPatternIsNone) {
  EXPECT_FALSE((*origin_pattern("a*"))(std::string(1025, 'a')));
  EXPECT_TRUE((*origin_pattern("a*"))(std::string(1024, 'a')));
  EXPECT_FALSE(origin_pattern("(").has_value());
}

TEST(CorsOriginTest, AFunctionMayDecideLaterAndForThePreflightToo) {
  Options options = with_origin({});
  std::vector<OriginVerdict> waiting;
  options.cors->decide = [&](Instant, std::optional<std::string_view> origin,
                             OriginVerdict verdict) {
    EXPECT_EQ(origin, "http://a");
    waiting.push_back(std::move(verdict));
  };
  TestServer test(options);
  const http::ConnectionId get =
      test.begin("GET", TestServer::polling(), {}, "Origin: http://a\r\n");
  const http::ConnectionId preflight =
      test.begin("OPTIONS", TestServer::polling(), {}, "Origin: http://a\r\n");
  const http::ConnectionId refused =
      test.begin("GET", TestServer::polling(), {}, "Origin: http://a\r\n");
  EXPECT_EQ(test.answer(get).status, 0U);
  waiting.at(0)(test.now, CorsOrigin::reflect());
  waiting.at(1)(test.now, CorsOrigin::reflect());
  waiting.at(2)(test.now, std::unexpected(std::string("Not allowed by CORS")));
  test.host().settle(test.now);
  const Answer answer = test.answer(get);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.head, HasSubstr(allow("http://a")));
  EXPECT_EQ(test.answer(preflight).status, 204U);
  EXPECT_EQ(test.answer(refused).status, 400U);
}

TEST(CorsOriginDeathTest, AFunctionThatThrowsEndsTheProgram) {
  const auto fail = [] { throw std::runtime_error("an origin's own fault"); };
  Options deciding = with_origin({});
  deciding.cors->decide = [&](Instant, std::optional<std::string_view>, const OriginVerdict&) {
    fail();
  };
  const auto throws = [&](std::string_view) { return fail(), true; };
  for (const Options& options : {deciding, with_origin(CorsOrigin::one_of({}, {throws}))}) {
    TestServer test(options);
    EXPECT_DEATH(head_for(test, "http://a"), "an origin's own fault");
  }
}

TEST(CorsOptionsTest, APreflightMayGoOnToAMiddleware) {
  Options options = with_origin({});
  options.cors->preflight_continue = true;
  TestServer test(options);
  test.server().use([](Instant now, const Passing& passing, Next next) {
    if (passing.request.method == "OPTIONS") {
      next.answer(now, http::text_response(299, "mine"));
    } else {
      next(now);
    }
  });
  const Answer answer = test.request("OPTIONS", TestServer::polling(), {}, "Origin: http://a\r\n");
  EXPECT_EQ(answer.status, 299U);
  EXPECT_THAT(answer.head,
              AllOf(HasSubstr(allow("*")), HasSubstr("Access-Control-Allow-Methods: ")));
}

TEST(CorsOptionsTest, ThePreflightsStatusAndFieldsAreOptions) {
  Options options = with_origin({});
  options.cors->options_success_status = 200;
  options.cors->methods = "GET,POST";
  options.cors->allowed_headers = "x-a";
  TestServer test(options);
  const Answer answer =
      test.request("OPTIONS", TestServer::polling(), {}, "Access-Control-Request-Headers: x-b\r\n");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Access-Control-Allow-Methods: GET,POST\r\n"),
                    HasSubstr("Access-Control-Allow-Headers: x-a\r\n"), Not(HasSubstr("Vary"))));
}

TEST(WebSocketOriginsTest, AWebSocketOfAForeignPageIsForbiddenAndCounted) {
  Options options = with_origin(CorsOrigin::one_of({"http://friend"}));
  options.websocket_origins = WebSocketOrigins::kAllowed;
  TestServer test(options);
  const auto status = [&](std::string_view fields) {
    const http::ConnectionId id = test.begin("GET", "EIO=4&transport=websocket", {},
                                             TestServer::upgrade_fields() + std::string(fields));
    return test.host().take(id).substr(9, 3);
  };
  EXPECT_EQ(status("Origin: http://evil\r\n"), "400");
  EXPECT_EQ(status("Origin: null\r\n"), "400");
  EXPECT_EQ(test.server().counters().origins_refused, 2U);
  EXPECT_EQ(status("Origin: https://h\r\n"), "101");  // our own host's
  EXPECT_EQ(status("Origin: http://friend\r\n"), "101");
  EXPECT_EQ(status(""), "101");
  // A probe of a session is looked at as well.
  const std::string sid = test.open_polling();
  const Answer probe = test.request("GET", "EIO=4&transport=websocket&sid=" + sid, {},
                                    TestServer::upgrade_fields() + "Origin: http://evil\r\n");
  EXPECT_EQ(probe.body, "Origin not allowed");
}

TEST(CookieTest, HasEveryAttributeInNodesOrder) {
  Options options;
  options.cookie = CookieOptions{.name = "n",
                                 .path = "/p",
                                 .domain = "d.example",
                                 .max_age_s = 60,
                                 .expires = "Wed, 21 Oct 2026 07:28:00 GMT",
                                 .http_only = true,
                                 .secure = true,
                                 .partitioned = true,
                                 .priority = "High",
                                 .same_site = "None"};
  TestServer test(options);
  const Answer answer = test.request("GET", TestServer::polling());
  EXPECT_THAT(
      answer.head,
      HasSubstr("Set-Cookie: n=" + TestServer::sid_of(answer.body) +
                "; Max-Age=60; Domain=d.example; Path=/p; Expires=Wed, 21 Oct 2026 "
                "07:28:00 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None\r\n"));
}

TEST(CookieTest, AnIdOfTheApplicationsOwnCannotEndIt) {
  Options options;
  options.cookie.emplace();
  TestServer test(options);
  Hooks hooks;
  hooks.generate_id = [](Instant now, const http::Request&, IdVerdict verdict) {
    verdict.use(now, "a;b=c_~%");
  };
  test.server().set_hooks(std::move(hooks));
  EXPECT_THAT(test.request("GET", TestServer::polling()).head,
              HasSubstr("Set-Cookie: io=a%3Bb%3Dc_~%25; Path=/;"));
}

TEST(HttpCompressionTest, LongAnswersToPollsArePackedForWhoAcceptsIt) {
  TestServer test{Options()};
  const std::string sid = test.open_polling();
  const auto poll = [&](std::size_t size, std::string_view accept, bool compress = true) {
    test.server().send(test.now, test.sessions[0], text_message(std::string(size, 'x')),
                       {.compress = compress});
    return test.request("GET", TestServer::polling(sid), {},
                        "Accept-Encoding: " + std::string(accept) + "\r\n");
  };
  const Answer packed = poll(1023, "gzip, deflate");
  EXPECT_THAT(packed.head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_LT(packed.body.size(), 100U);
  EXPECT_THAT(poll(1023, "deflate;q=1, gzip;q=0.5").head,
              HasSubstr("Content-Encoding: deflate\r\n"));
  EXPECT_EQ(poll(1022, "gzip").body.size(), 1023U);         // below the threshold
  EXPECT_EQ(poll(2000, "gzip", false).body.size(), 2001U);  // the sender does not want it
  EXPECT_EQ(poll(2000, "br").body.size(), 2001U);
  EXPECT_EQ(test.server().counters().packed_polls, 2U);
  Options off;
  off.http_compression.enabled = false;
  TestServer plain(off);
  const std::string other = plain.open_polling();
  plain.server().send(plain.now, plain.sessions[0], text_message(std::string(2000, 'x')));
  EXPECT_EQ(
      plain.request("GET", TestServer::polling(other), {}, "Accept-Encoding: gzip\r\n").body.size(),
      2001U);
}

}  // namespace
}  // namespace visavis::engineio
