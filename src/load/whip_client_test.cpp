#include "load/whip_client.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/seeded_entropy.hpp"

namespace visavis::load {
namespace {

using Phase = VirtualClient::Phase;

constexpr Instant kStart = Instant(std::chrono::seconds(1));

class Playing : public testing::Test {
 protected:
  Playing() { client_.start(kStart); }

  static WhipClient::Options options() {
    WhipClient::Options options;
    options.url = *parse_url("http://127.0.0.1:8080/whep/room/ann");
    options.media.offer = testpeer::OfferShape::kPlay;
    return options;
  }
  std::string sent() {
    const Buffer bytes = client_.poll_stream_output();
    return std::string(as_text(bytes));
  }
  void answer(std::string_view text) { client_.handle_stream_bytes(kStart, as_bytes(text)); }
  void create() {
    const std::string sdp =
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n" +
        line("audio", "111", "0", "opus/48000/2") + line("video", "96", "1", "VP8/90000");
    answer("HTTP/1.1 201 Created\r\nLocation: /whep/sessions/7\r\nContent-Length: " +
           std::to_string(sdp.size()) + "\r\n\r\n" + sdp);
  }
  std::string line(const std::string& kind, const std::string& type, const std::string& mid,
                   const std::string& codec) const {
    return "m=" + kind + " 9 UDP/TLS/RTP/SAVPF " + type +
           "\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
           "a=fingerprint:sha-256 " +
           identity_.fingerprint().value_text() + "\r\na=setup:passive\r\na=mid:" + mid +
           "\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:" + type + " " + codec +
           "\r\na=candidate:1 1 udp 2130706431 127.0.0.1 7000 typ host\r\n";
  }

  sim::SeededEntropy entropy_{1};
  dtls::Identity identity_ = dtls::Identity::make(entropy_);
  WhipClient client_{kStart, options(), identity_, Random(2)};
};

TEST_F(Playing, PostsAnOfferThatOnlyReceives) {
  EXPECT_TRUE(client_.wants_stream());
  const std::string request = sent();
  EXPECT_TRUE(request.starts_with("POST /whep/room/ann HTTP/1.1\r\n"));
  EXPECT_NE(request.find("Content-Type: application/sdp"), std::string::npos);
  EXPECT_NE(request.find("a=recvonly"), std::string::npos);
  EXPECT_EQ(request.find("a=sendonly"), std::string::npos);
  EXPECT_EQ(client_.asked_at(), kStart);
}

TEST_F(Playing, GoesInWithTheAnswer) {
  create();
  EXPECT_EQ(client_.phase(), Phase::kInside) << client_.failure();
  EXPECT_FALSE(client_.wants_stream());
}

TEST_F(Playing, LeavesByDeletingItsResource) {
  create();
  static_cast<void>(sent());
  client_.handle_stream_closed(kStart);
  client_.leave(kStart);
  EXPECT_TRUE(client_.wants_stream());
  EXPECT_TRUE(sent().starts_with("DELETE /whep/sessions/7 HTTP/1.1\r\n"));
  answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client_.phase(), Phase::kGone);
  EXPECT_FALSE(client_.wants_stream());
}

TEST_F(Playing, LeavingBeforeTheAnswerDeletesWhenItComes) {
  static_cast<void>(sent());
  client_.leave(kStart);
  EXPECT_EQ(client_.phase(), Phase::kStarting);
  create();
  EXPECT_FALSE(client_.wants_stream()) << "the POST's connection ends with its response";
  client_.handle_stream_closed(kStart);
  EXPECT_TRUE(client_.wants_stream());
  EXPECT_TRUE(sent().starts_with("DELETE "));
}

TEST_F(Playing, ARefusalIsAFailureWithItsStatus) {
  answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client_.phase(), Phase::kFailed);
  EXPECT_EQ(client_.failure(), "HTTP 404");
}

TEST_F(Playing, ARefusalIsToldInTheServersWords) {
  const std::string body = "Nobody of this name is in the room.\n";
  answer("HTTP/1.1 404 Not Found\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body);
  EXPECT_EQ(client_.failure(), "HTTP 404: Nobody of this name is in the room.");
}

TEST_F(Playing, APageOfHtmlIsNotTold) {
  answer("HTTP/1.1 503 Busy\r\nContent-Length: 7\r\n\r\n<html/>");
  EXPECT_EQ(client_.failure(), "HTTP 503");
}

TEST_F(Playing, ARedirectionIsToldWithItsTarget) {
  answer("HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:81/a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(client_.failure().find("\"http://127.0.0.1:81/a\""), std::string::npos);
}

TEST_F(Playing, AnAnswerThatIsNoDescriptionIsAFailure) {
  answer("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client_.phase(), Phase::kFailed);
}

TEST_F(Playing, AClosedConnectionIsAFailure) {
  client_.handle_stream_closed(kStart);
  EXPECT_EQ(client_.phase(), Phase::kFailed);
}

TEST_F(Playing, ASilentServerIsGivenUp) {
  client_.handle_timeout(kStart + VirtualClient::kPatience);
  EXPECT_EQ(client_.phase(), Phase::kFailed);
  EXPECT_EQ(client_.next_timeout(), kNever);
}

}  // namespace
}  // namespace visavis::load
