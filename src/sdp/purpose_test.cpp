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
  const auto negotiated = answered(fixture("chromium_everything.sdp"), Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  ASSERT_GE(negotiated->can_send.size(), 4U);
  EXPECT_EQ(negotiated->can_send[1], kVp8);
  EXPECT_EQ(negotiated->can_send[2], kH264);
}

TEST(Purpose, APublisherReceivesNothing) {
  const auto negotiated =
      answered(offer_of({Direction::kSendOnly, Direction::kRecvOnly, Direction::kSendRecv}),
               Purpose::kPublish);
  ASSERT_TRUE(negotiated);
  EXPECT_THAT(directions(*negotiated),
              ElementsAre(Direction::kRecvOnly, Direction::kInactive, Direction::kRecvOnly));
  EXPECT_THAT(negotiated->slots, IsEmpty());
  EXPECT_EQ(answered(offer_of({Direction::kRecvOnly}), Purpose::kPublish).error(),
            SdpError::kNoMedia);
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
