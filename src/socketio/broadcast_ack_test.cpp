#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class BroadcastAck : public testing::Test {
 protected:
  [[nodiscard]] Namespace& main() { return bed_.io().of("/"); }
  void ask(const BroadcastOperator& of) {
    of.emit_with_ack(Payload::event("how are you", 1), seconds(10),
                     [this](BroadcastAnswers answers) {
                       EXPECT_FALSE(result_.has_value());
                       result_ = std::move(answers);
                     });
    bed_.pump();
  }
  [[nodiscard]] std::vector<std::string> answers() const {
    std::vector<std::string> texts;
    for (const Arguments& answer : result_->answers) {
      texts.emplace_back(answer[0].as_string());
    }
    return texts;
  }

  TestBed bed_;
  TestBed::Client& a_ = bed_.join();
  TestBed::Client& b_ = bed_.join();
  std::optional<BroadcastAnswers> result_;
};

TEST_F(BroadcastAck, TellsWhenTheLastHasAnswered) {
  ask(main().everyone());
  EXPECT_THAT(a_.take(), ElementsAre(R"(420["how are you",1])"));
  EXPECT_THAT(b_.take(), ElementsAre(R"(420["how are you",1])"));
  b_.send("430[\"b\"]");
  EXPECT_FALSE(result_);
  a_.send("430[\"a\"]");
  ASSERT_TRUE(result_);
  EXPECT_THAT(answers(), ElementsAre("b", "a"));
  EXPECT_EQ(result_->missing, 0U);
  bed_.pass(seconds(20));
  EXPECT_EQ(bed_.io().counters().ack_timeouts, 0U);
}

TEST_F(BroadcastAck, DoesNotWaitForWhomAnotherReceiversListenerHasEnded) {
  Socket& first = *main().find(main().socket_ids().at(0));
  Socket& second = *main().find(main().socket_ids().at(1));
  first.on_any_outgoing([&](std::string_view, const Arguments&) { second.disconnect(); });
  ask(main().everyone());
  a_.send("430[\"a\"]");
  ASSERT_TRUE(result_);
  EXPECT_THAT(answers(), ElementsAre("a"));
  EXPECT_EQ(result_->missing, 1U);
}

TEST_F(BroadcastAck, TellsWhatItHasAtTheTimeout) {
  ask(main().everyone());
  a_.send("430[\"a\"]");
  a_.send("430[\"again\"]");
  bed_.pass(seconds(9));
  EXPECT_FALSE(result_);
  bed_.pass(seconds(2));
  ASSERT_TRUE(result_);
  EXPECT_THAT(answers(), ElementsAre("a"));
  EXPECT_EQ(result_->missing, 1U);
  b_.send("430[\"late\"]");
}

TEST_F(BroadcastAck, DoesNotWaitForThoseWhoLeave) {
  ask(main().everyone());
  a_.vanish();
  b_.send("430[\"b\"]");
  ASSERT_TRUE(result_);
  EXPECT_THAT(answers(), ElementsAre("b"));
  EXPECT_EQ(result_->missing, 1U);
}

TEST_F(BroadcastAck, OfNobodyIsToldAtOnce) {
  ask(main().to("nowhere"));
  ASSERT_TRUE(result_);
  EXPECT_THAT(result_->answers, IsEmpty());
  EXPECT_EQ(result_->missing, 0U);
}

TEST_F(BroadcastAck, AsksOnlyItsAudience) {
  ask(main().except(main().socket_ids()[0]));
  EXPECT_THAT(a_.take(), IsEmpty());
  b_.send("430[\"b\"]");
  EXPECT_TRUE(result_);
}

TEST_F(BroadcastAck, TakesBytesForAnAnswer) {
  ask(main().except(main().socket_ids()[0]));
  b_.send(R"(461-0[{"_placeholder":true,"num":0}])");
  b_.send_binary("xyz");
  ASSERT_TRUE(result_);
  EXPECT_EQ(as_text(result_->answers[0][0].as_bytes()), "xyz");
}

TEST_F(BroadcastAck, DoesNotDisturbTheAcksOfOneSocket) {
  std::string own;
  Socket& socket = *main().find(main().socket_ids()[0]);
  ask(main().everyone());
  socket.emit_with_ack(Payload::event("and you"), seconds(10),
                       [&](std::expected<Arguments, AckError> answer) {
                         own = answer ? answer->operator[](0).as_string() : "none";
                       });
  a_.send("431[\"own\"]");
  EXPECT_EQ(own, "own");
  a_.send("430[1]");
  b_.send("430[1]");
  EXPECT_TRUE(result_);
}

TEST_F(BroadcastAck, FetchedSocketsTellAndCanBeActedOn) {
  Socket& socket = *main().find(main().socket_ids()[0]);
  socket.join("room");
  socket.data<int>() = 7;
  std::vector<RemoteSocket> fetched;
  main().in("room").fetch_sockets(
      [&](FetchedSockets found) { fetched = std::move(found.sockets); });
  ASSERT_EQ(fetched.size(), 1U);
  EXPECT_EQ(fetched[0].id(), socket.id());
  EXPECT_THAT(fetched[0].rooms(), ElementsAre(socket.id(), "room"));
  EXPECT_EQ(fetched[0].handshake().url(), socket.handshake().url());
  ASSERT_NE(fetched[0].data<int>(), nullptr);
  EXPECT_EQ(*fetched[0].data<int>(), 7);
  EXPECT_EQ(fetched[0].data<std::string>(), nullptr);
  fetched[0].emit("to you", 1);
  fetched[0].join("other");
  fetched[0].leave("room");
  bed_.pump();
  EXPECT_THAT(a_.take(), ElementsAre(R"(42["to you",1])"));
  EXPECT_THAT(b_.take(), IsEmpty());
  EXPECT_THAT(socket.rooms(), ElementsAre(socket.id(), "other"));
  std::optional<BroadcastAnswers> answered;
  fetched[0].timeout(seconds(1)).emit("and you?", [&](BroadcastAnswers answers) {
    answered = std::move(answers);
  });
  bed_.pump();
  EXPECT_THAT(a_.take(), ElementsAre(R"(420["and you?"])"));
  a_.send("430[5]");
  ASSERT_TRUE(answered && answered->answers.size() == 1 && answered->missing == 0);
  EXPECT_EQ(answered->answers[0][0].as_integer(), 5);
  fetched[0].disconnect();
  bed_.pump();
  EXPECT_THAT(a_.take(), ElementsAre("41"));
  fetched[0].emit("nobody");
}

}  // namespace
}  // namespace visavis::socketio
