#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/call_bed.hpp"

namespace visavis::conference {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Joining : public ::testing::Test {
 protected:
  CallBed bed_;
};

TEST_F(Joining, WelcomesWithWhatAClientNeedsToKnow) {
  auto caller = bed_.connect();
  const json::Value welcome = caller.take_event("welcome");
  EXPECT_EQ(welcome["seats"]["initial"].as_integer(), 6);
  EXPECT_EQ(welcome["limits"]["nameCharacters"].as_integer(), 64);
  EXPECT_EQ(welcome["codecs"]["video"].at(0)["mimeType"].as_string(), "video/VP8");
}

TEST_F(Joining, AnswersWithTheWholeCallAtOnce) {
  auto ada = bed_.connect();
  const json::Value reply = ada.join("standup", "Ada");
  EXPECT_EQ(reply["room"].as_string(), "standup");
  EXPECT_THAT(std::string(reply["answer"].as_string()), HasSubstr("a=ice-lite"));
  EXPECT_EQ(reply["slots"].size(), 5U);
  ASSERT_EQ(reply["participants"].size(), 1U);
  EXPECT_EQ(reply["participants"].at(0)["id"].as_string(), ada.self);
  EXPECT_EQ(reply["participants"].at(0)["streams"].size(), 2U);
  EXPECT_TRUE(reply["participants"].at(0)["metadata"].is_null());
  EXPECT_EQ(bed_.service().gauges().participants, 1U);
}

TEST_F(Joining, OpensThePeerAndItsStreamsAheadOfTheAck) {
  auto ada = bed_.connect();
  ada.join("standup", "Ada");
  const auto commands = bed_.take_commands();
  ASSERT_GE(commands.size(), 3U);
  const auto* const open = std::get_if<sfu::OpenPeer>(&commands[0]);
  ASSERT_NE(open, nullptr);
  EXPECT_EQ(open->setup.remote.ufrag, "abcd");
  EXPECT_EQ(open->setup.slots.size(), 5U);
  EXPECT_EQ(open->setup.publish_lines.size(), 4U);
  const auto* const microphone = std::get_if<sfu::OpenStream>(&commands[1]);
  ASSERT_NE(microphone, nullptr);
  EXPECT_EQ(microphone->mid, "0");
  EXPECT_EQ(microphone->publisher, open->setup.peer);
  EXPECT_EQ(std::get<sfu::OpenStream>(commands[2]).mid, "1");
}

TEST_F(Joining, TellsTheOthersOnce) {
  auto ada = bed_.connect();
  ada.join("standup", "Ada");
  static_cast<void>(ada.take_events());
  auto grace = bed_.connect();
  const json::Value reply = grace.join("standup", "Grace");
  EXPECT_EQ(reply["participants"].size(), 2U);
  const json::Value joined = ada.take_event("participant-joined");
  EXPECT_EQ(joined["participant"]["name"].as_string(), "Grace");
  EXPECT_EQ(joined["revision"].raw(), reply["revision"].raw());
  EXPECT_TRUE(grace.take_event("participant-joined").is_null());
}

TEST_F(Joining, WarmsWhatTheJoinerWillLikelySee) {
  auto ada = bed_.connect();
  ada.join("standup", "Ada");
  const auto streams = bed_.take<sfu::OpenStream>();
  auto grace = bed_.connect();
  grace.join("standup", "Grace");
  const auto warmed = bed_.take<sfu::WarmStream>();
  ASSERT_THAT(warmed, SizeIs(1));
  EXPECT_EQ(warmed[0].stream, streams[1].stream);  // The camera, not the microphone.
}

TEST_F(Joining, WorksWithoutMedia) {
  auto bot = bed_.connect();
  const json::Value reply = bot.request("join", R"({"room":"standup","name":"Bot"})");
  EXPECT_TRUE(reply["ok"].as_bool());
  EXPECT_FALSE(reply.find("answer"));
  EXPECT_EQ(reply["slots"].size(), 0U);
  EXPECT_THAT(bed_.take<sfu::OpenPeer>(), IsEmpty());
  EXPECT_EQ(bot.refusal("publish", R"({"mid":"0","source":"camera"})"), "no-media");
  // A first offer may follow.
  EXPECT_EQ(bot.refusal("renegotiate", "{\"offer\":" + CallerOffer().json() + "}"), "ok");
  EXPECT_THAT(bed_.take<sfu::OpenPeer>(), SizeIs(1));
}

TEST_F(Joining, KeepsRoomsApart) {
  auto ada = bed_.connect();
  ada.join("one", "Ada");
  static_cast<void>(ada.take_events());
  auto grace = bed_.connect();
  EXPECT_EQ(grace.join("two", "Grace")["participants"].size(), 1U);
  EXPECT_THAT(ada.take_events(), IsEmpty());
}

TEST_F(Joining, IsRefusedTwiceOnOneSocket) {
  auto ada = bed_.connect();
  ada.join("standup", "Ada");
  EXPECT_EQ(ada.refusal("join", R"({"room":"other","name":"Ada"})"), "already-joined");
  EXPECT_EQ(ada.refusal("prepare", "{\"room\":\"x\",\"offer\":" + CallerOffer().json() + "}"),
            "already-joined");
}

TEST_F(Joining, IsPossibleAgainAfterLeaving) {
  auto ada = bed_.connect();
  ada.join("standup", "Ada");
  const std::string first = ada.self;
  EXPECT_EQ(ada.refusal("leave", "{}"), "ok");
  EXPECT_EQ(bed_.service().gauges().rooms, 0U);
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  ada.join("standup", "Ada");
  EXPECT_NE(ada.self, first);
  EXPECT_EQ(ada.refusal("leave", "{}"), "ok");
  EXPECT_EQ(ada.refusal("leave", "{}"), "not-joined");
}

TEST_F(Joining, ChangesNothingWhenItIsRefused) {
  auto ada = bed_.connect();
  const std::string offer = CallerOffer().json();
  const auto publishing = [&offer](std::string_view line) {
    return R"({"room":"r","name":"Ada","publish":[)" + std::string(line) + "],\"offer\":" + offer +
           "}";
  };
  EXPECT_EQ(ada.refusal("join", publishing(R"({"mid":"9","kind":"audio","source":"microphone"})")),
            "no-such-line");
  EXPECT_EQ(ada.refusal("join", publishing(R"({"mid":"0","kind":"video","source":"camera"})")),
            "no-such-line");
  EXPECT_EQ(ada.refusal("join", publishing(R"({"mid":"0","kind":"audio","source":"microphone"},
                                              {"mid":"0","kind":"audio","source":"microphone"})")),
            "line-in-use");
  EXPECT_EQ(ada.refusal("join", publishing(R"({"mid":"0","kind":"video","source":"microphone"})")),
            "invalid-payload");
  EXPECT_EQ(ada.refusal("join", R"({"room":"r","name":"Ada","offer":"v=0\r\n"})"), "invalid-offer");
  EXPECT_THAT(bed_.take_commands(), IsEmpty());
  EXPECT_EQ(bed_.service().gauges().rooms, 0U);
}

TEST_F(Joining, IsRefusedBeyondThePlacesOfARoomAndTheServer) {
  Options options = CallBed::default_options();
  options.limits.participants_per_room = 1;
  options.limits.rooms = 1;
  CallBed small(options);
  auto ada = small.connect();
  ada.join("one", "Ada");
  auto grace = small.connect();
  EXPECT_EQ(grace.refusal("join", R"({"room":"one","name":"Grace"})"), "room-full");
  EXPECT_EQ(grace.refusal("join", R"({"room":"two","name":"Grace"})"), "too-many-rooms");
  EXPECT_EQ(small.service().counters().refusals[static_cast<std::size_t>(ErrorCode::kRoomFull)],
            1U);
}

class Preparing : public Joining {
 protected:
  static std::string request(const CallerOffer& offer = {}) {
    return "{\"room\":\"standup\",\"offer\":" + offer.json() + "}";
  }
};

TEST_F(Preparing, OpensAPeerThatNobodySees) {
  auto grace = bed_.connect();
  grace.join("standup", "Grace");
  static_cast<void>(bed_.take_commands());
  static_cast<void>(grace.take_events());
  auto ada = bed_.connect();
  const json::Value prepared = ada.request("prepare", request());
  EXPECT_EQ(prepared["slots"].size(), 5U);
  EXPECT_EQ(prepared["expiresInMs"].as_integer(), 30'000);
  const auto commands = bed_.take_commands();
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<sfu::OpenPeer>(commands[0]));
  EXPECT_TRUE(std::holds_alternative<sfu::WarmStream>(commands[1]));
  EXPECT_THAT(grace.take_events(), IsEmpty());
}

TEST_F(Preparing, IsTakenOverByTheJoinWithoutAnotherAnswer) {
  auto ada = bed_.connect();
  ada.request("prepare", request());
  const sfu::PeerId peer = bed_.take<sfu::OpenPeer>().at(0).setup.peer;
  bed_.tell(sfu::PeerConnected{.peer = peer});
  const json::Value reply = ada.request("join",
                                        R"({"room":"standup","name":"Ada",
          "publish":[{"mid":"1","kind":"video","source":"camera"}]})");
  EXPECT_FALSE(reply.find("answer"));
  EXPECT_EQ(reply["slots"].size(), 5U);
  const auto commands = bed_.take_commands();
  const auto* const update = std::get_if<sfu::UpdatePeer>(&commands.at(0));
  ASSERT_NE(update, nullptr);
  EXPECT_EQ(update->setup.peer, peer);
  EXPECT_NE(update->setup.room, sfu::RoomId());
  EXPECT_EQ(bed_.service().gauges().prepared, 0U);
  EXPECT_EQ(bed_.service().counters().prepared_used, 1U);
  bed_.pass(31s);
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), IsEmpty());
}

TEST_F(Preparing, ExpiresAfterThirtySeconds) {
  auto ada = bed_.connect();
  ada.request("prepare", request());
  bed_.pass(29s);
  EXPECT_EQ(bed_.service().gauges().prepared, 1U);
  bed_.pass(2s);
  EXPECT_EQ(bed_.service().gauges().prepared, 0U);
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  EXPECT_EQ(bed_.service().counters().prepared_expired, 1U);
}

TEST_F(Preparing, EndsWithItsSocketAndWithAnotherOffer) {
  auto ada = bed_.connect();
  ada.request("prepare", request());
  ada.request("prepare", request({.session = "2"}));
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  ada.vanish();
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  auto grace = bed_.connect();
  grace.request("prepare", request());
  grace.join("standup", "Grace");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
}

TEST_F(Preparing, IsLimitedOnTheServerAndForAnAddress) {
  Options options = CallBed::default_options();
  options.prepared_max = 2;
  CallBed few(options);
  auto first = few.connect();
  auto second = few.connect();
  auto third = few.connect();
  EXPECT_EQ(first.refusal("prepare", request()), "ok");
  EXPECT_EQ(second.refusal("prepare", request()), "ok");
  EXPECT_EQ(third.refusal("prepare", request()), "too-many-prepared");
  EXPECT_EQ(second.refusal("prepare", request()), "ok");  // Its own again.

  options = CallBed::default_options();
  options.prepared_per_address_max = 1;
  CallBed narrow(options);
  auto fourth = narrow.connect();
  auto fifth = narrow.connect();
  EXPECT_EQ(fourth.refusal("prepare", request()), "ok");
  EXPECT_EQ(fifth.refusal("prepare", request()), "too-many-prepared-from-address");
  fourth.vanish();
  EXPECT_EQ(fifth.refusal("prepare", request()), "ok");
}

TEST_F(Preparing, TellsTheClientWhenItsHandshakeFails) {
  auto ada = bed_.connect();
  ada.request("prepare", request());
  const sfu::PeerId peer = bed_.take<sfu::OpenPeer>().at(0).setup.peer;
  static_cast<void>(ada.take_events());
  bed_.tell(sfu::PeerFailed{.peer = peer, .reason = "The fingerprint does not match."});
  EXPECT_EQ(ada.take_event("error")["code"].as_string(), "media-failed");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
}

class Resuming : public Joining {
 protected:
  void SetUp() override {
    ada_.join("standup", "Ada");
    grace_.join("standup", "Grace");
    static_cast<void>(bed_.take_commands());
    static_cast<void>(grace_.take_events());
  }
  static std::string with(const std::string& token, const std::string& more = "") {
    return "{\"token\":\"" + token + "\"" + more + "}";
  }

  CallBed::Caller ada_ = bed_.connect();
  CallBed::Caller grace_ = bed_.connect();
};

TEST_F(Resuming, KeepsAParticipantWhoseSocketDied) {
  ada_.vanish();
  const json::Value updated = grace_.take_event("participant-updated");
  EXPECT_EQ(updated["participantId"].as_string(), ada_.self);
  EXPECT_EQ(updated["connection"].as_string(), "lost");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), IsEmpty());
  bed_.pass(59s);
  EXPECT_EQ(bed_.service().gauges().participants, 2U);
}

TEST_F(Resuming, LetsItGoAfterAMinute) {
  ada_.vanish();
  bed_.pass(61s);
  const json::Value left = grace_.take_event("participant-left");
  EXPECT_EQ(left["participantId"].as_string(), ada_.self);
  EXPECT_EQ(left["reason"].as_string(), "lost");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(1));
  EXPECT_EQ(bed_.service().counters().lost, 1U);
  auto again = bed_.connect();
  EXPECT_EQ(again.refusal("resume", with(ada_.token)), "invalid-resume-token");
}

TEST(ResumingInLittleRoom, TheLongestLostGoesWhenThereAreTooMany) {
  Options options = CallBed::default_options();
  options.lost_max = 2;
  CallBed bed(options);
  std::vector<CallBed::Caller> callers;
  for (const char* const name : {"Ada", "Grace", "Edsger"}) {
    callers.push_back(bed.connect());
    callers.back().join("standup", name);
    static_cast<void>(bed.take_commands());
  }
  callers[0].vanish();
  callers[1].vanish();
  EXPECT_EQ(bed.service().gauges().participants, 3U);
  callers[2].vanish();
  EXPECT_EQ(bed.service().gauges().participants, 2U);
  EXPECT_EQ(bed.service().counters().lost, 1U);
  EXPECT_THAT(bed.take<sfu::ClosePeer>(), SizeIs(1));
  auto again = bed.connect();
  EXPECT_EQ(again.refusal("resume", "{\"token\":\"" + callers[0].token + "\"}"),
            "invalid-resume-token");
  EXPECT_EQ(again.refusal("resume", "{\"token\":\"" + callers[1].token + "\"}"), "ok");
  bed.pass(61s);
  EXPECT_EQ(bed.service().gauges().participants, 1U);
}

TEST_F(Resuming, BringsTheSameParticipantBackWithASnapshot) {
  ada_.vanish();
  auto again = bed_.connect();
  const json::Value reply = again.request("resume", with(ada_.token));
  EXPECT_EQ(reply["self"].as_string(), ada_.self);
  EXPECT_EQ(reply["participants"].size(), 2U);
  EXPECT_EQ(reply["participants"].at(0)["connection"].as_string(), "connected");
  EXPECT_FALSE(reply.find("answer"));
  EXPECT_EQ(grace_.take_event("participant-updated")["connection"].as_string(), "connected");
  bed_.pass(61s);
  EXPECT_EQ(bed_.service().gauges().participants, 2U);
}

TEST_F(Resuming, ReplacesTheTokenEachTime) {
  ada_.vanish();
  auto again = bed_.connect();
  const json::Value reply = again.request("resume", with(ada_.token));
  const std::string fresh(reply["resumeToken"].as_string());
  EXPECT_NE(fresh, ada_.token);
  EXPECT_EQ(fresh.size(), 32U);
  again.vanish();
  auto third = bed_.connect();
  EXPECT_EQ(third.refusal("resume", with(ada_.token)), "invalid-resume-token");
  EXPECT_EQ(third.refusal("resume", with(fresh)), "ok");
}

TEST_F(Resuming, TakesOverFromASocketThatTheServerStillBelievesIn) {
  auto again = bed_.connect();
  EXPECT_EQ(again.refusal("resume", with(ada_.token)), "ok");
  EXPECT_EQ(ada_.take_event("error")["code"].as_string(), "resumed-elsewhere");
  EXPECT_TRUE(ada_.disconnected());
  EXPECT_EQ(bed_.service().gauges().participants, 2U);
  EXPECT_TRUE(grace_.take_event("participant-updated").is_null());
  EXPECT_EQ(again.refusal("leave", "{}"), "ok");
}

TEST_F(Resuming, RestartsIceWithChangedCredentials) {
  ada_.vanish();
  auto again = bed_.connect();
  const json::Value reply = again.request(
      "resume", with(ada_.token, ",\"offer\":" + CallerOffer{.ufrag = "efgh"}.json()));
  EXPECT_TRUE(reply.find("answer"));
  const auto updates = bed_.take<sfu::UpdatePeer>();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(updates[0].setup.remote.ufrag, "efgh");
  EXPECT_EQ(bed_.service().counters().ice_restarts, 1U);
}

TEST_F(Resuming, ReplacesTheTransportByAnotherConnections) {
  const json::Value before = grace_.last_ack()["participants"];
  ada_.vanish();
  auto again = bed_.connect();
  const json::Value reply =
      again.request("resume", with(ada_.token, ",\"offer\":" + CallerOffer{.session = "2"}.json()));
  EXPECT_EQ(reply["participants"].at(0)["streams"].raw(), before.at(0)["streams"].raw());
  const auto commands = bed_.take_commands();
  ASSERT_TRUE(std::holds_alternative<sfu::ClosePeer>(commands.at(0)));
  ASSERT_TRUE(std::holds_alternative<sfu::OpenPeer>(commands.at(1)));
  EXPECT_EQ(std::get<sfu::OpenStream>(commands.at(2)).publisher,
            std::get<sfu::OpenPeer>(commands.at(1)).setup.peer);
  EXPECT_TRUE(std::holds_alternative<sfu::OpenStream>(commands.at(3)));
}

TEST_F(Resuming, PublishesWhatItSays) {
  ada_.vanish();
  static_cast<void>(grace_.take_events());
  auto again = bed_.connect();
  const json::Value reply = again.request(
      "resume",
      with(ada_.token, ",\"offer\":" + CallerOffer{.session = "2"}.json() +
                           R"(,"publish":[{"mid":"0","kind":"audio","source":"microphone"},
                                        {"mid":"2","kind":"video","source":"screen"}])"));
  const json::Value streams = reply["participants"].at(0)["streams"];
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams.at(1)["source"].as_string(), "screen");
  std::vector<std::string> events;
  for (const auto& [name, payload] : grace_.take_events()) {
    events.push_back(name);
  }
  EXPECT_THAT(events, ::testing::IsSupersetOf({"stream-unpublished", "stream-published"}));
}

TEST_F(Resuming, DoesNotWaitForSomebodyWhoSaidGoodbye) {
  ada_.say_goodbye();
  EXPECT_EQ(grace_.take_event("participant-left")["reason"].as_string(), "left");
  EXPECT_EQ(bed_.service().gauges().participants, 1U);
}

TEST_F(Resuming, TellsTheClientAgainWhereItsTilesAre) {
  ada_.view({grace_.self});
  ada_.vanish();
  auto again = bed_.connect();
  const json::Value reply = again.request("resume", with(ada_.token));
  ASSERT_EQ(reply["assignments"].size(), 2U);
  EXPECT_EQ(reply["assignments"].at(0)["participantId"].as_string(), grace_.self);
  const json::Value slots = again.take_event("slots");
  EXPECT_EQ(slots["slots"].size(), 0U);
  EXPECT_EQ(slots["tiles"].at(0)["seat"].as_integer(), 0);
}

TEST_F(Joining, EndsForEveryoneWhenTheServerShutsDown) {
  auto ada = bed_.connect();
  ada.join("standup", "Ada");
  auto grace = bed_.connect();
  grace.request("prepare", "{\"room\":\"x\",\"offer\":" + CallerOffer().json() + "}");
  static_cast<void>(bed_.take_commands());
  bed_.service().shut_down(bed_.now());
  bed_.settle();
  EXPECT_EQ(ada.take_event("room-closed")["reason"].as_string(), "server-shutting-down");
  EXPECT_THAT(bed_.take<sfu::ClosePeer>(), SizeIs(2));
  EXPECT_EQ(bed_.service().gauges().participants, 0U);
  EXPECT_EQ(grace.refusal("join", R"({"room":"standup","name":"Grace"})"), "shutting-down");
  ada.vanish();
  EXPECT_EQ(bed_.service().next_timeout(), kNever);
}

}  // namespace
}  // namespace visavis::conference
