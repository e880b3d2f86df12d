#include "sdp/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rtp/cname.hpp"
#include "sdp/fixtures.hpp"
#include "sdp/offer.hpp"

namespace visavis::sdp {
namespace {

using ::testing::ElementsAre;
using testing::fixture;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SeededEntropy;
using testing::server_side;

constexpr rtp::Format kOpus{.codec = rtp::CodecName::kOpus};
constexpr rtp::Format kVp8{.codec = rtp::CodecName::kVp8};
constexpr rtp::Format kVp9{.codec = rtp::CodecName::kVp9};
constexpr rtp::Format kH264{.codec = rtp::CodecName::kH264, .profile = kH264ConstrainedBaseline};

Description described(std::string_view text) {
  auto description = parse_description(text);
  check(description.has_value());
  return *std::move(description);
}

Negotiated answered(std::string_view offer, const OurSide& ours = server_side()) {
  SeededEntropy entropy(1);
  auto negotiated = answer(described(offer), ours, nullptr, entropy);
  check(negotiated.has_value());
  return *std::move(negotiated);
}

SdpError refusal(std::string_view offer) {
  SeededEntropy entropy(1);
  const auto negotiated = answer(described(offer), server_side(), nullptr, entropy);
  check(!negotiated.has_value());
  return negotiated.error();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// The m-section of this index, as text.
std::string section(const std::string& answer, std::size_t index) {
  std::size_t from = answer.find("\nm=") + 1;
  for (; index > 0; --index) {
    from = answer.find("\nm=", from) + 1;
  }
  return answer.substr(from, answer.find("\nm=", from) - from);
}

OurOffer client_offer(BrowserShape shape) {
  OurOffer ours{.shape = shape,
                .ice = {.ufrag = "abcd", .pwd = "0123456789012345678901"},
                .fingerprint = {.algorithm = "sha-256", .value = "01:02"},
                .origin_id = "99"};
  ours.lines = {{.mid = "0",
                 .kind = rtp::MediaKind::kAudio,
                 .direction = Direction::kSendOnly,
                 .ssrc = rtp::Ssrc(100)},
                {.mid = "1",
                 .kind = rtp::MediaKind::kVideo,
                 .direction = Direction::kSendOnly,
                 .ssrc = rtp::Ssrc(101),
                 .rtx_ssrc = rtp::Ssrc(102)},
                {.mid = "2", .kind = rtp::MediaKind::kAudio, .direction = Direction::kRecvOnly},
                {.mid = "3", .kind = rtp::MediaKind::kVideo, .direction = Direction::kRecvOnly},
                {.mid = "4", .kind = rtp::MediaKind::kAudio, .direction = Direction::kRecvOnly}};
  return ours;
}

struct Browser {
  const char* offer;
  std::uint8_t vp8;
  std::uint8_t transport_cc_id;
};

class EveryBrowser : public ::testing::TestWithParam<Browser> {};

INSTANTIATE_TEST_SUITE_P(Answer, EveryBrowser,
                         ::testing::Values(Browser{"chromium_call.sdp", 96, 3},
                                           Browser{"chromium_everything.sdp", 96, 3},
                                           Browser{"firefox_call.sdp", 120, 7},
                                           Browser{"firefox_everything.sdp", 120, 7},
                                           Browser{"safari_shape.sdp", 127, 3}),
                         [](const auto& tested) {
                           std::string name = tested.param.offer;
                           std::erase(name, '_');
                           return name.substr(0, name.find('.'));
                         });

TEST_P(EveryBrowser, KeepsItsPayloadTypesAndExtensionIds) {
  const Negotiated negotiated = answered(fixture(GetParam().offer));
  ASSERT_NE(negotiated.media.find(kVp8), nullptr);
  EXPECT_EQ(negotiated.media.find(kVp8)->payload_type, rtp::PayloadType(GetParam().vp8));
  EXPECT_EQ(negotiated.media.extensions.id_of(rtp::Extension::kTransportCc),
            GetParam().transport_cc_id);
  EXPECT_TRUE(negotiated.media.find(kOpus)->transport_cc);
}

TEST_P(EveryBrowser, IsAnsweredLineByLine) {
  const Description offer = described(fixture(GetParam().offer));
  const Description answer = described(answered(fixture(GetParam().offer)).answer);
  ASSERT_EQ(answer.lines.size(), offer.lines.size());
  EXPECT_TRUE(answer.ice_lite);
  EXPECT_EQ(answer.setup, SetupRole::kPassive);
  for (std::size_t i = 0; i < offer.lines.size(); ++i) {
    const Line& ours = answer.lines[i];
    EXPECT_EQ(ours.mid, offer.lines[i].mid);
    EXPECT_EQ(ours.rejected, offer.lines[i].section.media == "application");
    if (!ours.rejected) {
      EXPECT_EQ(ours.direction, reversed(offer.lines[i].direction));
      EXPECT_TRUE(ours.rtcp_mux && ours.bundled);
    }
  }
}

TEST_P(EveryBrowser, PublishesVp8First) {
  const Negotiated negotiated = answered(fixture(GetParam().offer));
  const Description answer = described(negotiated.answer);
  EXPECT_EQ(answer.lines[1].codecs.at(0).line.format, kVp8);
  EXPECT_THAT(negotiated.can_send, Not(::testing::Contains(kVp9)));
  EXPECT_THAT(negotiated.publish_lines, ::testing::SizeIs(4));
}

TEST(Answer, NeverEchoesRemb) {
  EXPECT_THAT(answered(fixture("chromium_everything.sdp")).answer, Not(HasSubstr("goog-remb")));
}

TEST(Answer, OffersH264SecondWithThePublishersOwnParameters) {
  const Description answer = described(answered(fixture("safari_shape.sdp")).answer);
  ASSERT_EQ(answer.lines[1].codecs.size(), 2U);
  EXPECT_EQ(answer.lines[1].codecs[1].line.format, kH264);
  EXPECT_EQ(answer.lines[1].codecs[1].line.payload_type, rtp::PayloadType(98));
  EXPECT_THAT(answer.lines[1].codecs[1].fmtp, HasSubstr("profile-level-id=42e01f"));
}

TEST(Answer, TakesVp9FromPublishersOnlyWhenToldTo) {
  OurSide ours = server_side();
  ours.accept_vp9 = true;
  const Negotiated negotiated = answered(fixture("chromium_everything.sdp"), ours);
  EXPECT_THAT(negotiated.can_send, ElementsAre(kOpus, kVp8, kH264, kVp9));
  EXPECT_THAT(answered(fixture("chromium_everything.sdp")).can_show, ::testing::Contains(kVp9));
}

TEST(Answer, NamesAllSlotsAsOneTimeLineAsRtcpDoes) {
  const std::string answer = answered(fixture("chromium_call.sdp")).answer;
  EXPECT_THAT(answer, HasSubstr(" cname:" + std::string(rtp::kServerCname)));
  EXPECT_THAT(replaced(answer, " cname:" + std::string(rtp::kServerCname), ""),
              Not(HasSubstr("cname:")));
}

TEST(Answer, PairsReceivingLinesToSeatsAndLeavesVoicesOver) {
  const Negotiated negotiated = answered(fixture("chromium_call.sdp"));
  ASSERT_EQ(negotiated.slots.size(), 15U);
  std::vector<std::optional<std::uint16_t>> audio;
  std::vector<std::optional<std::uint16_t>> video;
  for (std::size_t i = 0; i < negotiated.slots.size(); ++i) {
    const Slot& slot = negotiated.slots[i];
    EXPECT_EQ(slot.line.slot, i);
    (slot.line.kind == rtp::MediaKind::kAudio ? audio : video).push_back(slot.seat);
  }
  EXPECT_THAT(video, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(audio, ElementsAre(0, 1, 2, 3, 4, 5, std::nullopt, std::nullopt, std::nullopt));
}

TEST(Answer, GivesSlotsConstantMsidAndUniqueSources) {
  const Negotiated negotiated = answered(fixture("chromium_call.sdp"));
  std::set<rtp::Ssrc> sources;
  std::size_t count = 0;
  for (const Line& line : described(fixture("chromium_call.sdp")).lines) {
    sources.insert(line.ssrcs.begin(), line.ssrcs.end());
    count += line.ssrcs.size();
  }
  for (const Slot& slot : negotiated.slots) {
    sources.insert(slot.line.ssrc);
    ++count;
    EXPECT_EQ(slot.line.rtx_ssrc.has_value(), slot.line.kind == rtp::MediaKind::kVideo);
    if (slot.line.rtx_ssrc) {
      sources.insert(*slot.line.rtx_ssrc);
      ++count;
    }
  }
  EXPECT_EQ(sources.size(), count);
  EXPECT_THAT(section(negotiated.answer, 5), HasSubstr("a=msid:seat-0 seat-0-video\r\n"));
  EXPECT_THAT(section(negotiated.answer, 5), HasSubstr("a=ssrc-group:FID "));
  EXPECT_THAT(section(negotiated.answer, 16), HasSubstr("a=msid:voice-12 voice-12-audio\r\n"));
}

TEST(Answer, HasCandidatesOnItsFirstLineOnly) {
  const std::string answer = answered(fixture("chromium_call.sdp")).answer;
  EXPECT_THAT(section(answer, 0),
              HasSubstr("a=candidate:1 1 udp 2130706431 192.0.2.5 7000 typ host\r\n"
                        "a=candidate:2 1 udp 2130706175 127.0.0.1 7000 typ host\r\n"
                        "a=end-of-candidates\r\n"));
  EXPECT_THAT(section(answer, 1), Not(HasSubstr("candidate")));
}

TEST(Answer, TakesNoVideoOrientationFromPublishers) {
  // Firefox could not turn the picture: the publisher turns it.
  EXPECT_THAT(answered(fixture("chromium_call.sdp")).answer, Not(HasSubstr("video-orientation")));
}

TEST(Answer, NegotiatesReducedSizeOnlyWhenEveryLineDoes) {
  EXPECT_TRUE(answered(fixture("chromium_call.sdp")).media.reduced_size_rtcp);
  EXPECT_FALSE(answered(fixture("firefox_call.sdp")).media.reduced_size_rtcp);
}

TEST(Answer, RejectsADataChannelAndKeepsTheRest) {
  const std::string answer = answered(fixture("chromium_everything.sdp")).answer;
  EXPECT_THAT(answer, HasSubstr("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
  EXPECT_THAT(answer, HasSubstr("a=group:BUNDLE 0 1 2 3 4 5 6 7 8\r\n"));
}

TEST(Answer, LeavesAnInactiveLineInTheBundle) {
  OurOffer offer = client_offer(BrowserShape::kChromium);
  offer.lines[0].direction = Direction::kInactive;
  const Negotiated negotiated = answered(write_offer(offer));
  const Description answer = described(negotiated.answer);
  EXPECT_EQ(answer.lines[0].direction, Direction::kInactive);
  EXPECT_TRUE(answer.lines[0].bundled);
  EXPECT_EQ(negotiated.publish_lines.size(), 1U);
}

TEST(Answer, TreatsASendrecvLineAsPublishing) {
  OurOffer offer = client_offer(BrowserShape::kChromium);
  offer.lines[0].direction = Direction::kSendRecv;
  const Negotiated negotiated = answered(write_offer(offer));
  EXPECT_EQ(described(negotiated.answer).lines[0].direction, Direction::kRecvOnly);
  EXPECT_EQ(negotiated.publish_lines.size(), 2U);
}

TEST(Answer, RejectsALineWithoutAKnownCodec) {
  const std::string offer =
      replaced(write_offer(client_offer(BrowserShape::kChromium)), "opus/48000/2", "G729/8000");
  const Description answer = described(answered(offer).answer);
  EXPECT_TRUE(answer.lines[0].rejected);
  EXPECT_FALSE(answer.lines[1].rejected);
}

TEST(Answer, BeginsWithDtlsOnlyWhenTheOffererWillNot) {
  const std::string offer = write_offer(client_offer(BrowserShape::kChromium));
  const auto ours_for = [&](const char* theirs) {
    const Negotiated made = answered(replaced(offer, "a=setup:actpass", theirs));
    EXPECT_EQ(described(made.answer).setup, made.setup);
    return made.setup;
  };
  EXPECT_EQ(ours_for("a=setup:actpass"), SetupRole::kPassive);
  EXPECT_EQ(ours_for("a=setup:active"), SetupRole::kPassive);
  EXPECT_EQ(ours_for("a=setup:passive"), SetupRole::kActive);
  EXPECT_EQ(refusal(replaced(offer, "a=setup:actpass", "a=setup:holdconn")),
            SdpError::kNoSetupRole);
}

TEST(Answer, KeepsTheDtlsRolesOfTheConnection) {
  const std::string offer = write_offer(client_offer(BrowserShape::kChromium));
  const std::string waits = replaced(offer, "a=setup:actpass", "a=setup:passive");
  const std::string begins = replaced(offer, "a=setup:actpass", "a=setup:active");
  SeededEntropy entropy(1);
  const auto again = [&](const std::string& further, const Negotiated& before) {
    return answer(described(further), server_side(), &before, entropy);
  };
  const Negotiated we_begin = answered(waits);
  EXPECT_EQ(again(offer, we_begin)->setup, SetupRole::kActive);
  EXPECT_EQ(again(waits, we_begin)->setup, SetupRole::kActive);
  EXPECT_EQ(again(begins, we_begin).error(), SdpError::kNoSetupRole);
  const Negotiated we_wait = answered(offer);
  EXPECT_EQ(again(begins, we_wait)->setup, SetupRole::kPassive);
  EXPECT_EQ(again(waits, we_wait).error(), SdpError::kNoSetupRole);
}

TEST(Answer, RefusesLinesWithoutRtcpMux) {
  const std::string offer = write_offer(client_offer(BrowserShape::kChromium));
  EXPECT_EQ(refusal(replaced(offer, "a=rtcp-mux\r\n", "")), SdpError::kNoRtcpMux);
}

TEST(Answer, RefusesAnOfferWithoutMedia) {
  const std::string offer = write_offer(client_offer(BrowserShape::kChromium));
  EXPECT_EQ(refusal(replaced(replaced(offer, "opus/", "x/"), "/90000", "/8000")),
            SdpError::kNoMedia);
}

TEST(Answer, RefusesMoreSlotsThanItServes) {
  OurSide ours = server_side();
  ours.slots_max = 2;
  SeededEntropy entropy(1);
  const auto offer = described(write_offer(client_offer(BrowserShape::kChromium)));
  EXPECT_EQ(answer(offer, ours, nullptr, entropy).error(), SdpError::kTooManySlots);
}

TEST(Answer, LeavesOutAPayloadTypeThatMeansTwoThings) {
  OurOffer offer = client_offer(BrowserShape::kChromium);
  std::string text = write_offer(offer);
  // On the last video line 96 is H.264.
  const std::size_t last = text.rfind("m=video");
  const std::string tail = replaced(text.substr(last), "VP8/90000", "AV1/90000");
  text = text.substr(0, last) + tail;
  const Negotiated negotiated = answered(text);
  EXPECT_EQ(negotiated.media.find(rtp::PayloadType(96))->format, kVp8);
  EXPECT_THAT(negotiated.can_show, ElementsAre(kOpus, kH264));
}

class Renegotiation : public ::testing::Test {
 protected:
  std::expected<Negotiated, SdpError> again(const OurOffer& offer) {
    return answer(described(write_offer(offer)), server_side(), &first_, entropy_);
  }

  OurOffer offer_ = client_offer(BrowserShape::kChromium);
  SeededEntropy entropy_{1};
  Negotiated first_ =
      answer(described(write_offer(offer_)), server_side(), nullptr, entropy_).value();
};

TEST_F(Renegotiation, KeepsSlotsAndAppendsSeats) {
  offer_.lines.push_back(
      {.mid = "5", .kind = rtp::MediaKind::kVideo, .direction = Direction::kRecvOnly});
  offer_.lines.push_back(
      {.mid = "6", .kind = rtp::MediaKind::kAudio, .direction = Direction::kRecvOnly});
  const auto second = again(offer_);
  ASSERT_TRUE(second);
  ASSERT_EQ(second->slots.size(), 5U);
  EXPECT_TRUE(std::equal(first_.slots.begin(), first_.slots.end(), second->slots.begin()));
  EXPECT_EQ(second->slots[3].seat, 1);
  EXPECT_EQ(second->slots[4].seat, 1);
  EXPECT_EQ(second->answers, 2U);
  EXPECT_THAT(second->answer, HasSubstr("o=- 4711 2 IN"));
  EXPECT_TRUE(same_connection(first_, described(write_offer(offer_))));
}

TEST_F(Renegotiation, KeepsTheSlotOfALineThatBecomesInactive) {
  offer_.lines[3].direction = Direction::kInactive;
  const auto second = again(offer_);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->slots, first_.slots);
  EXPECT_EQ(described(second->answer).lines[3].direction, Direction::kInactive);
}

TEST_F(Renegotiation, OpensALineThatWasInactive) {
  offer_.lines[1].direction = Direction::kInactive;
  first_ = answer(described(write_offer(offer_)), server_side(), nullptr, entropy_).value();
  EXPECT_EQ(first_.publish_lines.size(), 1U);
  offer_.lines[1].direction = Direction::kSendOnly;
  EXPECT_EQ(again(offer_)->publish_lines.size(), 2U);
}

TEST_F(Renegotiation, RefusesDroppedOrReorderedLines) {
  OurOffer shorter = offer_;
  shorter.lines.pop_back();
  EXPECT_EQ(again(shorter).error(), SdpError::kLinesChanged);
  OurOffer swapped = offer_;
  std::swap(swapped.lines[2], swapped.lines[3]);
  EXPECT_EQ(again(swapped).error(), SdpError::kLinesChanged);
}

TEST_F(Renegotiation, TellsAnotherConnectionApart) {
  OurOffer other = offer_;
  other.origin_id = "100";
  EXPECT_FALSE(same_connection(first_, described(write_offer(other))));
  other = offer_;
  other.fingerprint.value = "03:04";
  EXPECT_FALSE(same_connection(first_, described(write_offer(other))));
}

class EveryShape : public ::testing::TestWithParam<BrowserShape> {};
INSTANTIATE_TEST_SUITE_P(Offer, EveryShape,
                         ::testing::Values(BrowserShape::kChromium, BrowserShape::kFirefox,
                                           BrowserShape::kSafari));

TEST_P(EveryShape, OfATestPeerIsAnswered) {
  const std::string offer = write_offer(client_offer(GetParam()));
  const Negotiated negotiated = answered(offer);
  EXPECT_EQ(negotiated.slots.size(), 3U);
  ASSERT_EQ(negotiated.publish_lines.size(), 2U);
  EXPECT_EQ(negotiated.publish_lines[1].ssrc, rtp::Ssrc(101));
  EXPECT_EQ(negotiated.publish_lines[1].rtx_ssrc, rtp::Ssrc(102));
  EXPECT_THAT(negotiated.can_send, ElementsAre(kOpus, kVp8, kH264));
  const Description answer = described(negotiated.answer);
  EXPECT_EQ(answer.candidates.size(), 2U);
  EXPECT_EQ(answer.lines[3].ssrc, negotiated.slots[1].line.ssrc);
  EXPECT_EQ(answer.lines[3].msid_stream, "seat-0");
}

}  // namespace
}  // namespace visavis::sdp
