#include "sdp/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdp/fixtures.hpp"

namespace visavis::sdp {
namespace {

using testing::fixture;

constexpr std::string_view kSmall =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\nb=AS:30\r\na=mid:0\r\na=rtcp-mux\r\n";

std::string with_line(std::string_view line) {
  return std::string(kSmall) + std::string(line) + "\r\n";
}

TEST(Session, ReadsOriginAttributesAndMediaSections) {
  const auto session = parse_session(kSmall);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->origin_id, "1");
  EXPECT_EQ(session->origin_version, "2");
  ASSERT_EQ(session->media.size(), 1U);
  EXPECT_EQ(session->media[0].media, "audio");
  EXPECT_EQ(session->media[0].port, 9);
  EXPECT_THAT(session->media[0].formats, ::testing::ElementsAre("111", "0"));
  EXPECT_EQ(*find(session->media[0].attributes, "mid"), "0");
  EXPECT_TRUE(has(session->media[0].attributes, "rtcp-mux"));
  EXPECT_FALSE(has(session->attributes, "rtcp-mux"));
}

TEST(Session, TakesBareLineFeeds) {
  std::string text(kSmall);
  std::erase(text, '\r');
  EXPECT_EQ(parse_session(text), parse_session(kSmall));
}

TEST(Session, ReadsBackWhatItWrites) {
  for (const auto* name : {"chromium_everything.sdp", "firefox_everything.sdp"}) {
    const auto session = parse_session(fixture(name));
    ASSERT_TRUE(session) << name;
    auto again = parse_session(write_session(*session));
    ASSERT_TRUE(again) << name;
    again->origin_user = session->origin_user;
    EXPECT_EQ(*again, *session) << name;
  }
}

TEST(Session, RefusesEveryTruncationWithinALine) {
  const std::string text = fixture("chromium_everything.sdp");
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string_view cut = std::string_view(text).substr(0, length);
    // Cut at a line's end after the third line it is a smaller description, and whole.
    const bool whole = cut.ends_with('\n') && cut.find("\ns=-") != std::string_view::npos;
    ASSERT_EQ(parse_session(cut).has_value(), whole) << length;
  }
}

TEST(Session, RefusesLinesThatAreNone) {
  for (const auto* line : {"", "a", "a:mid", "A=mid", "=x", "a=", "a=:x", "a=mid:\rx", "m=audio",
                           "m=audio x y z", "m=audio 70000 RTP/SAVPF 0", "m=audio 9 RTP/SAVPF ",
                           "m=audio 9  0", "m=audio 9 RTP/SAVPF", "v=0", "o=- 1 2 IN IP4 x"}) {
    const auto session = parse_session(with_line(line));
    ASSERT_FALSE(session) << line;
    EXPECT_EQ(session.error(), SdpError::kSyntax);
  }
}

TEST(Session, RefusesAnotherVersionOrABrokenOrigin) {
  EXPECT_FALSE(parse_session("v=1\r\no=- 1 2 IN IP4 x\r\ns=-\r\n"));
  EXPECT_FALSE(parse_session("v=0\r\no=- one 2 IN IP4 x\r\ns=-\r\n"));
  EXPECT_FALSE(parse_session("v=0\r\no=- 1 2 IN IP4\r\ns=-\r\n"));
  EXPECT_FALSE(parse_session("v=0\r\ns=-\r\no=- 1 2 IN IP4 x\r\n"));
  EXPECT_FALSE(parse_session("v=0\r\n"));
}

TEST(Session, RefusesMoreThanItsLimits) {
  const auto refusal = [](std::string_view text, ParseLimits limits) {
    const auto session = parse_session(text, limits);
    return session ? std::nullopt : std::optional(session.error());
  };
  EXPECT_EQ(refusal(kSmall, {.bytes_max = kSmall.size()}), std::nullopt);
  EXPECT_EQ(refusal(kSmall, {.bytes_max = kSmall.size() - 1}), SdpError::kTooLarge);
  EXPECT_EQ(refusal(kSmall, {.lines_max = 9}), SdpError::kTooManyLines);
  EXPECT_EQ(refusal(kSmall, {.line_bytes_max = 20}), SdpError::kTooLarge);
  EXPECT_EQ(refusal(kSmall, {.media_lines_max = 0}), SdpError::kTooManyMediaLines);
}

}  // namespace
}  // namespace visavis::sdp
