#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "socketio/listeners.hpp"
#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Listener : public testing::Test {
 protected:
  [[nodiscard]] Socket& socket() {
    Namespace& main = bed_.io().of("/");
    return *main.find(main.socket_ids()[0]);
  }
  EventHandler note(std::string what) {
    return [this, what = std::move(what)](const Arguments&, const Ack&) { heard_.push_back(what); };
  }
  AnyHandler note_any(std::string what) {
    return [this, what = std::move(what)](std::string_view event, const Arguments&, const Ack&) {
      heard_.push_back(what + " " + std::string(event));
    };
  }
  std::vector<std::string> take() { return std::exchange(heard_, {}); }

  TestBed bed_;
  TestBed::Client& client_ = bed_.join();
  std::vector<std::string> heard_;
};

TEST_F(Listener, OfOneTimeHearsOneEvent) {
  socket().once("a", note("once"));
  socket().on("a", note("always"));
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("once", "always"));
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("always"));
}

TEST_F(Listener, OfOneTimeLeavesTheEventUnknownAfterwards) {
  socket().once("a", note("once"));
  socket().on_unknown(note_any("unknown"));
  client_.send("42[\"a\"]");
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("once", "unknown a"));
}

TEST_F(Listener, IsTakenOffAlone) {
  const ListenerId first = socket().on("a", note("1"));
  socket().on("a", note("2"));
  socket().off("a", first);
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("2"));
  socket().off("a");
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(Listener, OfAnyEventComesFirstAndInOrder) {
  const ListenerId one = socket().on_any(note_any("one"));
  socket().prepend_any(note_any("zero"));
  socket().on("a", note("a"));
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("zero a", "one a", "a"));
  socket().off_any(one);
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("zero a", "a"));
  socket().off_any();
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), ElementsAre("a"));
}

TEST_F(Listener, OfWhatGoesOutHearsEmitsBroadcastsAndQuestions) {
  const auto outgoing = [this](std::string_view event, const Arguments& arguments) {
    heard_.push_back(std::string(event) + "/" + std::to_string(arguments.size()) + "/" +
                     std::string(as_text(arguments[0].as_bytes())));
  };
  const ListenerId id = socket().on_any_outgoing(outgoing);
  socket().prepend_any_outgoing(
      [this](std::string_view, const Arguments&) { heard_.emplace_back("first"); });
  socket().emit("a", as_bytes("xyz"), 2);
  bed_.io().emit("b");
  socket().emit_with_ack(Payload::event("c", 1), std::chrono::seconds(1),
                         [](const std::expected<Arguments, AckError>&) {});
  EXPECT_THAT(take(), ElementsAre("first", "a/2/xyz", "first", "b/0/", "first", "c/1/"));
  socket().off_any_outgoing(id);
  socket().emit("d");
  EXPECT_THAT(take(), ElementsAre("first"));
  socket().off_any_outgoing();
  socket().emit("e");
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(Listener, OfWhatGoesOutMayEmit) {
  socket().on_any_outgoing([this](std::string_view event, const Arguments&) {
    heard_.emplace_back(event);
    socket().emit("about it");
  });
  socket().emit("it");
  EXPECT_THAT(take(), ElementsAre("it"));
  bed_.pump();
  EXPECT_THAT(client_.take(), ElementsAre("42[\"about it\"]", "42[\"it\"]"));
}

TEST_F(Listener, HearsWhatItsMiddlewaresLetPass) {
  socket().on("good", note("good"));
  socket().on("bad", note("bad"));
  socket().on_any(note_any("any"));
  socket().on_error([this](std::string_view event, std::string_view error) {
    heard_.push_back(std::string(event) + ": " + std::string(error));
  });
  socket().use([](std::string_view event, const Arguments&, EventNext next) {
    event == "bad" ? next("not allowed") : next();
  });
  socket().use([this](std::string_view event, const Arguments& arguments, EventNext next) {
    heard_.push_back("second " + std::string(event) + " " + std::to_string(arguments.size()));
    next();
  });
  client_.send("42[\"good\",1]");
  EXPECT_THAT(take(), ElementsAre("any good", "second good 1", "good"));
  client_.send("42[\"bad\"]");
  EXPECT_THAT(take(), ElementsAre("any bad", "bad: not allowed"));
}

TEST_F(Listener, WaitsForAMiddlewareAndKeepsTheAck) {
  socket().on("ask", [](const Arguments& arguments, Ack ack) { ack(arguments[0]); });
  std::optional<EventNext> waiting;
  socket().use([&](std::string_view, const Arguments&, EventNext next) {
    waiting.emplace(std::move(next));
  });
  client_.send("427[\"ask\",\"x\"]");
  EXPECT_THAT(client_.take(), IsEmpty());
  (*waiting)();
  (*waiting)();
  bed_.pump();
  EXPECT_THAT(client_.take(), ElementsAre("437[\"x\"]"));
}

TEST_F(Listener, HearsNothingOfAnEventWhoseMiddlewareForgotIt) {
  socket().on("a", note("a"));
  socket().on_error([this](std::string_view, std::string_view) { heard_.emplace_back("error"); });
  socket().use([](std::string_view, const Arguments&, const EventNext&) {});
  client_.send("42[\"a\"]");
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(Listener, IsNotCalledWhenTheAnswerComesAfterTheEnd) {
  std::optional<EventNext> waiting;
  socket().on("a", note("a"));
  socket().use([&](std::string_view, const Arguments&, EventNext next) {
    waiting.emplace(std::move(next));
  });
  client_.send("42[\"a\"]");
  client_.vanish();
  (*waiting)();
  bed_.pass(std::chrono::seconds(1));
  EXPECT_THAT(take(), IsEmpty());
}

TEST(NamedListenersDeathTest, ANameThatItsSizeDoesNotHoldIsABugAndNotAnotherName) {
  NamedListeners<EventHandler> listeners;
  const std::string_view endless("e", std::size_t{1} << 31U);  // looked at by nobody
  EXPECT_DEATH(listeners.append(endless, ListenerId(1), nullptr), "bug at");
}

}  // namespace
}  // namespace visavis::socketio
