#include "conference/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/call_bed.hpp"

namespace visavis::conference {
namespace {

using namespace std::chrono_literals;

class Requests : public ::testing::Test {
 protected:
  std::uint64_t refused(ErrorCode code) const {
    return bed_.service().counters().refusals.at(static_cast<std::size_t>(code));
  }

  mutable CallBed bed_;
  CallBed::Caller caller_ = bed_.connect();
};

TEST_F(Requests, OfAnUnknownNameAreRefused) {
  EXPECT_EQ(caller_.refusal("dance", "{}"), "unknown-event");
  EXPECT_EQ(caller_.refusal("welcome", "{}"), "unknown-event");
  EXPECT_EQ(refused(ErrorCode::kUnknownEvent), 2U);
}

TEST_F(Requests, OfTheWrongTypeAreRefused) {
  for (const auto* payload :
       {"null", "1", "\"join\"", "[]", "{}", R"({"room":1,"name":"A"})",
        R"({"room":"r","name":null})", R"({"room":"r","name":"A","offer":1})",
        R"({"room":"r","name":"A","publish":{}})", R"({"room":"r","name":"A","publish":[1]})",
        "{},{}", R"({"room":"r","name":"A","token":7})"}) {
    EXPECT_EQ(caller_.refusal("join", payload), "invalid-payload") << payload;
  }
  for (const auto* payload :
       {R"({"tiles":1})", R"({})", R"({"tiles":[{}]})",
        R"({"tiles":[{"participantId":"a","width":-1,"height":1}]})",
        R"({"tiles":[{"participantId":"a","width":1.5,"height":1}]})",
        R"({"tiles":[{"participantId":"a","width":1,"height":99999}]})",
        R"({"tiles":[{"participantId":"a","width":1,"height":1,"source":"microphone"}]})",
        R"({"tiles":[{"participantId":"a","width":1,"height":1,"pinned":1}]})"}) {
    EXPECT_EQ(caller_.refusal("view", payload), "invalid-payload") << payload;
  }
}

TEST_F(Requests, BeforeTheJoinAreRefused) {
  EXPECT_EQ(caller_.refusal("publish", R"({"mid":"0","source":"camera"})"), "not-joined");
  EXPECT_EQ(caller_.refusal("unpublish", R"({"streamId":"x"})"), "not-joined");
  EXPECT_EQ(caller_.refusal("mute", R"({"streamId":"x","muted":true})"), "not-joined");
  EXPECT_EQ(caller_.refusal("update", R"({"name":"x"})"), "not-joined");
  EXPECT_EQ(caller_.refusal("view", R"({"tiles":[]})"), "not-joined");
  EXPECT_EQ(caller_.refusal("renegotiate", R"({"offer":"x"})"), "not-joined");
  EXPECT_EQ(caller_.refusal("message", R"({"text":"x"})"), "not-joined");
  EXPECT_EQ(caller_.refusal("stats", R"({})"), "not-joined");
  EXPECT_EQ(caller_.refusal("leave", R"({})"), "not-joined");
  EXPECT_EQ(caller_.refusal("resume", R"({"token":"x"})"), "invalid-resume-token");
}

TEST_F(Requests, BeyondTheirLimitsAreRefusedAndTheConnectionStays) {
  const auto join = [](const std::string& room, const std::string& name,
                       const std::string& more = "") {
    return R"({"room":")" + room + R"(","name":")" + name + "\"" + more + "}";
  };
  EXPECT_EQ(caller_.refusal("join", join("r", std::string(10'000, 'n'))), "name-too-long");
  EXPECT_EQ(caller_.refusal("join", join("r", std::string(65, 'n'))), "name-too-long");
  EXPECT_EQ(caller_.refusal("join", join("r", "")), "name-invalid");
  EXPECT_EQ(caller_.refusal("join", join("r", "a\\u0000b")), "name-invalid");
  EXPECT_EQ(caller_.refusal("join", join("", "n")), "room-name-invalid");
  EXPECT_EQ(caller_.refusal("join", join(std::string(65, 'r'), "n")), "room-name-invalid");
  const std::string metadata = ",\"metadata\":\"" + std::string(4095, 'm') + "\"";
  EXPECT_EQ(caller_.refusal("join", join("r", "n", metadata)), "metadata-too-large");
  const std::string token = ",\"token\":\"" + std::string(4097, 't') + "\"";
  EXPECT_EQ(caller_.refusal("join", join("r", "n", token)), "token-too-large");
  std::string tiles;
  for (int i = 0; i < 65; ++i) {
    tiles += i == 0 ? "1" : ",1";
  }
  EXPECT_EQ(caller_.refusal("view", "{\"tiles\":[" + tiles + "]}"), "too-many-tiles");
  EXPECT_EQ(caller_.refusal("join", join("r", std::string(64, 'n'))), "ok");
  EXPECT_EQ(refused(ErrorCode::kNameTooLong), 2U);
}

TEST_F(Requests, WithAnOfferTooLargeAreRefused) {
  Options options = CallBed::default_options();
  options.limits.offer_bytes = 1000;
  CallBed small(options);
  auto caller = small.connect();
  EXPECT_EQ(caller.refusal("join",
                           R"({"room":"r","name":"A","offer":")" + std::string(1001, 'v') + "\"}"),
            "offer-too-large");
}

TEST_F(Requests, OfTooManyStreamsAreRefused) {
  std::string lines;
  for (int i = 0; i < 9; ++i) {
    lines += (i == 0 ? "" : ",") + ("{\"mid\":\"" + std::to_string(i)) +
             R"(","kind":"audio","source":"microphone"})";
  }
  EXPECT_EQ(caller_.refusal("join", R"({"room":"r","name":"A","publish":[)" + lines + "]}"),
            "too-many-streams");
}

TEST_F(Requests, WithoutAnAckAreDoneOrRefusedByAnEvent) {
  static_cast<void>(caller_.take_events());
  caller_.notify("join", R"({"room":"r","name":""})");
  const json::Value error = caller_.take_event("error");
  EXPECT_EQ(error["code"].as_string(), "name-invalid");
  EXPECT_EQ(error["event"].as_string(), "join");
  caller_.notify("join", R"({"room":"r","name":"Ada"})");
  EXPECT_EQ(bed_.service().gauges().participants, 1U);
}

TEST_F(Requests, AreLimitedToAHundredASecond) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(caller_.refusal("leave", "{}"), "not-joined");
  }
  EXPECT_EQ(caller_.refusal("leave", "{}"), "rate-limited");
  bed_.pass(1s);
  EXPECT_EQ(caller_.refusal("leave", "{}"), "not-joined");
}

TEST_F(Requests, AreRefusedWhileNoWorkerTakesTheCommands) {
  Options options = CallBed::default_options();
  options.commands_max = 0;
  CallBed stuck(options);
  auto caller = stuck.connect();
  EXPECT_EQ(caller.refusal("join", R"({"room":"r","name":"A"})"), "internal");
  EXPECT_EQ(stuck.service().counters().overloaded, 1U);
}

TEST_F(Requests, MayHaveFieldsThatTheServerDoesNotKnow) {
  EXPECT_EQ(caller_.refusal("join", R"({"room":"r","name":"A","fromTheFuture":[1]})"), "ok");
}

}  // namespace
}  // namespace visavis::conference
