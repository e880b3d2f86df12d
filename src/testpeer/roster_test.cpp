#include "testpeer/roster.hpp"

#include <gtest/gtest.h>

namespace visavis::testpeer {
namespace {

json::Value value(std::string_view text) {
  return json::parse(text).value_or(json::Value());
}

class RosterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    roster.handle_snapshot(value(R"({"self":"a","revision":7,
      "participants":[{"id":"a","name":"Ada","connection":"connected","streams":[]},
                      {"id":"b","name":"Grace","connection":"connected",
                       "streams":[{"id":"s","kind":"video","source":"camera","muted":false}]}],
      "assignments":[{"slot":1,"participantId":"b","streamId":"s","state":"showing"}]})"));
  }
  Roster roster;
};

TEST_F(RosterTest, BeginsWithTheSnapshot) {
  EXPECT_EQ(roster.self(), "a");
  EXPECT_EQ(roster.participants().size(), 2U);
  EXPECT_EQ(roster.find_by_name("Grace")->streams.at(0).source, "camera");
  EXPECT_EQ(roster.assignment(1)->participant, "b");
  EXPECT_EQ(roster.assignment(0), nullptr);
}

TEST_F(RosterTest, FollowsWhoIsThere) {
  EXPECT_TRUE(roster.handle_event(
      "participant-joined", value(R"({"participant":{"id":"c","name":"Edith"},"revision":8})")));
  EXPECT_NE(roster.find("c"), nullptr);
  EXPECT_TRUE(roster.handle_event(
      "participant-updated", value(R"({"participantId":"b","connection":"lost","revision":9})")));
  EXPECT_FALSE(roster.find("b")->connected);
  EXPECT_TRUE(
      roster.handle_event("participant-left", value(R"({"participantId":"b","revision":10})")));
  EXPECT_EQ(roster.find("b"), nullptr);
  EXPECT_EQ(roster.revision(), 10U);
  EXPECT_EQ(roster.revision_gaps(), 0U);
}

TEST_F(RosterTest, FollowsWhatTheyPublish) {
  roster.handle_event("stream-muted",
                      value(R"({"participantId":"b","streamId":"s","muted":true})"));
  EXPECT_TRUE(roster.find("b")->streams.at(0).muted);
  roster.handle_event("stream-published",
                      value(R"({"participantId":"b","stream":{"id":"t","source":"screen"}})"));
  roster.handle_event("stream-unpublished", value(R"({"participantId":"b","streamId":"s"})"));
  ASSERT_EQ(roster.find("b")->streams.size(), 1U);
  EXPECT_EQ(roster.find("b")->streams.at(0).id, "t");
}

TEST_F(RosterTest, FollowsItsSlots) {
  EXPECT_FALSE(roster.handle_event(
      "slots", value(R"({"slots":[{"slot":1,"state":"empty","reason":"not-publishing"}]})")));
  EXPECT_EQ(roster.assignment(1)->reason, "not-publishing");
}

TEST_F(RosterTest, CountsEventsAndRevisionsThatFallBack) {
  roster.handle_event("codec", value("{}"));
  EXPECT_EQ(roster.events_named("codec"), 1U);
  roster.handle_event("participant-left", value(R"({"participantId":"b","revision":7})"));
  EXPECT_EQ(roster.revision_gaps(), 1U);
}

}  // namespace
}  // namespace visavis::testpeer
