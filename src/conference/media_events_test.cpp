#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/call_bed.hpp"

namespace visavis::conference {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr rtp::Format kVp8{.codec = rtp::CodecName::kVp8};
constexpr rtp::Format kH264{.codec = rtp::CodecName::kH264,
                            .profile = sdp::kH264ConstrainedBaseline};

/// Ada views Grace; both have just joined.
class MediaEvents : public ::testing::Test {
 protected:
  void SetUp() override {
    ada_.join("standup", "Ada");
    viewer_ = bed_.take<sfu::OpenPeer>().at(0).setup.peer;
    grace_.join("standup", "Grace", {.session = "2"});
    for (const sfu::Command& command : bed_.take_commands()) {
      if (const auto* const open = std::get_if<sfu::OpenPeer>(&command)) {
        publisher_ = open->setup.peer;
        room_ = open->setup.room;
      } else if (const auto* const stream = std::get_if<sfu::OpenStream>(&command)) {
        (stream->mid == "0" ? microphone_ : camera_) = stream->stream;
      }
    }
    ada_.view({grace_.self});
    static_cast<void>(bed_.take_commands());
    static_cast<void>(ada_.take_events());
    static_cast<void>(grace_.take_events());
  }

  void slot(std::uint16_t index, sfu::SlotState state) {
    bed_.tell(sfu::SlotChanged{.peer = viewer_, .slot = sfu::SlotIndex(index), .state = state});
  }

  CallBed bed_;
  CallBed::Caller ada_ = bed_.connect();
  CallBed::Caller grace_ = bed_.connect();
  sfu::PeerId viewer_;
  sfu::PeerId publisher_;
  sfu::RoomId room_;
  sfu::StreamId microphone_;
  sfu::StreamId camera_;
};

TEST_F(MediaEvents, TellWhenAPictureShows) {
  bed_.tell(sfu::PeerConnected{.peer = viewer_});
  json::Value slots = ada_.take_event("slots");
  EXPECT_EQ(slots["tiles"].at(0)["reason"].as_string(), "waiting-for-keyframe");
  slot(1, sfu::SlotState::kShowing);
  slots = ada_.take_event("slots");
  ASSERT_EQ(slots["slots"].size(), 1U);
  EXPECT_EQ(slots["slots"].at(0)["slot"].as_integer(), 1);
  EXPECT_EQ(slots["slots"].at(0)["state"].as_string(), "showing");
  EXPECT_FALSE(slots["tiles"].at(0).find("reason"));
}

TEST_F(MediaEvents, SayNothingTwice) {
  bed_.tell(sfu::PeerConnected{.peer = viewer_});
  slot(1, sfu::SlotState::kShowing);
  static_cast<void>(ada_.take_events());
  slot(1, sfu::SlotState::kShowing);
  EXPECT_THAT(ada_.take_events(), IsEmpty());
}

TEST_F(MediaEvents, AboutThePastAreIgnored) {
  bed_.tell(sfu::PeerConnected{.peer = sfu::PeerId(99)});
  bed_.tell(sfu::PeerSilent{.peer = sfu::PeerId(99)});
  bed_.tell(sfu::PeerFailed{.peer = sfu::PeerId(99), .reason = "gone"});
  bed_.tell(sfu::StreamActive{.stream = sfu::StreamId(99), .format = kVp8});
  bed_.tell(sfu::SlotChanged{.peer = sfu::PeerId(99), .slot = sfu::SlotIndex(0), .state = {}});
  slot(99, sfu::SlotState::kCodecUnsupported);
  bed_.tell(sfu::SpeakersChanged{.room = sfu::RoomId(99), .loudest_first = {}});
  bed_.tell(sfu::PeerReport{});
  bed_.tell(sfu::WorkerReport{});
  EXPECT_THAT(ada_.take_events(), IsEmpty());
  EXPECT_EQ(bed_.service().gauges().participants, 2U);
}

TEST_F(MediaEvents, SayThatASilentPublisherIsLostAndComesBack) {
  bed_.tell(sfu::PeerConnected{.peer = viewer_});
  bed_.tell(sfu::PeerConnected{.peer = publisher_});
  slot(1, sfu::SlotState::kShowing);
  static_cast<void>(ada_.take_events());
  bed_.tell(sfu::PeerSilent{.peer = publisher_});
  json::Value tiles;
  bool lost = false;
  for (const auto& [name, payload] : ada_.take_events()) {
    tiles = name == "slots" ? payload["tiles"] : tiles;
    lost = lost || payload["connection"].as_string() == "lost";
  }
  EXPECT_TRUE(lost);
  EXPECT_EQ(tiles.at(0)["reason"].as_string(), "publisher-lost");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), IsEmpty());
  bed_.tell(sfu::PeerConnected{.peer = publisher_});
  EXPECT_FALSE(ada_.take_event("slots")["tiles"].at(0).find("reason"));
}

TEST_F(MediaEvents, CloseAFailedTransportAndKeepTheParticipant) {
  bed_.tell(sfu::PeerFailed{.peer = publisher_, .reason = "The fingerprint does not match."});
  EXPECT_EQ(grace_.take_event("error")["message"].as_string(), "The fingerprint does not match.");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  EXPECT_EQ(ada_.take_event("slots")["tiles"].at(0)["reason"].as_string(), "publisher-lost");

  // Another connection opens its streams again, with the ids they had.
  EXPECT_EQ(grace_.refusal("renegotiate", "{\"offer\":" + CallerOffer{.session = "3"}.json() + "}"),
            "ok");
  const auto commands = bed_.take_commands();
  ASSERT_TRUE(std::holds_alternative<sfu::OpenPeer>(commands.at(0)));
  EXPECT_TRUE(std::holds_alternative<sfu::OpenStream>(commands.at(1)));
  bed_.tell(sfu::PeerConnected{.peer = std::get<sfu::OpenPeer>(commands[0]).setup.peer});
  EXPECT_EQ(ada_.take_event("participant-updated")["connection"].as_string(), "connected");
}

TEST_F(MediaEvents, NameTheSpeakers) {
  bed_.tell(sfu::SpeakersChanged{.room = room_, .loudest_first = {microphone_, sfu::StreamId(99)}});
  const json::Value speakers = ada_.take_event("speakers")["speakers"];
  ASSERT_EQ(speakers.size(), 1U);
  EXPECT_EQ(speakers.at(0)["participantId"].as_string(), grace_.self);
  EXPECT_FALSE(grace_.take_event("speakers").is_null());
}

TEST_F(MediaEvents, GiveTheVoicesToTheLoudest) {
  std::vector<sfu::StreamId> microphones;
  for (const auto* session : {"3", "4"}) {
    auto caller = bed_.connect();
    caller.join("standup", session, {.session = session});
    microphones.push_back(bed_.take<sfu::OpenStream>().at(0).stream);
  }
  bed_.tell(sfu::SpeakersChanged{.room = room_, .loudest_first = {microphones[1]}});
  std::vector<sfu::AssignSlot> viewers_voice;
  for (const sfu::AssignSlot& assigned : bed_.take<sfu::AssignSlot>()) {
    if (assigned.peer == viewer_) {
      viewers_voice.push_back(assigned);
    }
  }
  ASSERT_THAT(viewers_voice, SizeIs(1));
  EXPECT_EQ(viewers_voice[0].slot, sfu::SlotIndex(4));
  EXPECT_EQ(viewers_voice[0].stream, microphones[1]);
}

TEST_F(MediaEvents, AskThePublisherForACodecThatAllCanDecode) {
  bed_.tell(sfu::PeerConnected{.peer = viewer_});
  bed_.tell(sfu::StreamActive{.stream = camera_, .format = kH264});
  slot(1, sfu::SlotState::kCodecUnsupported);
  const json::Value codec = grace_.take_event("codec");
  EXPECT_EQ(codec["mid"].as_string(), "1");
  EXPECT_EQ(codec["payloadType"].as_integer(), 96);
  EXPECT_EQ(codec["codec"]["mimeType"].as_string(), "video/VP8");
  EXPECT_EQ(ada_.take_event("slots")["tiles"].at(0)["reason"].as_string(), "codec-unsupported");
  // Once is enough.
  slot(1, sfu::SlotState::kCodecUnsupported);
  EXPECT_TRUE(grace_.take_event("codec").is_null());
  EXPECT_EQ(bed_.service().counters().codec_requests, 1U);
}

TEST_F(MediaEvents, LabelStreamsForTheMetrics) {
  const auto label = bed_.service().label(camera_);
  ASSERT_TRUE(label);
  EXPECT_EQ(label->room, "standup");
  EXPECT_EQ(label->participant, grace_.self);
  EXPECT_EQ(label->source, "camera");
  grace_.request("leave", "{}");
  EXPECT_FALSE(bed_.service().label(camera_));
}

}  // namespace
}  // namespace visavis::conference
