#include "sdp/description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdp/fixtures.hpp"

namespace visavis::sdp {
namespace {

using testing::fixture;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

const OfferedCodec* find_codec(const Line& line, rtp::Format format) {
  for (const OfferedCodec& codec : line.codecs) {
    if (codec.line.format == format) {
      return &codec;
    }
  }
  return nullptr;
}

TEST(Description, ReadsChromiumsOffer) {
  const auto offer = parse_description(fixture("chromium_everything.sdp"));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->ice.ufrag, "bNFh");
  EXPECT_EQ(offer->ice.pwd, "XX7ppB4zUYvFQo5kiTIQpUzf");
  EXPECT_EQ(offer->fingerprint.algorithm, "sha-256");
  EXPECT_TRUE(offer->fingerprint.value.starts_with("E9:D6:45:76"));
  EXPECT_EQ(offer->setup, SetupRole::kActpass);
  EXPECT_TRUE(offer->extmap_allow_mixed);
  ASSERT_EQ(offer->lines.size(), 10U);

  const Line& video = offer->lines[1];
  EXPECT_EQ(video.kind, rtp::MediaKind::kVideo);
  EXPECT_EQ(video.direction, Direction::kSendOnly);
  EXPECT_TRUE(video.bundled && video.rtcp_mux && video.reduced_size_rtcp && !video.rejected);
  ASSERT_TRUE(video.ssrc && video.rtx_ssrc);
  const OfferedCodec* const vp8 = find_codec(video, {.codec = rtp::CodecName::kVp8});
  ASSERT_NE(vp8, nullptr);
  EXPECT_EQ(vp8->line.payload_type, rtp::PayloadType(96));
  EXPECT_EQ(vp8->line.rtx, rtp::PayloadType(97));
  EXPECT_TRUE(vp8->line.nack && vp8->line.pli && vp8->line.fir && vp8->line.transport_cc);
  const OfferedCodec* const h264 =
      find_codec(video, {.codec = rtp::CodecName::kH264, .profile = kH264ConstrainedBaseline});
  ASSERT_NE(h264, nullptr);
  EXPECT_EQ(h264->line.payload_type, rtp::PayloadType(108));
  EXPECT_EQ(offer->lines[9].kind, std::nullopt);  // The data channel.
}

TEST(Description, ReadsFirefoxsOffer) {
  const auto offer = parse_description(fixture("firefox_everything.sdp"));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->ice.ufrag, "d8a68674");
  EXPECT_EQ(offer->fingerprint.algorithm, "sha-256");  // At the session.
  const Line& video = offer->lines[1];
  EXPECT_FALSE(video.rejected);  // Port 0, but bundle-only.
  const OfferedCodec* const vp8 = find_codec(video, {.codec = rtp::CodecName::kVp8});
  ASSERT_NE(vp8, nullptr);
  EXPECT_EQ(vp8->line.payload_type, rtp::PayloadType(120));
  EXPECT_EQ(vp8->line.rtx, rtp::PayloadType(124));
  EXPECT_FALSE(offer->lines[0].reduced_size_rtcp);
  const auto delay = std::ranges::find(video.extensions, rtp::Extension::kPlayoutDelay,
                                       &OfferedExtension::extension);
  ASSERT_NE(delay, video.extensions.end());
  EXPECT_EQ(delay->direction, Direction::kRecvOnly);
}

TEST(Description, NamesH264ByProfileClassAndPacketizationMode) {
  EXPECT_EQ(h264_profile("packetization-mode=1;profile-level-id=42e01f"), 1);
  EXPECT_EQ(h264_profile("profile-level-id=42e034;packetization-mode=1"), 1);
  EXPECT_EQ(h264_profile("profile-level-id=42e01f"), 0);
  EXPECT_EQ(h264_profile(""), 0);
  EXPECT_EQ(h264_profile("packetization-mode=1;profile-level-id=42001f"), 3);
  EXPECT_EQ(h264_profile("packetization-mode=1;profile-level-id=4d001f"), 5);
  EXPECT_EQ(h264_profile("packetization-mode=1;profile-level-id=640c1f"), 7);
  EXPECT_EQ(h264_profile("packetization-mode=1; profile-level-id=64001f"), 9);
  EXPECT_EQ(h264_profile("packetization-mode=2;profile-level-id=42e01f"), std::nullopt);
  EXPECT_EQ(h264_profile("profile-level-id=42e0"), std::nullopt);
  EXPECT_EQ(h264_profile("profile-level-id=zzzzzz"), std::nullopt);
}

TEST(Description, WantsOneBundle) {
  const std::string text = fixture("chromium_everything.sdp");
  const auto offer = parse_description(replaced(text, "a=group:BUNDLE 0 1 2", "a=group:LS 0 1 2"));
  ASSERT_FALSE(offer);
  EXPECT_EQ(offer.error(), SdpError::kNotBundled);
}

TEST(Description, WantsIceCredentialsAndAGoodFingerprint) {
  const std::string text = fixture("chromium_everything.sdp");
  const auto error = [&](std::string_view from, std::string_view to) {
    const auto offer = parse_description(replaced(text, from, to));
    return offer ? std::nullopt : std::optional(offer.error());
  };
  EXPECT_EQ(error("a=ice-ufrag:bNFh", "a=ice-ufrag:bN"), SdpError::kNoIceCredentials);
  EXPECT_EQ(error("a=ice-ufrag:bNFh", "a=ice-ufrag:bN:h"), SdpError::kNoIceCredentials);
  EXPECT_EQ(error("a=ice-pwd:", "a=x:"), SdpError::kNoIceCredentials);
  EXPECT_EQ(error("a=fingerprint:sha-256", "a=fingerprint:sha-1"), SdpError::kNoFingerprint);
  EXPECT_EQ(error("a=fingerprint:sha-256", "a=fingerprint:SHA-256"), std::nullopt);
}

TEST(Description, WantsAMidOfItsOwnForEachLine) {
  const std::string text = fixture("chromium_everything.sdp");
  for (const auto* to : {"a=mid:1\r\n", "a=x:0\r\n"}) {
    const auto offer = parse_description(replaced(text, "a=mid:0\r\n", to));
    ASSERT_FALSE(offer);
    EXPECT_EQ(offer.error(), SdpError::kNoMid);
  }
}

TEST(Description, ReadsUdpCandidatesBestFirst) {
  const std::string text = fixture("chromium_everything.sdp") +
                           "a=candidate:1 1 udp 100 192.0.2.1 5000 typ host\r\n"
                           "a=candidate:2 1 UDP 200 2001:db8::1 5001 typ host generation 0\r\n"
                           "a=candidate:3 1 tcp 300 192.0.2.1 9 typ host tcptype active\r\n"
                           "a=candidate:4 2 udp 400 192.0.2.1 5002 typ host\r\n"
                           "a=candidate:5 1 udp 500 3b2e0a3c.local 5003 typ host\r\n";
  const auto offer = parse_description(text);
  ASSERT_TRUE(offer);
  ASSERT_EQ(offer->candidates.size(), 2U);
  EXPECT_EQ(offer->candidates[0].to_string(), "[2001:db8::1]:5001");
  EXPECT_EQ(offer->candidates[1].to_string(), "192.0.2.1:5000");
}

TEST(Description, SkipsPayloadTypesThatCollideWithRtcp) {
  const auto offer = parse_description(
      replaced(replaced(fixture("chromium_everything.sdp"), "SAVPF 111 63", "SAVPF 72 63"), ":111 ",
               ":72 "));
  ASSERT_TRUE(offer);
  EXPECT_TRUE(offer->lines[0].codecs.empty());
}

}  // namespace
}  // namespace visavis::sdp
