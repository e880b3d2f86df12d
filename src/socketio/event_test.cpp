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

TEST(Event, ComesWithItsArgumentsAndGoesBack) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.on("message", [&socket](const Arguments& arguments, const Ack& ack) {
      EXPECT_FALSE(ack);
      socket.emit("message-back", arguments);
    });
  });
  auto& client = bed.join();
  client.send(R"(42["message",1,"2",{"3":[true]},null,"\ud800"])");
  EXPECT_THAT(client.take(), ElementsAre(R"(42["message-back",1,"2",{"3":[true]},null,"\ud800"])"));
  client.send("42[\"message\"]");
  EXPECT_THAT(client.take(), ElementsAre("42[\"message-back\"]"));
}

TEST(Event, CarriesBytesBothWays) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.on("message", [&socket](const Arguments& arguments, const Ack&) {
      socket.emit("message-back", arguments);
    });
  });
  auto& client = bed.join();
  client.send(
      R"(452-["message",{"a":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}])");
  client.send_binary("\x01\x02");
  client.send_binary("\x03");
  EXPECT_THAT(
      client.take(),
      ElementsAre(
          R"(452-["message-back",{"a":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}])",
          "b:\x01\x02", "b:\x03"));
}

TEST(Event, IsHeardByEveryHandlerInOrderAndByOnAnyFirst) {
  TestBed bed;
  std::vector<std::string> heard;
  bed.io().on_connection([&](Socket& socket) {
    socket.on("a", [&](const Arguments&, const Ack&) { heard.emplace_back("one"); });
    socket.on("a", [&](const Arguments&, const Ack&) { heard.emplace_back("two"); });
    socket.on_any([&](std::string_view event, const Arguments& arguments, const Ack&) {
      heard.push_back("any " + std::string(event) + std::to_string(arguments.size()));
    });
    socket.on_unknown([&](std::string_view event, const Arguments&, const Ack&) {
      heard.push_back("unknown " + std::string(event));
    });
  });
  auto& client = bed.join();
  client.send("42[\"a\",5]");
  client.send("42[\"b\"]");
  EXPECT_THAT(heard, ElementsAre("any a1", "one", "two", "any b0", "unknown b"));
}

TEST(Event, HandlerMayRemoveItselfAndEndTheSocketMeanwhile) {
  TestBed bed;
  int calls = 0;
  bed.io().on_connection([&](Socket& socket) {
    socket.on("once", [&](const Arguments&, const Ack&) {
      ++calls;
      socket.off("once");
    });
    socket.on("end", [&](const Arguments&, Ack ack) {
      socket.disconnect(true);
      socket.emit("too late");
      ack();
    });
    socket.on("end", [](const Arguments&, const Ack&) { FAIL() << "the socket has ended"; });
  });
  auto& client = bed.join();
  client.send("42[\"once\"]");
  client.send("42[\"once\"]");
  EXPECT_EQ(calls, 1);
  client.send("421[\"end\"]");
  EXPECT_THAT(client.take(), ElementsAre("41"));
  EXPECT_TRUE(client.closed());
}

TEST(Event, OfAReservedNameIsNotSent) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) { socket.emit("disconnect"); });
  auto& client = bed.open();
  client.send("40");
  bed.io().emit("connect");
  bed.pump();
  EXPECT_EQ(client.take().size(), 1U);
  EXPECT_EQ(bed.io().counters().reserved_events, 2U);
}

TEST(Event, ThatIsVolatileIsDroppedWhereTheClientDoesNotRead) {
  TestBed bed;
  auto& client = bed.join();
  bed.io().of("/").volatile_().emit("v", 1);
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre("42[\"v\",1]"));
  bed.stall();
  bed.io().emit("first");
  bed.pump();
  bed.io().of("/").volatile_().emit("v", as_bytes("bytes"));
  bed.io().emit("second");
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre("42[\"first\"]", "42[\"second\"]"));
}

TEST(Event, ThatOverflowsTheConnectionEndsItAndLeavesTheSendersReferenceUsable) {
  engineio::Options engine = TestBed::engine_options();
  engine.buffered_bytes_max = 1000;
  TestBed bed({}, engine);
  std::vector<std::string> reasons;
  bed.io().on_connection([&](Socket& socket) {
    socket.on_disconnect([&](DisconnectReason reason) { reasons.emplace_back(to_string(reason)); });
  });
  auto& client = bed.join();
  Socket& socket = *bed.io().of("/").find(bed.io().of("/").socket_ids().at(0));
  bed.stall();
  for (int i = 0; i < 5; ++i) {
    socket.emit("much", std::string(400, 'x'));
    bed.pump();
  }
  socket.emit("nobody");
  bed.pass(Duration::zero());
  EXPECT_THAT(reasons, ElementsAre("transport error"));
  EXPECT_EQ(bed.io().connection_count(), 0U);
  static_cast<void>(client);
}

TEST(Ack, IsSentAtMostOnceAlsoLater) {
  TestBed bed;
  std::optional<Ack> kept;
  bed.io().on_connection([&](Socket& socket) {
    socket.on("now", [](const Arguments& arguments, Ack ack) {
      EXPECT_TRUE(ack);
      ack(arguments);
      EXPECT_FALSE(ack);
      ack("again");
    });
    socket.on("later", [&](const Arguments&, Ack ack) { kept.emplace(std::move(ack)); });
    socket.on("two", [](const Arguments&, Ack ack) { ack(1); });
    socket.on("two", [](const Arguments&, Ack ack) { ack(2); });
  });
  auto& client = bed.join();
  client.send("420[\"now\",1,2]");
  EXPECT_THAT(client.take(), ElementsAre("430[1,2]"));
  client.send("4212[\"later\"]");
  EXPECT_THAT(client.take(), IsEmpty());
  (*kept)(as_bytes("x"));
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre(R"(461-12[{"_placeholder":true,"num":0}])", "b:x"));
  client.send("423[\"two\"]");
  EXPECT_THAT(client.take(), ElementsAre("433[1]"));
}

TEST(Ack, OfASocketThatHasGoneDoesNothing) {
  std::optional<Ack> kept;
  TestBed bed;
  bed.io().on_connection([&](Socket& socket) {
    socket.on("later", [&](const Arguments&, Ack ack) { kept.emplace(std::move(ack)); });
  });
  auto& client = bed.join();
  client.send("421[\"later\"]");
  client.vanish();
  EXPECT_FALSE(kept->wanted());
  (*kept)(1);
}

TEST(EmitWithAck, GivesTheAnswerOnce) {
  TestBed bed;
  std::vector<std::string> answers;
  bed.io().on_connection([&](Socket& socket) {
    socket.emit_with_ack(Payload::event("question", 1), seconds(5),
                         [&](auto answer) { answers.emplace_back(answer.value()[0].as_string()); });
  });
  auto& client = bed.open();
  client.send("40");
  EXPECT_EQ(client.take().at(1), "420[\"question\",1]");
  client.send("430[\"yes\"]");
  client.send("430[\"no\"]");
  EXPECT_THAT(answers, ElementsAre("yes"));
  EXPECT_EQ(bed.io().counters().acks_received, 1U);
  EXPECT_GT(bed.io().next_timeout(), bed.now() + seconds(1000));
}

TEST(EmitWithAck, TakesBytesAsAnAnswer) {
  TestBed bed;
  std::string answer;
  bed.io().on_connection([&](Socket& socket) {
    socket.emit_with_ack(Payload::event("question"), seconds(5), [&](auto arguments) {
      answer = as_text(arguments.value()[0].as_bytes());
    });
  });
  auto& client = bed.join();
  client.send(R"(461-0[{"_placeholder":true,"num":0}])");
  client.send_binary("bytes");
  EXPECT_EQ(answer, "bytes");
}

TEST(EmitWithAck, TimesOutOnceAndIgnoresWhatComesLate) {
  TestBed bed;
  std::vector<AckError> errors;
  bed.io().on_connection([&](Socket& socket) {
    socket.emit_with_ack(Payload::event("slow"), seconds(5),
                         [&](auto answer) { errors.push_back(answer.error()); });
  });
  auto& client = bed.join();
  bed.pass(seconds(4));
  EXPECT_THAT(errors, IsEmpty());
  bed.pass(seconds(1));
  EXPECT_THAT(errors, ElementsAre(AckError::kTimeout));
  client.send("430[]");
  EXPECT_EQ(errors.size(), 1U);
  EXPECT_EQ(bed.io().counters().ack_timeouts, 1U);
}

TEST(EmitWithAck, FailsWhenTheSocketEndsOrOwesTooMany) {
  TestBed bed({.pending_acks_max = 1});
  std::vector<AckError> errors;
  bed.io().on_connection([&](Socket& socket) {
    for (int i = 0; i < 2; ++i) {
      socket.emit_with_ack(Payload::event("question"), seconds(5),
                           [&](auto answer) { errors.push_back(answer.error()); });
    }
  });
  auto& client = bed.join();
  EXPECT_THAT(errors, ElementsAre(AckError::kTooMany));
  client.vanish();
  EXPECT_THAT(errors, ElementsAre(AckError::kTooMany, AckError::kDisconnected));
}

TEST(EmitWithAck, KeepsAnswersOfNamespacesApart) {
  TestBed bed;
  int answers = 0;
  const auto ask = [&](Socket& socket) {
    socket.emit_with_ack(Payload::event("q"), seconds(5), [&](auto answer) {
      EXPECT_TRUE(answer);
      ++answers;
    });
  };
  bed.io().of("/").on_connection(ask);
  bed.io().of("/b").on_connection(ask);
  auto& client = bed.join();
  client.send("40/b,");
  client.send("43/b,0[]");
  EXPECT_EQ(answers, 0);
  client.send("43/b,1[]");
  client.send("430[]");
  EXPECT_EQ(answers, 2);
}

}  // namespace
}  // namespace visavis::socketio
