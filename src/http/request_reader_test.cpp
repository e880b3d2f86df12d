#include "http/request_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace visavis::http {
namespace {

using Progress = RequestReader::Progress;

/// Reads `text`, which must be one whole request, or tells the status of its refusal.
std::expected<Request, unsigned> read_whole(std::string_view text, std::size_t body_max = 1000) {
  RequestReader reader(1024);
  Bytes input = as_bytes(text);
  while (true) {
    const auto progress = reader.read(input);
    if (!progress) {
      return std::unexpected(progress.error());
    }
    if (*progress == Progress::kNeedMore) {
      return std::unexpected(0U);
    }
    if (*progress == Progress::kComplete) {
      EXPECT_TRUE(input.empty());
      return reader.take();
    }
    if (const auto allowed = reader.limit_body(body_max); !allowed) {
      return std::unexpected(allowed.error());
    }
  }
}

unsigned status_of(std::string_view text, std::size_t body_max = 1000) {
  const auto request = read_whole(text, body_max);
  return request ? 200 : request.error();
}

TEST(RequestReaderTest, WhatWasTakenStaysWhenTheReaderReadsTheNext) {
  RequestReader reader(1000);
  Bytes first = as_bytes("GET /first HTTP/1.0\r\nHost: a\r\nAccept: b\r\n\r\n");
  ASSERT_TRUE(reader.read(first));
  const Request taken = reader.take();
  reader.restart();
  Bytes second = as_bytes("PUT /2 HTTP/1.1\r\nHost: c\r\n\r\n");
  ASSERT_TRUE(reader.read(second));
  EXPECT_EQ(reader.head().method, "PUT");
  EXPECT_EQ(reader.head().target, "/2");
  EXPECT_EQ(reader.head().minor_version, 1U);
  EXPECT_EQ(reader.head().headers.size(), 1U);
  EXPECT_EQ(taken.method, "GET");
  EXPECT_EQ(taken.target, "/first");
  EXPECT_EQ(taken.minor_version, 0U);
  EXPECT_EQ(taken.headers.find("Host"), "a");
  EXPECT_EQ(taken.headers.find("accept"), "b");
}

TEST(RequestReaderTest, TakesTheTargetApartAndDecodesNothing) {
  const auto request = read_whole("GET /a%20b/?x=%41&y HTTP/1.1\r\nHost: h\r\nA-b:  c d \r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->target, "/a%20b/?x=%41&y");
  EXPECT_EQ(request->path(), "/a%20b/");
  EXPECT_EQ(request->query(), "x=%41&y");
  EXPECT_EQ(request->headers.find("a-B"), "c d");
}

TEST(RequestReaderTest, AProxysAbsoluteTargetLosesItsAuthority) {
  const auto absolute = read_whole("GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(absolute->path(), "/p");
  EXPECT_EQ(absolute->query(), "q");
  const auto bare = read_whole("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(bare->path(), "/");
  EXPECT_EQ(bare->query(), "");
}

TEST(RequestReaderTest, EveryTruncationIsNoRequestYet) {
  const std::string text =
      "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(status_of(std::string_view(text).substr(0, size)), 0U) << size;
  }
  const auto request = read_whole(text);
  ASSERT_TRUE(request);
  EXPECT_EQ(as_text(request->body), "abc0123456789");
  EXPECT_FALSE(request->headers.find("Trailer"));
}

TEST(RequestReaderTest, ReadsTheSameByteByByte) {
  const std::string text =
      "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  RequestReader reader(1024);
  Buffer pending;
  Progress last = Progress::kNeedMore;
  for (const char letter : text) {
    pending.push_back(static_cast<std::byte>(letter));
    Bytes input = pending;
    auto progress = reader.read(input);
    ASSERT_TRUE(progress);
    if (progress == Progress::kHead) {
      ASSERT_TRUE(reader.limit_body(10));
      progress = reader.read(input);
    }
    pending.erase(pending.begin(), pending.end() - static_cast<std::ptrdiff_t>(input.size()));
    last = *progress;
  }
  ASSERT_EQ(last, Progress::kComplete);
  EXPECT_EQ(as_text(reader.take().body), "abc");
}

TEST(RequestReaderTest, WhatTwoReadersCouldReadInTwoWaysIsRefused) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400U);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                      "Content-Length: 3\r\n\r\n0\r\n\r\n"),
            400U);
  for (const std::string_view field : {"Transfer-Encoding: gzip, chunked",
                                       "Transfer-Encoding: chunked, gzip",
                                       "Transfer-Encoding: identity",
                                       "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                                       "Transfer-Encoding : chunked",
                                       "Content-Length: 1\r\nContent-Length: 2",
                                       "Content-Length: 0\r\nContent-Length: 0",
                                       "Content-Length: 0, 0",
                                       "Content-Length: -1",
                                       "Content-Length: +0",
                                       "Content-Length: 0x1",
                                       "Content-Length: 18446744073709551616",
                                       "Content-Length:",
                                       "Content-Length: 0 0",
                                       "Content-Length: \v0",
                                       "Content-Length: 0\xA0",
                                       "Content-Length : 0",
                                       "Content-Length: 18446744073709551617",
                                       "Transfer-Encoding: xchunked",
                                       "Transfer-Encoding: \"chunked\"",
                                       "Transfer-Encoding: chunked;q=1",
                                       "Transfer-Encoding: \vchunked",
                                       "Transfer-Encoding:\r\n chunked",
                                       "Transfer-Encoding: chunked\r\n\t, identity",
                                       "Host: other",
                                       " folded: x",
                                       "A\rB: c",
                                       "A\nB: c",
                                       "A B: c",
                                       "A: b\x01"}) {
    EXPECT_NE(status_of("POST / HTTP/1.1\r\nHost: h\r\n" + std::string(field) + "\r\n\r\n"), 200U)
        << field;
  }
}

TEST(RequestReaderTest, CodingsOfAnOldVersionAreRefused) {  // RFC 9112 §6.1
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400U);
}

TEST(RequestReaderTest, AHostThatIsNoneIsRefused) {
  for (const std::string_view host : {"a, b", "a b", "a/b", "user@a", "a?b", "a#b"}) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 400U) << host;
  }
  for (const std::string_view host : {"", "a", "a.example:3000", "127.0.0.1:1", "[::1]:80"}) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 200U) << host;
  }
}

TEST(RequestReaderTest, OtherVersionsOfHttpAreRefused) {
  EXPECT_EQ(status_of("GET /\r\n\r\n"), 400U);  // 0.9
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: h\r\n\r\n"), 505U);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505U);  // RFC 9113 §3.4
  EXPECT_EQ(status_of("GET / http/1.1\r\nHost: h\r\n\r\n"), 505U);
  EXPECT_EQ(status_of("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"), 505U);
}

TEST(RequestReaderTest, BadStartLinesAreRefused) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400U);  // RFC 9112 §3.2
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 200U);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505U);
  EXPECT_EQ(status_of("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET /\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("G@T / HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET x HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: h\n\n"), 505U);
}

TEST(RequestReaderTest, BadChunksAreRefused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view chunks :
       {"g\r\n", "-1\r\n", "1\r\nab\r\n0\r\n\r\n", "1 \nab\r\n", ";\r\n", "\r\n", "1\nab\r\n",
        "1\r\na\n0\r\n\r\n", "0\r\n\n", "0\r\nA: b\n\r\n", "0\r\n A: b\r\n\r\n",
        "0\r\nA\x01: b\r\n\r\n"}) {
    EXPECT_EQ(status_of(head + std::string(chunks)), 400U) << chunks;
  }
  EXPECT_EQ(status_of(head + "FFFFFFFFFFFFFFFFF\r\n"), 413U);
}

TEST(RequestReaderTest, AChunkedBodyMayBeCutAnywhere) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view chunks :
       {"0\r\n\r\n", "0\r\nA: b\r\n\r\n", "00;a\r\nA: b\r\nC: d\r\n\r\n"}) {
    for (std::size_t cut = 0; cut <= chunks.size(); ++cut) {
      RequestReader reader(1024);
      Bytes first = as_bytes(head);
      ASSERT_EQ(reader.read(first), Progress::kHead);
      ASSERT_TRUE(reader.limit_body(10));
      Bytes start = as_bytes(chunks.substr(0, cut));
      ASSERT_TRUE(reader.read(start)) << chunks << cut;
      EXPECT_TRUE(start.empty()) << chunks << cut;
      Bytes rest = as_bytes(chunks.substr(cut));
      EXPECT_EQ(reader.read(rest), Progress::kComplete) << chunks << cut;
    }
  }
}

TEST(RequestReaderTest, ChunkExtensionsAreSkippedAndLimited) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(status_of(head + "1;a=b\r\nx\r\n0;c\r\n\r\n"), 200U);
  EXPECT_NE(status_of(head + "1;a=" + std::string(20'000, 'b') + "\r\nx\r\n0\r\n\r\n"), 200U);
  EXPECT_NE(status_of(head + "1;a=b\nx\r\n0\r\n\r\n"), 200U);  // a bare line feed
}

TEST(RequestReaderTest, LengthsOf2To31And2To63AreTooBigFromTheHeaderAlone) {
  for (const std::string_view length :
       {"2147483648", "4294967296", "9223372036854775807", "9223372036854775808"}) {
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::string(length) +
                        "\r\n\r\n"),
              413U)
        << length;
  }
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view length :
       {"80000000", "100000000", "7FFFFFFFFFFFFFFF", "8000000000000000", "10000000000000001"}) {
    EXPECT_EQ(status_of(chunked + std::string(length) + "\r\nx"), 413U) << length;
  }
}

TEST(RequestReaderTest, LimitsAreOnTheHeaderAndOnTheBody) {
  const std::string long_value(2000, 'a');
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\nA: " + long_value + "\r\n\r\n"), 431U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\nA: " + long_value), 431U);
  EXPECT_EQ(status_of("GET /" + long_value), 431U);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n", 3), 413U);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 3), 200U);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(status_of(chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", 3), 413U);
  EXPECT_EQ(status_of(chunked + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 3), 200U);
  // An endless chunk extension, and endless trailers.
  EXPECT_EQ(status_of(chunked + "1;" + long_value), 400U);
  EXPECT_EQ(status_of(chunked + "0\r\nA: " + long_value), 400U);
}

TEST(RequestReaderTest, SmallFieldsTogetherAreLimitedToo) {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 200; ++i) {
    text += "Aaaa: b\r\n";
  }
  EXPECT_EQ(status_of(text + "\r\n"), 431U);
}

TEST(RequestReaderTest, TheNextRequestStaysInTheInput) {
  RequestReader reader(1024);
  const std::string_view text =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n";
  Bytes input = as_bytes(text);
  ASSERT_EQ(reader.read(input), Progress::kHead);
  ASSERT_EQ(reader.read(input), Progress::kComplete);
  EXPECT_EQ(as_text(input), "GET / HTTP/1.1\r\n");
}

}  // namespace
}  // namespace visavis::http
