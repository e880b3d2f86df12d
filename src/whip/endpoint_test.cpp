#include "whip/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "conference/call_bed.hpp"
#include "http/test_host.hpp"

namespace visavis::whip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using conference::offer_of_both;

/// What came back, as bytes of HTTP.
struct Answer {
  std::string bytes;

  [[nodiscard]] std::string status() const { return bytes.substr(9, 3); }
  [[nodiscard]] std::string field(std::string_view name) const {
    const std::string start = "\r\n" + std::string(name) + ": ";
    const std::size_t at = bytes.find(start);
    if (at == std::string::npos) {
      return {};
    }
    const std::size_t value = at + start.size();
    return bytes.substr(value, bytes.find("\r\n", value) - value);
  }
  [[nodiscard]] std::string body() const { return bytes.substr(bytes.find("\r\n\r\n") + 4); }
};

class Whip : public ::testing::Test {
 protected:
  Answer ask(std::string_view method, std::string_view path, std::string_view body = {},
             std::string_view type = "application/sdp") {
    const http::ConnectionId connection = host_.open(bed_.now());
    std::string request =
        std::string(method) + ' ' + std::string(path) + " HTTP/1.1\r\nHost: a\r\n";
    if (!body.empty()) {
      request += "Content-Type: " + std::string(type) +
                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    }
    host_.send(bed_.now(), connection, request + "\r\n" + std::string(body));
    bed_.settle();
    Answer answer{host_.take(connection)};
    host_.close(bed_.now(), connection);
    return answer;
  }
  Answer publish(std::string_view path = "/whip/studio/Camera") {
    return ask("POST", path, offer_of_both(sdp::Direction::kSendOnly));
  }
  Answer play(std::string_view path = "/whep/studio/Camera") {
    return ask("POST", path, offer_of_both(sdp::Direction::kRecvOnly));
  }

  conference::CallBed bed_;
  http::Server http_;
  http::TestHost host_{http_};
  Endpoint endpoint_{http_, bed_.service()};
};

TEST_F(Whip, AnOfferIsAnsweredWithASession) {
  const Answer answer = publish("/whip/the%20studio/Camera");
  EXPECT_EQ(answer.status(), "201");
  EXPECT_EQ(answer.field("Content-Type"), "application/sdp");
  EXPECT_THAT(answer.field("Location"), StartsWith("/whip/the%20studio/Camera/"));
  EXPECT_THAT(answer.field("ETag"), StartsWith("\""));
  EXPECT_THAT(answer.body(), StartsWith("v=0\r\n"));
  EXPECT_THAT(answer.body(), HasSubstr("a=ice-ufrag:" + answer.field("ETag").substr(1, 4)));
}

TEST_F(Whip, ASessionEndsByDeleteOnce) {
  const std::string publisher = publish().field("Location");
  const std::string player = play().field("Location");
  EXPECT_THAT(player, StartsWith("/whep/studio/Camera/"));
  EXPECT_EQ(ask("DELETE", "/whep" + publisher.substr(5)).status(), "404");
  EXPECT_EQ(ask("DELETE", player).status(), "200");
  EXPECT_EQ(ask("DELETE", player).status(), "404");
  EXPECT_EQ(ask("DELETE", publisher).status(), "200");
  EXPECT_EQ(ask("DELETE", publisher).status(), "404");
  EXPECT_EQ(play().status(), "404");
}

TEST_F(Whip, ADeleteThatComesLateEndsNobodyElsesSession) {
  const std::string first = publish().field("Location");
  const std::string player = play().field("Location");
  EXPECT_EQ(ask("DELETE", first).status(), "200");
  EXPECT_EQ(ask("DELETE", player).status(), "404") << "it ended with whom it played";
  const std::string second = publish().field("Location");
  EXPECT_EQ(ask("DELETE", first).status(), "404");
  EXPECT_EQ(ask("GET", second).status(), "204");
  EXPECT_EQ(play().status(), "201");
}

TEST_F(Whip, AnOfferOfAThousandLinesIsRefused) {
  std::string offer = offer_of_both(sdp::Direction::kSendOnly);
  for (int line = 0; line < 1'000; ++line) {
    offer += "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:more" + std::to_string(line) + "\r\n";
  }
  for (const char* path : {"/whip/studio/Camera", "/whep/studio/Camera"}) {
    const Answer answer = ask("POST", path, offer);
    EXPECT_EQ(answer.status(), "400") << path;
    EXPECT_EQ(answer.body(), "The session description has too many m-lines.\n");
    publish();  // Somebody is there to be played.
  }
}

TEST_F(Whip, RefusalsHaveTheirStatusAndASentence) {
  publish();
  const Answer taken = publish();
  EXPECT_EQ(taken.status(), "409");
  EXPECT_EQ(taken.body(), "Somebody of this name is in the room.\n");
  EXPECT_EQ(play("/whep/studio/Nobody").status(), "404");
  EXPECT_EQ(ask("POST", "/whip/studio/B", "no offer").status(), "400");
  EXPECT_EQ(ask("POST", "/whip/studio/%C3", offer_of_both(sdp::Direction::kSendOnly)).status(),
            "400");
  const Answer type = ask("POST", "/whip/studio/B", "{}", "application/json");
  EXPECT_EQ(type.status(), "415");
  EXPECT_EQ(type.field("Accept-Post"), "application/sdp");
  EXPECT_EQ(ask("POST", "/whip/studio/B", offer_of_both(sdp::Direction::kSendOnly),
                "Application/SDP; charset=utf-8")
                .status(),
            "201");
  EXPECT_EQ(ask("POST", "/whip/studio/C").status(), "415");
  const Answer large = ask("POST", "/whip/studio/C", std::string(600'000, ' '));
  EXPECT_EQ(large.status(), "413");
  EXPECT_THAT(large.body(), HasSubstr("An offer has at most"));
  const Answer nothing = ask("POST", "/whip/studio/C", offer_of_both(sdp::Direction::kRecvOnly));
  EXPECT_EQ(nothing.status(), "422");
  EXPECT_EQ(nothing.body(), "The offer has no audio or video line that can be used.\n");
  const Answer twice =
      ask("POST", "/whip/studio/C",
          conference::offer_of({{rtp::MediaKind::kVideo, sdp::Direction::kSendOnly},
                                {rtp::MediaKind::kVideo, sdp::Direction::kSendOnly}}));
  EXPECT_EQ(twice.status(), "422");
  EXPECT_EQ(twice.body(), "A publisher sends at most one audio and one video line.\n");
  EXPECT_EQ(ask("POST", "/whep/studio/Camera", offer_of_both(sdp::Direction::kSendOnly)).status(),
            "422");
  EXPECT_EQ(ask("POST", "/whip/studio", offer_of_both(sdp::Direction::kSendOnly)).status(), "404");
}

TEST_F(Whip, TooMuchIsRefusedUntilLater) {
  conference::Options options = conference::CallBed::default_options();
  options.direct_max = 3;
  options.direct_per_address_max = 2;
  conference::CallBed bed(options);
  http::Server server;
  http::TestHost host(server);
  const Endpoint endpoint(server, bed.service());
  const auto post = [&](std::string_view name, const IpAddress& from) {
    const http::ConnectionId id(1'000 + static_cast<std::uint64_t>(name.front()));
    server.handle_open(bed.now(), id, {from, 50'000}, false);
    const std::string offer = offer_of_both(sdp::Direction::kSendOnly);
    server.handle_bytes(bed.now(), id,
                        as_bytes("POST /whip/studio/" + std::string(name) +
                                 " HTTP/1.1\r\nHost: a\r\nContent-Type: application/sdp\r\n"
                                 "Content-Length: " +
                                 std::to_string(offer.size()) + "\r\n\r\n" + offer));
    bed.settle();
    Answer answer;
    while (const auto output = server.poll_output()) {
      for (const SharedBytes& bytes : output->bytes) {
        answer.bytes += as_text(*bytes);
      }
    }
    return answer;
  };
  const IpAddress one = IpAddress::v4(0xC633'6401);
  const IpAddress two = IpAddress::v4(0xC633'6402);
  EXPECT_EQ(post("a", one).status(), "201");
  EXPECT_EQ(post("b", one).status(), "201");
  EXPECT_EQ(post("c", one).status(), "429");
  EXPECT_EQ(post("d", two).status(), "201");
  const Answer full = post("e", two);
  EXPECT_EQ(full.status(), "503");
  EXPECT_EQ(full.field("Retry-After"), "5");
}

TEST_F(Whip, PagesOfOtherOriginsMayUseIt) {
  const Answer preflight = ask("OPTIONS", "/whip/studio/Camera");
  EXPECT_EQ(preflight.status(), "204");
  EXPECT_EQ(preflight.field("Access-Control-Allow-Origin"), "*");
  EXPECT_THAT(preflight.field("Access-Control-Allow-Methods"), HasSubstr("DELETE"));
  EXPECT_THAT(preflight.field("Access-Control-Allow-Headers"), HasSubstr("Content-Type"));
  EXPECT_EQ(preflight.field("Accept-Post"), "application/sdp");
  for (const Answer& answer : {publish(), publish()}) {
    EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
    EXPECT_THAT(answer.field("Access-Control-Expose-Headers"), HasSubstr("Location, ETag"));
  }
}

TEST_F(Whip, OtherMethodsAreNotAllowed) {
  const std::string session = publish().field("Location");
  for (const char* method : {"PUT", "PATCH", "DELETE"}) {
    const Answer answer = ask(method, "/whip/studio/Camera");
    EXPECT_EQ(answer.status(), "405") << method;
    EXPECT_EQ(answer.field("Allow"), "GET, HEAD, OPTIONS, POST");
  }
  for (const char* method : {"PUT", "PATCH", "POST"}) {
    const Answer answer = ask(method, session);
    EXPECT_EQ(answer.status(), "405") << method;
    EXPECT_EQ(answer.field("Allow"), "DELETE, GET, HEAD, OPTIONS");
  }
}

TEST_F(Whip, WhoLooksAtAnEndpointOrASessionIsToldThatThereIsNothingToSee) {
  const std::string session = publish().field("Location");
  for (const char* method : {"GET", "HEAD"}) {
    for (const std::string& path : {std::string("/whep/studio/Nobody"), session}) {
      const Answer answer = ask(method, path);
      EXPECT_EQ(answer.status(), "204") << method << ' ' << path;
      EXPECT_EQ(answer.body(), "");
      EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
    }
    EXPECT_EQ(ask(method, "/whep" + session.substr(5)).status(), "404") << method;
    EXPECT_EQ(ask(method, session + 'x').status(), "404") << method;
  }
  EXPECT_EQ(ask("HEAD", session + 'x').body(), "");
  EXPECT_EQ(ask("DELETE", session).status(), "200");
  EXPECT_EQ(ask("GET", session).status(), "404");
}

TEST_F(Whip, SessionsCannotBeGuessedFromOneAnother) {
  const std::string first = publish("/whip/studio/A").field("Location");
  const std::string second = publish("/whip/studio/B").field("Location");
  constexpr std::size_t kSecret = 32;
  EXPECT_THAT(second, Not(HasSubstr(first.substr(first.size() - kSecret, 8))));
}

}  // namespace
}  // namespace visavis::whip
