#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/call_bed.hpp"

namespace visavis::conference {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Ada and Grace in a room, with camera and microphone; the slots of each: 0 and 1 are the audio
/// and video of seat 0, 2 and 3 of seat 1, 4 is a voice.
class TakingPart : public ::testing::Test {
 protected:
  void SetUp() override {
    ada_.join("standup", "Ada");
    peer_ = bed_.take<sfu::OpenPeer>().at(0).setup.peer;
    const json::Value reply = grace_.join("standup", "Grace", {.session = "2"});
    for (const json::Value& participant : reply["participants"].elements()) {
      for (const json::Value& stream : participant["streams"].elements()) {
        streams_.emplace_back(stream["id"].as_string());
      }
    }
    flows_ = bed_.take<sfu::OpenStream>();
    static_cast<void>(ada_.take_events());
    static_cast<void>(grace_.take_events());
  }

  static std::string stream(const std::string& id, const std::string& more = "") {
    return "{\"streamId\":\"" + id + "\"" + more + "}";
  }

  CallBed bed_;
  CallBed::Caller ada_ = bed_.connect();
  CallBed::Caller grace_ = bed_.connect();
  sfu::PeerId peer_;                    // Ada's.
  std::vector<std::string> streams_;    // Ada's microphone and camera, then Grace's.
  std::vector<sfu::OpenStream> flows_;  // Grace's microphone and camera.
};

TEST_F(TakingPart, PublishesOnALineOfTheOffer) {
  const json::Value reply = ada_.request("publish", R"({"mid":"2","source":"screen"})");
  EXPECT_EQ(reply["stream"]["kind"].as_string(), "video");
  const json::Value published = grace_.take_event("stream-published");
  EXPECT_EQ(published["participantId"].as_string(), ada_.self);
  EXPECT_EQ(published["stream"]["source"].as_string(), "screen");
  EXPECT_EQ(published["revision"].raw(), reply["revision"].raw());
  EXPECT_EQ(bed_.take<sfu::OpenStream>().at(0).mid, "2");
}

TEST_F(TakingPart, PublishesOnceALineAndOnlyWhatFitsIt) {
  EXPECT_EQ(ada_.refusal("publish", R"({"mid":"1","source":"camera"})"), "line-in-use");
  EXPECT_EQ(ada_.refusal("publish", R"({"mid":"2","source":"screen-audio"})"), "no-such-line");
  EXPECT_EQ(ada_.refusal("publish", R"({"mid":"5","source":"screen"})"), "no-such-line");
  EXPECT_EQ(ada_.refusal("publish", R"({"mid":"2","source":"webcam"})"), "invalid-payload");
}

TEST_F(TakingPart, PublishesNoMoreStreamsThanAllowed) {
  Options options = CallBed::default_options();
  options.limits.streams_per_participant = 2;
  CallBed small(options);
  auto caller = small.connect();
  caller.join("room", "Ada");
  EXPECT_EQ(caller.refusal("publish", R"({"mid":"2","source":"screen"})"), "too-many-streams");
}

TEST_F(TakingPart, UnpublishesItsOwnStreams) {
  EXPECT_EQ(ada_.refusal("unpublish", stream(streams_[2])), "no-such-stream");
  EXPECT_EQ(ada_.refusal("unpublish", stream(streams_[1])), "ok");
  EXPECT_EQ(grace_.take_event("stream-unpublished")["streamId"].as_string(), streams_[1]);
  EXPECT_THAT(bed_.take<sfu::CloseStream>(), SizeIs(1));
  EXPECT_EQ(ada_.refusal("publish", R"({"mid":"1","source":"camera"})"), "ok");
}

TEST_F(TakingPart, MutesAndSaysSoOnce) {
  EXPECT_EQ(ada_.refusal("mute", stream(streams_[1], ",\"muted\":true")), "ok");
  EXPECT_TRUE(grace_.take_event("stream-muted")["muted"].as_bool());
  const auto commands = bed_.take<sfu::SetStreamMuted>();
  ASSERT_THAT(commands, SizeIs(1));
  EXPECT_TRUE(commands[0].muted);
  EXPECT_EQ(ada_.refusal("mute", stream(streams_[1], ",\"muted\":true")), "ok");
  EXPECT_TRUE(grace_.take_event("stream-muted").is_null());
  EXPECT_EQ(ada_.refusal("mute", stream(streams_[3], ",\"muted\":true")), "no-such-stream");
}

TEST_F(TakingPart, ChangesNameAndMetadata) {
  EXPECT_EQ(ada_.refusal("update", R"({"metadata":{"hand":true}})"), "ok");
  json::Value updated = grace_.take_event("participant-updated");
  EXPECT_TRUE(updated["metadata"]["hand"].as_bool());
  EXPECT_FALSE(updated.find("name"));
  EXPECT_EQ(ada_.refusal("update", R"({"name":"Ada L."})"), "ok");
  updated = grace_.take_event("participant-updated");
  EXPECT_EQ(updated["name"].as_string(), "Ada L.");
  EXPECT_FALSE(updated.find("metadata"));
}

TEST_F(TakingPart, HearsOthersThroughTheVoicesBeforeAnyView) {
  auto alan = bed_.connect();
  const json::Value reply = alan.join("standup", "Alan", {.session = "3"});
  ASSERT_EQ(reply["assignments"].size(), 1U);
  const json::Value heard = reply["assignments"].at(0);
  EXPECT_EQ(heard["slot"].as_integer(), 4);
  EXPECT_EQ(heard["streamId"].as_string(), streams_[0]);
  EXPECT_EQ(heard["state"].as_string(), "waiting");
  EXPECT_TRUE(alan.take_event("slots").is_null());
}

TEST_F(TakingPart, ShowsWhomTheViewNames) {
  const json::Value reply = ada_.view({grace_.self});
  EXPECT_EQ(reply["tiles"].at(0)["seat"].as_integer(), 0);
  EXPECT_EQ(reply["tiles"].at(0)["reason"].as_string(), "connecting");
  const auto assigned = bed_.take<sfu::AssignSlot>();
  ASSERT_THAT(assigned, SizeIs(3));  // The voice is given back first.
  EXPECT_EQ(assigned[0].slot, sfu::SlotIndex(4));
  EXPECT_EQ(assigned[0].stream, std::nullopt);
  EXPECT_EQ(assigned[1].peer, peer_);
  EXPECT_EQ(assigned[1].stream, flows_[0].stream);
  EXPECT_EQ(assigned[2].slot, sfu::SlotIndex(1));
  EXPECT_EQ(assigned[2].stream, flows_[1].stream);
  const json::Value slots = ada_.take_event("slots");
  EXPECT_EQ(slots["slots"].size(), 3U);
  EXPECT_EQ(slots["slots"].at(1)["participantId"].as_string(), grace_.self);
}

TEST_F(TakingPart, SwitchesThroughOneSlotWithoutSdp) {
  auto alan = bed_.connect();
  alan.join("standup", "Alan", {.session = "3"});
  CallBed::Caller& viewer = ada_;
  viewer.view({grace_.self});
  static_cast<void>(bed_.take_commands());
  viewer.view({alan.self});
  for (const sfu::Command& command : bed_.take_commands()) {
    EXPECT_TRUE(std::holds_alternative<sfu::AssignSlot>(command));
  }
}

TEST_F(TakingPart, SaysWhyATileIsEmpty) {
  const json::Value reply =
      ada_.request("view",
                   "{\"tiles\":[{\"participantId\":\"nobody\",\"width\":1,\"height\":1},"
                   "{\"participantId\":\"" +
                       grace_.self + "\",\"source\":\"screen\",\"width\":1,\"height\":1}," +
                       "{\"participantId\":\"" + grace_.self + "\",\"width\":0,\"height\":0}," +
                       "{\"participantId\":\"" + ada_.self + "\",\"width\":1,\"height\":1}]}");
  const json::Value tiles = reply["tiles"];
  EXPECT_EQ(tiles.at(0)["reason"].as_string(), "no-such-participant");
  EXPECT_EQ(tiles.at(1)["reason"].as_string(), "not-publishing");
  EXPECT_EQ(tiles.at(2)["reason"].as_string(), "hidden");
  EXPECT_EQ(tiles.at(3)["reason"].as_string(), "no-seat");
}

TEST_F(TakingPart, FillsATileWhenItsStreamComes) {
  ada_.request("view", "{\"tiles\":[{\"participantId\":\"" + grace_.self +
                           "\",\"source\":\"screen\",\"width\":9,\"height\":9}]}");
  static_cast<void>(bed_.take_commands());
  static_cast<void>(ada_.take_events());
  grace_.request("publish", R"({"mid":"2","source":"screen"})");
  EXPECT_THAT(bed_.take<sfu::AssignSlot>(), SizeIs(1));
  const json::Value slots = ada_.take_event("slots");
  EXPECT_EQ(slots["slots"].at(0)["state"].as_string(), "waiting");
  EXPECT_EQ(slots["tiles"].at(0)["reason"].as_string(), "connecting");
}

TEST_F(TakingPart, ClearsTheTileOfSomebodyWhoLeaves) {
  ada_.view({grace_.self});
  static_cast<void>(ada_.take_events());
  grace_.request("leave", "{}");
  json::Value slots;
  bool left = false;
  for (const auto& [name, payload] : ada_.take_events()) {
    left = left || name == "participant-left";
    slots = name == "slots" ? payload : slots;
  }
  EXPECT_TRUE(left);
  EXPECT_EQ(slots["tiles"].at(0)["reason"].as_string(), "no-such-participant");
  EXPECT_EQ(slots["slots"].at(0)["state"].as_string(), "empty");
}

TEST_F(TakingPart, ShowsExactlyTheStreamThatATileNames) {
  const json::Value reply = ada_.request("view", "{\"tiles\":[{\"participantId\":\"" + grace_.self +
                                                     "\",\"streamId\":\"" + streams_[3] +
                                                     "\",\"width\":1,\"height\":1}]}");
  EXPECT_EQ(reply["tiles"].at(0)["source"].as_string(), "camera");
  EXPECT_EQ(reply["tiles"].at(0)["seat"].as_integer(), 0);
}

TEST_F(TakingPart, GrowsThePoolByRenegotiation) {
  const json::Value reply =
      ada_.request("renegotiate", "{\"offer\":" + CallerOffer{.more_seats = 2}.json() + "}");
  EXPECT_EQ(reply["slots"].size(), 9U);
  EXPECT_EQ(reply["slots"].at(8)["seat"].as_integer(), 3);
  const auto updates = bed_.take<sfu::UpdatePeer>();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(updates[0].setup.peer, peer_);
  EXPECT_EQ(updates[0].setup.slots.size(), 9U);
  EXPECT_EQ(bed_.service().counters().ice_restarts, 0U);
}

TEST_F(TakingPart, RefusesAnOfferThatDropsLines) {
  EXPECT_EQ(ada_.refusal("renegotiate", "{\"offer\":" + CallerOffer{.seats = 1}.json() + "}"),
            "invalid-offer");
}

TEST_F(TakingPart, PassesMessagesOnAsTheyCame) {
  EXPECT_EQ(ada_.refusal("message", R"({"text":"Shall we start? \ud800"})"), "ok");
  json::Value message = grace_.take_event("message");
  EXPECT_EQ(message["from"].as_string(), ada_.self);
  EXPECT_FALSE(message["private"].as_bool());
  EXPECT_EQ(message["text"].raw(), R"("Shall we start? \ud800")");
  EXPECT_TRUE(ada_.take_event("message").is_null());

  auto alan = bed_.connect();
  alan.join("standup", "Alan", {.session = "3"});
  EXPECT_EQ(ada_.refusal("message", "{\"to\":\"" + alan.self + R"(","data":{"reaction":"👍"}})"),
            "ok");
  EXPECT_EQ(alan.take_event("message")["data"]["reaction"].as_string(), "👍");
  EXPECT_TRUE(grace_.take_event("message").is_null());
}

TEST_F(TakingPart, RefusesMessagesThatAreNone) {
  EXPECT_EQ(ada_.refusal("message", R"({})"), "invalid-payload");
  EXPECT_EQ(ada_.refusal("message", R"({"text":"a","data":1})"), "invalid-payload");
  EXPECT_EQ(ada_.refusal("message", R"({"text":1})"), "invalid-payload");
  EXPECT_EQ(ada_.refusal("message", R"({"text":"a","to":"nobody"})"), "no-such-participant");
  EXPECT_EQ(ada_.refusal("message", "{\"to\":\"" + ada_.self + "\",\"text\":\"a\"}"),
            "no-such-participant");
  EXPECT_EQ(ada_.refusal("message", "{\"text\":\"" + std::string(16'384, 'x') + "\"}"),
            "message-too-large");
}

TEST_F(TakingPart, KeepsMessagesForWhomeverHasLostItsSocket) {
  grace_.vanish();
  EXPECT_EQ(ada_.refusal("message", R"({"text":"to all"})"), "ok");
  EXPECT_EQ(ada_.refusal("message", "{\"to\":\"" + grace_.self + R"(","text":"to you"})"), "ok");
  auto again = bed_.connect();
  const json::Value reply = again.request("resume", R"({"token":")" + grace_.token + "\"}");
  ASSERT_TRUE(reply["ok"].as_bool());
  std::vector<std::string> texts;
  for (const auto& [event, payload] : again.take_events()) {
    if (event == "message") {
      texts.emplace_back(payload["text"].as_string());
    }
  }
  EXPECT_THAT(texts, ::testing::ElementsAre("to all", "to you"));
  EXPECT_TRUE(ada_.take_event("message").is_null());
  again.vanish();
  auto third = bed_.connect();
  third.request("resume", R"({"token":")" + std::string(reply["resumeToken"].as_string()) + "\"}");
  EXPECT_TRUE(third.take_event("message").is_null());  // They come once.
}

TEST_F(TakingPart, KeepsTheNewestMessagesOnlyForTheLost) {
  grace_.vanish();
  const std::string filler(15'000, 'x');
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(ada_.refusal("message", R"({"text":")" + std::to_string(i) + filler + "\"}"), "ok");
  }
  EXPECT_EQ(bed_.service().counters().messages_forgotten, 2U);
  auto again = bed_.connect();
  again.request("resume", R"({"token":")" + grace_.token + "\"}");
  std::string first;
  for (const auto& [event, payload] : again.take_events()) {
    if (event == "message" && first.empty()) {
      first = payload["text"].as_string().substr(0, 1);
    }
  }
  EXPECT_EQ(first, "2");
}

TEST_F(TakingPart, LetsTwentyMessagesPassASecond) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ada_.refusal("message", R"({"text":"a"})"), "ok");
  }
  EXPECT_EQ(ada_.refusal("message", R"({"text":"a"})"), "rate-limited");
  bed_.pass(1s);
  EXPECT_EQ(ada_.refusal("message", R"({"text":"a"})"), "ok");
}

TEST_F(TakingPart, AsksTheWorkerForStats) {
  EXPECT_TRUE(ada_.request("stats", "{}").is_null());
  EXPECT_EQ(ada_.refusal("stats", "{}"), "stats-pending");
  const auto asked = bed_.take<sfu::ReportPeer>();
  ASSERT_THAT(asked, SizeIs(1));
  sfu::PeerReport report;
  report.peer = peer_;
  report.request = asked[0].request;
  report.connected = true;
  report.rtt = 23'400us;
  report.packets_in = 5120;
  report.slots.resize(1);
  bed_.tell(report);
  const json::Value reply = ada_.ack(1);
  EXPECT_TRUE(reply["transport"]["connected"].as_bool());
  EXPECT_DOUBLE_EQ(reply["transport"]["rttMs"].as_number(), 23.4);
  EXPECT_EQ(reply["slots"].size(), 1U);
}

TEST_F(TakingPart, DoesNotWaitForStatsForEver) {
  EXPECT_TRUE(ada_.request("stats", "{}").is_null());
  bed_.pass(3s);
  EXPECT_EQ(ada_.last_ack()["error"]["code"].as_string(), "stats-timeout");
  EXPECT_TRUE(ada_.request("stats", "{}").is_null());
}

}  // namespace
}  // namespace visavis::conference
