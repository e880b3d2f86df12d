#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "sdp/answer.hpp"
#include "sdp/fixtures.hpp"
#include "sdp/offer.hpp"

/// Connections that only publish or only play (WHIP and WHEP), and offers of what is no browser.
namespace visavis::sdp {
namespace {

using ::testing::ElementsAre;
using testing::fixture;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr rtp::Format kOpus{.codec = rtp::CodecName::kOpus};
constexpr rtp::Format kVp8{.codec = rtp::CodecName::kVp8};
constexpr rtp::Format kH264{.codec = rtp::CodecName::kH264, .profile = kH264ConstrainedBaseline};

std::expected<Negotiated, SdpError> answered(std::string_view offer, Purpose purpose) {
  const auto description = parse_description(offer);
  check(description.has_value());
  OurSide ours = testing::server_side();
  ours.purpose = purpose;
  testing::SeededEntropy entropy(1);
  return answer(*description, ours, nullptr, entropy);
}

std::vector<Direction> directions(const Negotiated& negotiated) {
  std::vector<Direction> found;
  const auto description = parse_description(negotiated.answer);
  check(description.has_value());
  for (const Line& line : description->lines) {
    found.push_back(line.rejected ? Direction::kInactive : line.direction);
  }
  return found;
}

std::string offer_of(const std::vector<Direction>& video_lines) {
  OurOffer offer{.ice = {.ufrag = "abcd", .pwd = "0123456789012345678901"},
                 .fingerprint = {.algorithm = "sha-256", .value = "AB:CD"},
                 .origin_id = "1"};
  for (const Direction direction : video_lines) {
    offer.lines.push_back({.mid = std::to_string(offer.lines.size()),
                           .kind = rtp::MediaKind::kVideo,
                           .direction = direction});
  }
  return write_offer(offer);
}

/// Each of the texts stands there once.
std::string changed(std::string text,
                    const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [from, to] : changes) {
    const auto at = text.find(from);
    check(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Purpose, TakesAnEncodersOfferWithoutRetransmissionAndExtensions) {
  const auto negotiated = answered(fixture("obs_shape.sdp"), Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(directions(*negotiated), ElementsAre(Direction::kRecvOnly, Direction::kRecvOnly));
  EXPECT_THAT(negotiated->can_send, ElementsAre(kOpus, kH264));
  ASSERT_THAT(negotiated->publish_lines, SizeIs(2));
  EXPECT_EQ(negotiated->publish_lines[1].ssrc, rtp::Ssrc(1'364'912'035));
  EXPECT_FALSE(negotiated->publish_lines[1].rtx_ssrc);
  const rtp::CodecLine* video = negotiated->media.find(rtp::PayloadType(96));
  ASSERT_NE(video, nullptr);
  EXPECT_TRUE(video->nack && video->pli);
  EXPECT_FALSE(video->transport_cc || video->rtx);
}

TEST(Purpose, TakesAnOfferWhoseClientWaitsAndNamesNeitherFeedbackNorExtensions) {
  const auto negotiated = answered(fixture("ffmpeg_shape.sdp"), Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->setup, SetupRole::kActive);
  EXPECT_THAT(directions(*negotiated), ElementsAre(Direction::kRecvOnly, Direction::kRecvOnly));
  EXPECT_THAT(negotiated->can_send, ElementsAre(kOpus, kH264));
  EXPECT_EQ(negotiated->publish_lines[1].ssrc, rtp::Ssrc(3'120'558'844));
  const rtp::CodecLine* video = negotiated->media.find(rtp::PayloadType(106));
  ASSERT_NE(video, nullptr);
  EXPECT_FALSE(video->nack || video->pli || video->fir || video->transport_cc || video->rtx);
  EXPECT_FALSE(negotiated->media.reduced_size_rtcp);  // The audio line does not offer it.
}

/// FFmpeg takes the first candidate whose words are "udp PRIORITY HOST PORT typ host", the priority
/// in 31 bits, and the first credentials, however they are spread over the sections.
TEST(Purpose, AnswersSoThatASimpleReaderFindsCandidateAndCredentials) {
  const std::string answer =
      answered(fixture("ffmpeg_shape.sdp"), Purpose::kPublish).value().answer;
  EXPECT_THAT(answer, ::testing::StartsWith("v=0\r\n"));
  EXPECT_LT(answer.size(), 8'192U);
  EXPECT_THAT(answer, ::testing::HasSubstr("\r\na=ice-ufrag:serverufrag1\r\n"));
  EXPECT_THAT(answer, ::testing::HasSubstr("\r\na=ice-pwd:serverpasswordserverpass\r\n"));
  EXPECT_THAT(answer, ::testing::HasSubstr("\r\na=setup:active\r\n"));
  EXPECT_THAT(answer, Not(::testing::HasSubstr("a=setup:passive")));
  const auto first = answer.find("a=candidate:");
  EXPECT_THAT(answer.substr(first, answer.find("\r\n", first) - first),
              "a=candidate:1 1 udp 2130706431 192.0.2.5 7000 typ host");
}

TEST(Purpose, TakesAPictureAloneThoughTheBundleNamesASoundToo) {
  std::string offer = fixture("ffmpeg_shape.sdp");
  const auto audio = offer.find("m=audio");
  offer.erase(audio, offer.find("m=video") - audio);
  const auto negotiated = answered(offer, Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(negotiated->publish_lines, SizeIs(1));
  EXPECT_THAT(negotiated->answer, ::testing::HasSubstr("a=group:BUNDLE 1\r\n"));
}

TEST(Purpose, BaselineOfAnEncoderIsWhatEveryBrowserDecodes) {
  const std::string ffmpeg = fixture("ffmpeg_shape.sdp");
  const auto format_for = [&](const char* profile) {
    const std::string offer = changed(ffmpeg, {{"profile-level-id=42001f", profile}});
    return answered(offer, Purpose::kPublish).value().can_send.at(1);
  };
  EXPECT_EQ(format_for("profile-level-id=42001f"), kH264);
  EXPECT_EQ(format_for("profile-level-id=42c01f"), kH264);
  EXPECT_EQ(format_for("profile-level-id=422001f"), kH264);  // How FFmpeg spells 42401f.
  EXPECT_NE(format_for("profile-level-id=64001f"), kH264);
  EXPECT_NE(format_for("profile-level-id=4d001f"), kH264);
  const auto in_call = answered(ffmpeg, Purpose::kCall);
  ASSERT_TRUE(in_call);
  EXPECT_THAT(in_call->can_send, ElementsAre(kOpus));
}

TEST(Purpose, TakesAPipelinesOfferOfOneProfileAndBundleOnlyLines) {
  const auto negotiated = answered(fixture("gstreamer_shape.sdp"), Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(directions(*negotiated), ElementsAre(Direction::kRecvOnly, Direction::kRecvOnly));
  ASSERT_THAT(negotiated->publish_lines, SizeIs(2));
  EXPECT_EQ(negotiated->publish_lines[0].mid, "video0");
  EXPECT_TRUE(negotiated->media.reduced_size_rtcp);
  ASSERT_THAT(negotiated->can_send, SizeIs(2));
  EXPECT_THAT(negotiated->can_send[0], Not(kH264));  // High profile: browsers decode it.
  // In a call everybody is asked for what everybody can decode.
  const auto in_call = answered(fixture("gstreamer_shape.sdp"), Purpose::kCall);
  ASSERT_TRUE(in_call);
  EXPECT_THAT(in_call->publish_lines, SizeIs(1));
}

TEST(Purpose, PrefersWhatEveryBrowserDecodes) {
  const auto negotiated = answered(offer_of({Direction::kSendOnly}), Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  ASSERT_GE(negotiated->can_send.size(), 2U);
  EXPECT_EQ(negotiated->can_send[0], kVp8);
  EXPECT_EQ(negotiated->can_send[1], kH264);
}

TEST(Purpose, APublisherReceivesNothing) {
  const auto negotiated =
      answered(offer_of({Direction::kSendRecv, Direction::kRecvOnly}), Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(directions(*negotiated), ElementsAre(Direction::kRecvOnly, Direction::kInactive));
  EXPECT_THAT(negotiated->slots, IsEmpty());
  EXPECT_EQ(answered(offer_of({Direction::kRecvOnly}), Purpose::kPublish).error(),
            SdpError::kNoMedia);
}

TEST(Purpose, APublishersTracksAreTakenAllOrNone) {
  EXPECT_EQ(
      answered(offer_of({Direction::kSendOnly, Direction::kSendRecv}), Purpose::kPublish).error(),
      SdpError::kTooManyTracks);
  const std::string hevc =
      changed(fixture("obs_shape.sdp"), {{"H264/90000", "H265/90000"}, {"a=fmtp:96", "a=x-96"}});
  EXPECT_EQ(answered(hevc, Purpose::kPublish).error(), SdpError::kUnusableLine);
  // A call goes on without the camera.
  EXPECT_TRUE(answered(hevc, Purpose::kCall));
}

TEST(Purpose, TakesAnyPayloadTypesAndSeveralProfiles) {
  const std::string offer =
      changed(fixture("obs_shape.sdp"),
              {{"SAVPF 96", "SAVPF 35 127 39"},
               {"a=rtpmap:96 H264/90000",
                "a=rtpmap:35 H264/90000\r\na=rtpmap:127 H264/90000\r\n"
                "a=rtpmap:39 VP8/90000"},
               {"a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:* nack\r\n"},
               {"a=rtcp-fb:96 nack pli", "a=rtcp-fb:* nack pli"},
               {"a=rtcp-fb:96 goog-remb\r\n", ""},
               {"a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
                "a=fmtp:35 profile-level-id=640c1f;packetization-mode=1\r\n"
                "a=fmtp:127 packetization-mode=1;profile-level-id=42e01f"}});
  const auto negotiated = answered(offer, Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  ASSERT_THAT(negotiated->can_send, SizeIs(4));
  EXPECT_EQ(negotiated->can_send[1], kVp8);
  EXPECT_EQ(negotiated->can_send[2], kH264);
  const rtp::CodecLine* vp8 = negotiated->media.find(rtp::PayloadType(39));
  ASSERT_NE(vp8, nullptr);
  EXPECT_TRUE(vp8->nack && vp8->pli);
}

TEST(Purpose, TakesAnOfferWithoutCandidatesAndOfTheDtlsClientOnly) {
  const std::string offer = changed(fixture("obs_shape.sdp"),
                                    {{"a=setup:actpass", "a=setup:active"},
                                     {"a=candidate:1 1 UDP 2114977791 192.0.2.9 54400 typ host\r\n"
                                      "a=end-of-candidates\r\n",
                                      ""}});
  const auto negotiated = answered(offer, Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(negotiated->answer, ::testing::HasSubstr("a=setup:passive"));
  EXPECT_THAT(negotiated->answer, ::testing::HasSubstr("a=ice-lite"));
}

TEST(Purpose, SaysWhatAnOfferLacks) {
  const std::string obs = fixture("obs_shape.sdp");
  const auto error_of = [](const std::string& offer) {
    const auto description = parse_description(offer);
    return description ? answered(offer, Purpose::kPublish).error() : description.error();
  };
  EXPECT_EQ(error_of(changed(obs, {{"a=rtcp-mux\r\na=rtpmap:96", "a=rtpmap:96"}})),
            SdpError::kNoRtcpMux);
  EXPECT_EQ(error_of(changed(obs, {{"a=group:BUNDLE 0 1\r\n", ""}})), SdpError::kNotBundled);
  EXPECT_EQ(error_of(changed(obs, {{"a=setup:actpass", "a=setup:holdconn"}})),
            SdpError::kNoSetupRole);
}

TEST(Purpose, APlayerSendsNothing) {
  const auto negotiated = answered(
      offer_of({Direction::kSendOnly, Direction::kRecvOnly, Direction::kSendRecv}), Purpose::kPlay);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(directions(*negotiated),
              ElementsAre(Direction::kInactive, Direction::kSendOnly, Direction::kSendOnly));
  EXPECT_THAT(negotiated->publish_lines, IsEmpty());
  EXPECT_THAT(negotiated->slots, SizeIs(2));
  EXPECT_EQ(answered(offer_of({Direction::kSendOnly}), Purpose::kPlay).error(), SdpError::kNoMedia);
}

}  // namespace
}  // namespace visavis::sdp
