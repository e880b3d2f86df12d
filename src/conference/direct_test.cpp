#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/address_quota.hpp"
#include "conference/call_bed.hpp"

/// Clients without a socket: what WHIP and WHEP ask of the call service.
namespace visavis::conference {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const IpAddress kSomewhere = IpAddress::v4(0xC633'6401);

class Direct : public ::testing::Test {
 protected:
  CallService::Connected publish(
      std::string_view room, std::string_view name,
      const std::string& offer = offer_of_both(sdp::Direction::kSendOnly)) {
    return connect(DirectRole::kPublisher, room, name, offer);
  }
  CallService::Connected play(std::string_view room, std::string_view name,
                              const std::string& offer = offer_of_both(sdp::Direction::kRecvOnly)) {
    return connect(DirectRole::kPlayer, room, name, offer);
  }
  CallService::Connected connect(DirectRole role, std::string_view room, std::string_view name,
                                 const std::string& offer) {
    auto connected = bed_.service().connect(bed_.now(), role,
                                            {.room = std::string(room),
                                             .name = std::string(name),
                                             .offer = offer,
                                             .address = kSomewhere});
    bed_.settle();
    return connected;
  }
  /// The code of a refusal; "ok" when it was none.
  static std::string_view code(const CallService::Connected& connected) {
    return connected ? "ok" : to_string(connected.error().code);
  }
  bool hang_up(DirectRole role, const std::string& session) {
    const bool done = bed_.service().hang_up(bed_.now(), role, session);
    bed_.settle();
    return done;
  }
  [[nodiscard]] Gauges gauges() { return bed_.service().gauges(); }

  CallBed bed_;
};

TEST_F(Direct, APublisherIsAParticipantLikeAnyOther) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  bed_.take_commands();
  const auto camera = publish("studio", "Camera");
  ASSERT_TRUE(camera);
  EXPECT_THAT(camera->answer, HasSubstr("a=recvonly"));
  EXPECT_THAT(camera->session, SizeIs(32));
  const json::Value joined = ada.take_event("participant-joined")["participant"];
  EXPECT_EQ(joined["name"].as_string(), "Camera");
  ASSERT_EQ(joined["streams"].size(), 2U);
  EXPECT_EQ(joined["streams"].at(0)["source"].as_string(), "microphone");
  EXPECT_EQ(joined["streams"].at(1)["source"].as_string(), "camera");
  const auto commands = bed_.take_commands();
  ASSERT_FALSE(commands.empty());
  EXPECT_TRUE(std::holds_alternative<sfu::OpenPeer>(commands.front()));
  EXPECT_TRUE(ada.view({std::string(joined["id"].as_string())})["ok"].as_bool());
  EXPECT_THAT(bed_.take<sfu::AssignSlot>(), SizeIs(3));  // The sound moves from a voice.
  EXPECT_EQ(gauges().direct_publishers, 1U);

  EXPECT_TRUE(hang_up(DirectRole::kPublisher, camera->session));
  EXPECT_FALSE(ada.take_event("participant-left")["participantId"].as_string().empty());
  EXPECT_FALSE(hang_up(DirectRole::kPublisher, camera->session));
  EXPECT_EQ(gauges().participants, 1U);
  EXPECT_EQ(gauges().direct_publishers, 0U);
}

TEST_F(Direct, APublisherTakesNoMessages) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  ASSERT_TRUE(publish("studio", "Camera"));
  const std::string camera(ada.take_event("participant-joined")["participant"]["id"].as_string());
  EXPECT_EQ(ada.refusal("message", "{\"to\":\"" + camera + R"(","text":"a"})"),
            "no-such-participant");
  EXPECT_EQ(ada.refusal("message", R"({"text":"to all"})"), "ok");
}

TEST_F(Direct, ANameThatIsTakenIsRefused) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  EXPECT_EQ(code(publish("studio", "Ada")), "name-taken");
  EXPECT_EQ(code(publish("elsewhere", "Ada")), "ok");
  EXPECT_EQ(code(publish("elsewhere", "Ada")), "name-taken");
  EXPECT_EQ(bed_.service().counters().refusals.at(static_cast<std::size_t>(ErrorCode::kNameTaken)),
            2U);
}

TEST_F(Direct, AnOfferThatOnlyReceivesPublishesNothing) {
  EXPECT_EQ(code(publish("studio", "Camera", offer_of_both(sdp::Direction::kRecvOnly))),
            "no-media");
  EXPECT_EQ(code(publish("studio", "Camera", offer_of_both(sdp::Direction::kInactive))),
            "no-media");
  EXPECT_EQ(code(publish("studio", "Camera", "v=0\r\n")), "invalid-offer");
  EXPECT_EQ(gauges().rooms, 0U);
  EXPECT_THAT(bed_.take_commands(), IsEmpty());
}

TEST_F(Direct, SoundAloneOrPictureAloneIsPublished) {
  EXPECT_EQ(code(publish("studio", "Radio",
                         offer_of({{rtp::MediaKind::kAudio, sdp::Direction::kSendRecv}}))),
            "ok");
  EXPECT_EQ(code(publish("studio", "Silent",
                         offer_of({{rtp::MediaKind::kVideo, sdp::Direction::kSendOnly}}))),
            "ok");
  EXPECT_EQ(gauges().streams, 2U);
}

TEST_F(Direct, NamesAreCheckedAsThoseOfCallers) {
  EXPECT_EQ(code(publish("", "Ada")), "room-name-invalid");
  EXPECT_EQ(code(publish("studio", "\x01")), "name-invalid");
  EXPECT_EQ(code(publish("studio", std::string(65, 'a'))), "name-too-long");
  EXPECT_EQ(code(publish("studio", "\xC3")), "invalid-payload");  // A browser would hang up.
  EXPECT_EQ(code(publish("studio", "Ada", std::string(600'000, ' '))), "offer-too-large");
}

TEST_F(Direct, APlayerGetsPictureAndSoundAndIsSeenByNobody) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  bed_.take_commands();
  ada.take_events();
  const auto player = play("studio", "Ada");
  ASSERT_TRUE(player);
  EXPECT_THAT(player->answer, HasSubstr("a=sendonly"));
  const auto commands = bed_.take_commands();
  std::size_t opened = 0;
  std::size_t warmed = 0;
  std::size_t assigned = 0;
  for (const sfu::Command& command : commands) {
    opened += std::holds_alternative<sfu::OpenPeer>(command) ? 1U : 0U;
    warmed += std::holds_alternative<sfu::WarmStream>(command) ? 1U : 0U;
    const auto* const assignment = std::get_if<sfu::AssignSlot>(&command);
    assigned += assignment != nullptr && assignment->stream ? 1U : 0U;
  }
  EXPECT_EQ(opened, 1U);
  EXPECT_EQ(warmed, 2U);  // Before the worker has seen the player: the keyframe is ready then.
  EXPECT_EQ(assigned, 2U);
  EXPECT_THAT(ada.take_events(), IsEmpty());
  EXPECT_EQ(gauges().participants, 1U);
  EXPECT_EQ(gauges().direct_players, 1U);

  EXPECT_FALSE(bed_.service().has_session(DirectRole::kPublisher, player->session));
  EXPECT_TRUE(bed_.service().has_session(DirectRole::kPlayer, player->session));
  EXPECT_FALSE(hang_up(DirectRole::kPublisher, player->session));
  EXPECT_TRUE(hang_up(DirectRole::kPlayer, player->session));
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  EXPECT_FALSE(bed_.service().has_session(DirectRole::kPlayer, player->session));
  EXPECT_FALSE(hang_up(DirectRole::kPlayer, player->session));
}

TEST_F(Direct, APlayerOfSoundAloneHearsWhomItPlaysAndNobodyElse) {
  auto ada = bed_.connect();
  auto grace = bed_.connect();
  ada.join("studio", "Ada");
  grace.join("studio", "Grace");
  const auto streams = bed_.take<sfu::OpenStream>();
  ASSERT_THAT(streams, SizeIs(4));  // Ada's microphone and camera, then Grace's.
  ASSERT_TRUE(play("studio", "Grace",
                   offer_of({{rtp::MediaKind::kAudio, sdp::Direction::kRecvOnly},
                             {rtp::MediaKind::kAudio, sdp::Direction::kRecvOnly}})));
  const auto assigned = bed_.take<sfu::AssignSlot>();
  ASSERT_THAT(assigned, SizeIs(1));
  EXPECT_EQ(assigned.front().stream, streams.at(2).stream);
}

TEST_F(Direct, APlayerThatOffersBothDirectionsOnlyReceives) {
  publish("studio", "Camera");
  bed_.take_commands();
  ASSERT_TRUE(play("studio", "Camera", offer_of_both(sdp::Direction::kSendRecv)));
  const auto opened = bed_.take<sfu::OpenPeer>();
  ASSERT_THAT(opened, SizeIs(1));
  EXPECT_THAT(opened.front().setup.publish_lines, IsEmpty());
  EXPECT_THAT(opened.front().setup.slots, SizeIs(2));
}

TEST_F(Direct, ThereIsNothingToPlayOfWhoIsNotThereOrPublishesNothing) {
  EXPECT_EQ(code(play("nowhere", "Ada")), "no-such-participant");
  auto ada = bed_.connect();
  ada.request("join", R"({"room":"studio","name":"Ada"})");
  EXPECT_EQ(code(play("studio", "Grace")), "no-such-participant");
  EXPECT_EQ(code(play("studio", "Ada")), "no-such-stream");
  publish("studio", "Camera");
  EXPECT_EQ(code(play("studio", "Camera", offer_of_both(sdp::Direction::kSendOnly))), "no-media");
}

TEST_F(Direct, PlayersEndWithWhomTheyPlay) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  auto grace = bed_.connect();
  grace.join("studio", "Grace");
  const auto player = play("studio", "Ada");
  const auto other = play("studio", "Grace");
  bed_.take_commands();
  ada.request("leave", "{}");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(2));  // Ada's and her player's.
  EXPECT_FALSE(hang_up(DirectRole::kPlayer, player->session));
  EXPECT_TRUE(hang_up(DirectRole::kPlayer, other->session));
}

TEST_F(Direct, APlayerFollowsWhatItsPublisherDoes) {
  auto ada = bed_.connect();
  const json::Value snapshot = ada.join("studio", "Ada");
  ASSERT_TRUE(play("studio", "Ada"));
  bed_.take_commands();
  const std::string camera(snapshot["participants"].at(0)["streams"].at(1)["id"].as_string());
  ada.request("unpublish", R"({"streamId":")" + camera + "\"}");
  const auto emptied = bed_.take<sfu::AssignSlot>();
  ASSERT_THAT(emptied, SizeIs(1));
  EXPECT_FALSE(emptied.front().stream);
  ada.request("publish", R"({"mid":"2","kind":"video","source":"screen"})");
  const auto filled = bed_.take<sfu::AssignSlot>();
  ASSERT_FALSE(filled.empty());
  EXPECT_TRUE(filled.back().stream);
}

TEST_F(Direct, APublisherWhoFallsSilentOrFailsLeaves) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  bed_.take_commands();
  ASSERT_TRUE(publish("studio", "Silent"));
  bed_.tell(sfu::PeerSilent{.peer = bed_.take<sfu::OpenPeer>().at(0).setup.peer});
  EXPECT_EQ(ada.take_event("participant-left")["reason"].as_string(), "lost");
  ASSERT_TRUE(publish("studio", "Failed"));
  bed_.tell(sfu::PeerFailed{.peer = bed_.take<sfu::OpenPeer>().at(0).setup.peer,
                            .reason = "The DTLS session was closed."});
  EXPECT_FALSE(ada.take_event("participant-left")["participantId"].as_string().empty());
  EXPECT_EQ(gauges().participants, 1U);
  EXPECT_EQ(gauges().direct_publishers, 0U);
}

TEST_F(Direct, APlayerWhoFallsSilentOrFailsIsGone) {
  ASSERT_TRUE(publish("studio", "Camera"));
  bed_.take_commands();
  const auto silent = play("studio", "Camera");
  bed_.tell(sfu::PeerSilent{.peer = bed_.take<sfu::OpenPeer>().at(0).setup.peer});
  const auto failed = play("studio", "Camera");
  bed_.tell(sfu::PeerFailed{.peer = bed_.take<sfu::OpenPeer>().at(0).setup.peer, .reason = ""});
  EXPECT_FALSE(hang_up(DirectRole::kPlayer, silent->session));
  EXPECT_FALSE(hang_up(DirectRole::kPlayer, failed->session));
  EXPECT_EQ(gauges().direct_players, 0U);
}

TEST_F(Direct, OneThatNeverConnectsEnds) {
  ASSERT_TRUE(publish("studio", "Camera"));
  const sfu::PeerId camera = bed_.take<sfu::OpenPeer>().at(0).setup.peer;
  ASSERT_TRUE(publish("studio", "Gone"));
  bed_.tell(sfu::PeerConnected{.peer = camera});
  bed_.pass(std::chrono::seconds(41));
  EXPECT_EQ(gauges().direct_publishers, 1U);
  EXPECT_EQ(bed_.service().counters().direct_expired, 1U);
  ASSERT_TRUE(play("studio", "Camera"));
  bed_.pass(std::chrono::seconds(41));
  EXPECT_EQ(gauges().direct_players, 0U);
  EXPECT_EQ(gauges().direct_publishers, 1U);
}

TEST_F(Direct, APlayerThatCannotDecodeMakesThePublisherChange) {
  auto ada = bed_.connect();
  ada.join("studio", "Ada");
  const auto streams = bed_.take<sfu::OpenStream>();
  const rtp::Format vp9{.codec = rtp::CodecName::kVp9, .profile = 0};
  bed_.tell(sfu::StreamActive{.stream = streams.at(1).stream, .format = vp9});
  ASSERT_TRUE(play("studio", "Ada"));
  const auto opened = bed_.take<sfu::OpenPeer>();
  for (std::uint16_t slot = 0; slot < 2; ++slot) {
    bed_.tell(sfu::SlotChanged{
        .peer = opened.at(0).setup.peer,
        .slot = sfu::SlotIndex(slot),
        .state = slot == 1 ? sfu::SlotState::kCodecUnsupported : sfu::SlotState::kShowing});
  }
  EXPECT_EQ(ada.take_event("codec")["mid"].as_string(), "1");
}

TEST_F(Direct, AServerThatShutsDownEndsAllAndTakesNobody) {
  ASSERT_TRUE(publish("studio", "Camera"));
  ASSERT_TRUE(play("studio", "Camera"));
  bed_.take_commands();
  bed_.service().shut_down(bed_.now());
  bed_.settle();
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(2));
  EXPECT_EQ(gauges().direct_publishers + gauges().direct_players, 0U);
  EXPECT_EQ(code(publish("studio", "Camera")), "shutting-down");
}

TEST(DirectLimits, AnIpv6NetworkIsOneAddress) {
  AddressQuota quota(10, 2);
  quota.add(*IpAddress::parse("2001:db8::1"));
  quota.add(*IpAddress::parse("2001:db8::2:3"));
  const IpAddress third = *IpAddress::parse("2001:db8:0:0:ffff::1");
  EXPECT_EQ(quota.full(third), AddressQuota::Full::kFromAddress);
  EXPECT_EQ(quota.full(*IpAddress::parse("2001:db8:0:1::1")), std::nullopt);
  quota.remove(third);
  EXPECT_EQ(quota.full(third), std::nullopt);
}

TEST(DirectLimits, HoldInAllAndForEachAddress) {
  Options options = CallBed::default_options();
  options.direct_max = 3;
  options.direct_per_address_max = 2;
  CallBed bed(options);
  const auto try_from = [&](std::string_view name, const IpAddress& address) -> std::string_view {
    const auto connected = bed.service().connect(bed.now(), DirectRole::kPublisher,
                                                 {.room = "studio",
                                                  .name = std::string(name),
                                                  .offer = offer_of_both(sdp::Direction::kSendOnly),
                                                  .address = address});
    bed.settle();
    return connected ? "ok" : to_string(connected.error().code);
  };
  const IpAddress other = IpAddress::v4(0xC633'6402);
  EXPECT_EQ(try_from("1", kSomewhere), "ok");
  EXPECT_EQ(try_from("2", kSomewhere), "ok");
  EXPECT_EQ(try_from("3", kSomewhere), "too-many-sessions-from-address");
  EXPECT_EQ(try_from("3", other), "ok");
  EXPECT_EQ(try_from("4", other), "too-many-sessions");
  bed.pass(std::chrono::seconds(41));  // Nobody connected.
  EXPECT_EQ(try_from("5", kSomewhere), "ok");
}

}  // namespace
}  // namespace visavis::conference
