#include "load/http_exchange.hpp"

#include <gtest/gtest.h>

namespace visavis::load {
namespace {

using State = HttpReader::State;

constexpr std::string_view kCreated =
    "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\nlocation: /whep/r/n/42\r\n"
    "Content-Length: 5\r\n\r\nv=0\r\n";

TEST(HttpReader, ReadsStatusLocationAndBody) {
  HttpReader reader;
  EXPECT_EQ(reader.handle_bytes(as_bytes(kCreated)), State::kDone);
  EXPECT_EQ(reader.response().status, 201U);
  EXPECT_EQ(reader.response().location, "/whep/r/n/42");
  EXPECT_EQ(reader.response().body, "v=0\r\n");
}

TEST(HttpReader, ReadsTheSameByteByByte) {
  HttpReader reader;
  for (const char& letter : kCreated) {
    EXPECT_EQ(reader.state(), State::kReading);
    static_cast<void>(reader.handle_bytes(as_bytes({&letter, 1})));
  }
  EXPECT_EQ(reader.state(), State::kDone);
  EXPECT_EQ(reader.response().body, "v=0\r\n");
}

TEST(HttpReader, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < kCreated.size(); ++size) {
    HttpReader reader;
    static_cast<void>(reader.handle_bytes(as_bytes(kCreated.substr(0, size))));
    EXPECT_EQ(reader.handle_end(), State::kFailed) << size;
  }
}

TEST(HttpReader, ReadsChunks) {
  HttpReader reader;
  EXPECT_EQ(
      reader.handle_bytes(as_bytes("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "5\r\nv=0\r\n\r\n2;x=y\r\nab\r\n0\r\n")),
      State::kReading);
  EXPECT_EQ(reader.handle_bytes(as_bytes("\r\n")), State::kDone);
  EXPECT_EQ(reader.response().body, "v=0\r\nab");
}

TEST(HttpReader, ABodyWithoutALengthEndsWithTheConnection) {
  HttpReader reader;
  EXPECT_EQ(reader.handle_bytes(as_bytes("HTTP/1.0 200 OK\r\n\r\nabc")), State::kReading);
  EXPECT_EQ(reader.handle_end(), State::kDone);
  EXPECT_EQ(reader.response().body, "abc");
}

TEST(HttpReader, PassesOverInterimResponses) {
  HttpReader reader;
  EXPECT_EQ(
      reader.handle_bytes(as_bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")),
      State::kDone);
  EXPECT_EQ(reader.response().status, 204U);
}

TEST(HttpReader, RefusesWhatIsNoHttpOrTooLarge) {
  for (const std::string& text :
       {std::string("SSH-2.0-OpenSSH\r\n\r\n"), std::string("HTTP/1.1 2x1 \r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        "HTTP/1.1 200 OK\r\nX: " + std::string(HttpReader::kHeadBytesMax, 'x')}) {
    HttpReader reader;
    EXPECT_EQ(reader.handle_bytes(as_bytes(text)), State::kFailed) << text.substr(0, 40);
  }
}

TEST(Url, OnlyAddressesAreTaken) {
  const auto url = parse_url("http://localhost:8080/a/b?c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->at.to_string(), "127.0.0.1:8080");
  EXPECT_EQ(url->path, "/a/b?c");
  EXPECT_TRUE(parse_url("http://[::1]:80"));
  EXPECT_EQ(parse_url("http://127.0.0.1/x")->at.port, 80);
  for (const std::string_view bad :
       {"https://127.0.0.1/", "http://example.org/", "127.0.0.1:80", "http://127.0.0.1:80/a b"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(Url, ALocationMayBeWholeAPathOrAName) {
  const auto base = parse_url("http://127.0.0.1:8080/whep/room/ann?x=/y");
  EXPECT_EQ(resolve(*base, "http://127.0.0.1:9/z")->at.port, 9);
  EXPECT_EQ(resolve(*base, "/r/7")->path, "/r/7");
  EXPECT_EQ(resolve(*base, "7")->path, "/whep/room/7");
  EXPECT_EQ(resolve(*base, "//127.0.0.1:9/z")->at.port, 9);
  EXPECT_EQ(resolve(*base, "/r/7?key=/../a")->path, "/r/7?key=/../a");
  EXPECT_EQ(resolve(*base, "../sessions/7?a=b")->path, "/whep/sessions/7?a=b");
  EXPECT_EQ(resolve(*base, "./7")->path, "/whep/room/7");
  EXPECT_EQ(resolve(*base, "../../../../7/.")->path, "/7/");
  EXPECT_EQ(resolve(*base, "/a/../..")->path, "/");
  EXPECT_FALSE(resolve(*base, "/a\r\nX: y"));
}

TEST(Url, TemplatesAreFilledIn) {
  EXPECT_EQ(expand("http://h/{room}/{name}?r={room}", "R", "N"), "http://h/R/N?r=R");
}

TEST(Request, CarriesTheOfferAndTheToken) {
  const auto url = parse_url("http://127.0.0.1:8080/whip/r/n");
  EXPECT_EQ(
      write_request(
          *url,
          {.method = "POST", .content_type = "application/sdp", .body = "v=0", .bearer = "t"}),
      "POST /whip/r/n HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n"
      "Authorization: Bearer t\r\nContent-Type: application/sdp\r\nContent-Length: 3\r\n\r\n"
      "v=0");
}

}  // namespace
}  // namespace visavis::load
