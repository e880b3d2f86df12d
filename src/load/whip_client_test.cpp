#include "load/whip_client.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "sim/seeded_entropy.hpp"

namespace visavis::load {
namespace {

using Phase = VirtualClient::Phase;

constexpr Instant kStart = Instant(std::chrono::seconds(1));

/// What a server's answer says of one kind of media.
struct Answered {
  std::string codec;  ///< As rtpmap says it.
  std::string direction;
  std::uint16_t port = 9;
};

class Whip : public testing::Test {
 protected:
  std::string sent() {
    const Buffer bytes = client_->poll_stream_output();
    return std::string(as_text(bytes));
  }
  void start(WhipClient::Options options) {
    client_.emplace(kStart, std::move(options), identity_, Random(2));
    client_->start(kStart);
  }
  void answer(std::string_view text) { client_->handle_stream_bytes(kStart, as_bytes(text)); }
  void create(const Answered& audio, const Answered& video,
              std::string_view candidate = "127.0.0.1 7000") {
    const std::string sdp =
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n" +
        line("audio", "111", "0", audio) + line("video", "96", "1", video) +
        (candidate.empty()
             ? ""
             : "a=candidate:1 1 udp 2130706431 " + std::string(candidate) + " typ host\r\n");
    answer("HTTP/1.1 201 Created\r\nLocation: /whep/sessions/7\r\nContent-Length: " +
           std::to_string(sdp.size()) + "\r\n\r\n" + sdp);
  }
  std::string line(const std::string& kind, const std::string& type, const std::string& mid,
                   const Answered& answered) const {
    return "m=" + kind + ' ' + std::to_string(answered.port) + " UDP/TLS/RTP/SAVPF " + type +
           "\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
           "a=fingerprint:sha-256 " +
           identity_.fingerprint().value_text() + "\r\na=setup:passive\r\na=mid:" + mid +
           "\r\na=" + answered.direction + "\r\na=rtcp-mux\r\na=rtpmap:" + type + ' ' +
           answered.codec + "\r\n" +
           (answered.codec.starts_with("H264")
                ? "a=fmtp:" + type + " packetization-mode=1;profile-level-id=42e01f\r\n"
                : "");
  }

  sim::SeededEntropy entropy_{1};
  dtls::Identity identity_ = dtls::Identity::make(entropy_);
  std::optional<WhipClient> client_;
};

class Playing : public Whip {
 protected:
  Playing() { start(options()); }

  static WhipClient::Options options() {
    WhipClient::Options options;
    options.url = *parse_url("http://127.0.0.1:8080/whep/room/ann");
    options.media.offer = testpeer::OfferShape::kPlay;
    return options;
  }
  void create(std::string_view candidate = "127.0.0.1 7000") {
    Whip::create(kSound, kPicture, candidate);
  }

  const Answered kSound{.codec = "opus/48000/2", .direction = "sendonly"};
  const Answered kPicture{.codec = "VP8/90000", .direction = "sendonly"};
};

class Publishing : public Whip {
 protected:
  Publishing() {
    WhipClient::Options options;
    options.url = *parse_url("http://127.0.0.1:8080/whip/room/ann");
    options.media.offer = testpeer::OfferShape::kPublish;
    start(std::move(options));
  }
};

TEST_F(Playing, PostsAnOfferThatOnlyReceives) {
  EXPECT_TRUE(client_->wants_stream());
  const std::string request = sent();
  EXPECT_TRUE(request.starts_with("POST /whep/room/ann HTTP/1.1\r\n"));
  EXPECT_NE(request.find("Content-Type: application/sdp"), std::string::npos);
  EXPECT_NE(request.find("a=recvonly"), std::string::npos);
  EXPECT_EQ(request.find("a=sendonly"), std::string::npos);
  EXPECT_EQ(client_->asked_at(), kStart);
}

TEST_F(Playing, GoesInWithTheAnswer) {
  create();
  EXPECT_EQ(client_->phase(), Phase::kInside) << client_->failure();
  EXPECT_FALSE(client_->wants_stream());
}

TEST_F(Playing, LeavesByDeletingItsResource) {
  create();
  static_cast<void>(sent());
  client_->handle_stream_closed(kStart);
  client_->leave(kStart);
  EXPECT_TRUE(client_->wants_stream());
  EXPECT_TRUE(sent().starts_with("DELETE /whep/sessions/7 HTTP/1.1\r\n"));
  answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client_->phase(), Phase::kGone);
  EXPECT_FALSE(client_->wants_stream());
}

TEST_F(Playing, LeavingBeforeTheAnswerDeletesWhenItComes) {
  static_cast<void>(sent());
  client_->leave(kStart);
  EXPECT_EQ(client_->phase(), Phase::kStarting);
  create();
  EXPECT_FALSE(client_->wants_stream()) << "the POST's connection ends with its response";
  client_->handle_stream_closed(kStart);
  EXPECT_TRUE(client_->wants_stream());
  EXPECT_TRUE(sent().starts_with("DELETE "));
}

TEST_F(Playing, ARefusalIsAFailureWithItsStatus) {
  answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client_->phase(), Phase::kFailed);
  EXPECT_EQ(client_->failure(), "HTTP 404");
}

TEST_F(Playing, ARefusalIsToldInTheServersWords) {
  const std::string body = "Nobody of this name is in the room.\n";
  answer("HTTP/1.1 404 Not Found\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body);
  EXPECT_EQ(client_->failure(), "HTTP 404: Nobody of this name is in the room.");
}

TEST_F(Playing, APageOfHtmlIsNotTold) {
  answer("HTTP/1.1 503 Busy\r\nContent-Length: 7\r\n\r\n<html/>");
  EXPECT_EQ(client_->failure(), "HTTP 503");
}

TEST_F(Playing, ASuccessThatMakesNoSessionIsAFailure) {
  answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nv=0");
  EXPECT_EQ(client_->failure(), "HTTP 200, where a session is made by 201");
}

TEST_F(Playing, ARedirectionIsToldWithItsTarget) {
  answer("HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:81/a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(client_->failure().find("\"http://127.0.0.1:81/a\""), std::string::npos);
}

TEST_F(Playing, AnAnswerThatIsNoDescriptionIsAFailure) {
  answer("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client_->phase(), Phase::kFailed);
  EXPECT_EQ(client_->failure(),
            "the body of the 201 is no SDP answer that can be used: The session description is "
            "malformed.");
}

TEST_F(Playing, AnAnswerWithoutACandidateIsAFailure) {
  create("");
  EXPECT_EQ(client_->failure(), "the answer in the 201 has no candidate (UDP, with an address)");
}

TEST_F(Playing, AServerOffLoopbackIsAFailureAtOnceUnlessThatIsAllowed) {
  create("192.0.2.1 7000");
  EXPECT_EQ(client_->failure(),
            "the server is to be reached at 192.0.2.1:7000, not on loopback: --allow-remote, or "
            "let it announce 127.0.0.1");
  WhipClient::Options remote = options();
  remote.stays_on_loopback = false;
  start(std::move(remote));
  create("192.0.2.1 7000");
  EXPECT_EQ(client_->phase(), Phase::kInside) << client_->failure();
}

TEST_F(Playing, AnAnswerWithoutWhatItHasComeForIsAFailure) {
  for (const Answered& none : {Answered{.codec = "VP8/90000", .direction = "inactive"},
                               Answered{.codec = "VP8/90000", .direction = "sendonly", .port = 0},
                               Answered{.codec = "theora/90000", .direction = "sendonly"}}) {
    start(options());
    Whip::create(kSound, none);
    EXPECT_EQ(client_->failure(), "the answer has no video that is sent to us");
  }
  WhipClient::Options listener = options();
  listener.wants = rtp::MediaKind::kAudio;
  start(std::move(listener));
  Whip::create(kSound, {.codec = "VP8/90000", .direction = "inactive"});
  EXPECT_EQ(client_->phase(), Phase::kInside) << client_->failure();
}

TEST_F(Playing, WhoGetsNoAnswerToIceIsToldWhereItAsked) {
  create();
  client_->handle_timeout(kStart + VirtualClient::kPatience);
  EXPECT_EQ(client_->failure(), "no answer to ICE in 15 s from 127.0.0.1:7000");
}

TEST_F(Publishing, AServerThatTakesItsCodecsLetsItIn) {
  create({.codec = "opus/48000/2", .direction = "recvonly"},
         {.codec = "VP8/90000", .direction = "recvonly"});
  EXPECT_EQ(client_->phase(), Phase::kInside) << client_->failure();
}

TEST_F(Publishing, AServerThatTakesOneOfItsKindsAloneIsAFailure) {
  create({.codec = "opus/48000/2", .direction = "recvonly"},
         {.codec = "H264/90000", .direction = "recvonly"});
  EXPECT_EQ(client_->failure(), "the answer takes no VP8: see --codec");
}

TEST_F(Playing, AClosedConnectionIsAFailure) {
  client_->handle_stream_closed(kStart);
  EXPECT_EQ(client_->phase(), Phase::kFailed);
}

TEST_F(Playing, ASilentServerIsGivenUp) {
  client_->handle_timeout(kStart + VirtualClient::kPatience);
  EXPECT_EQ(client_->phase(), Phase::kFailed);
  EXPECT_EQ(client_->next_timeout(), kNever);
}

}  // namespace
}  // namespace visavis::load
