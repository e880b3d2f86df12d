#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {

struct Point {
  int x = 0;
  int y = 0;
};

template <>
struct ArgumentType<Point> {
  static constexpr std::string_view kName = "a point";
  static std::optional<Point> read(const Argument& from) {
    const auto x = ArgumentType<int>::read(from["x"]);
    const auto y = ArgumentType<int>::read(from["y"]);
    return x && y ? std::optional(Point{.x = *x, .y = *y}) : std::nullopt;
  }
  static void write(Payload& to, const Point& point) {
    to.writer().begin_object().member("x", point.x).member("y", point.y).end_object();
  }
};

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Event<std::string, int> kMoved{"moved"};

template <class... Args>
constexpr bool kEmits =
    requires(Socket& socket, const Args&... args) { socket.emit(kMoved, args...); };

class TypedHandlers : public testing::Test {
 protected:
  TypedHandlers() {
    bed_.io().on_connection([this](Socket& socket) {
      socket_ = &socket;
      socket.on_error([this](std::string_view event, std::string_view error) {
        errors_.push_back(std::string(event) + ": " + std::string(error));
      });
    });
    client_ = &bed_.join();
  }
  [[nodiscard]] std::uint64_t mismatched() { return bed_.io().counters().mismatched_arguments; }

  TestBed bed_;
  Socket* socket_ = nullptr;
  TestBed::Client* client_ = nullptr;
  std::vector<std::string> errors_;
};

TEST_F(TypedHandlers, GetWhatTheyAskFor) {
  std::string heard;
  socket_->on<std::string, int>("e", [&](const std::string& text, int number, Ack ack) {
    heard = text + std::to_string(number);
    ack("thanks");
  });
  client_->send(R"(421["e","a",-7,"more than wanted"])");
  EXPECT_EQ(heard, "a-7");
  EXPECT_THAT(client_->take(), ElementsAre(R"(431["thanks"])"));
  EXPECT_EQ(mismatched(), 0U);
}

TEST_F(TypedHandlers, NeedNotTakeTheAck) {
  double heard = 0;
  socket_->on<double>("e", [&](double number) { heard = number; });
  client_->send(R"(42["e",0.5])");
  EXPECT_EQ(heard, 0.5);
}

TEST_F(TypedHandlers, AreNotCalledWithAnythingElseAndTheSenderIsToldWhy) {
  int called = 0;
  socket_->on(kMoved, [&](const std::string&, int) { ++called; });
  client_->send(R"(421["moved","rook","three"])");
  EXPECT_THAT(client_->take(),
              ElementsAre(R"(431[{"error":"argument 2: a whole number in range is wanted"}])"));
  client_->send(R"(42["moved",1,2])");
  client_->send(R"(42["moved"])");
  EXPECT_EQ(called, 0);
  EXPECT_EQ(mismatched(), 3U);
  EXPECT_THAT(errors_, ElementsAre("moved: argument 2: a whole number in range is wanted",
                                   "moved: argument 1: a string is wanted",
                                   "moved: argument 1: a string is wanted"));
  EXPECT_FALSE(client_->closed());
}

TEST_F(TypedHandlers, RefuseNumbersThatDoNotFit) {
  std::vector<unsigned> heard;
  socket_->on<std::uint8_t>("e", [&](std::uint8_t number) { heard.push_back(number); });
  for (const std::string number : {"255", "256", "-1", "1.5", "1e400", "true", "null"}) {
    client_->send("42[\"e\"," + number + "]");
  }
  EXPECT_THAT(heard, ElementsAre(255U));
  EXPECT_EQ(mismatched(), 6U);
}

TEST_F(TypedHandlers, TakeListsOptionalsBytesAndTypesOfTheUser) {
  std::string heard;
  socket_->on<std::vector<Point>, std::optional<bool>, SharedBytes>(
      "e",
      [&](const std::vector<Point>& points, std::optional<bool> flag, const SharedBytes& bytes) {
        heard = std::to_string(points.at(1).y) + (flag ? "flag" : "none") +
                std::string(as_text(*bytes));
      });
  client_->send(R"(451-["e",[{"x":1,"y":2},{"x":3,"y":4}],null,{"_placeholder":true,"num":0}])");
  client_->send_binary("xyz");
  EXPECT_EQ(heard, "4nonexyz");
  client_->send(R"(42["e",[{"x":1}],null,null])");
  EXPECT_EQ(mismatched(), 1U);
}

TEST_F(TypedHandlers, AnOptionalAtTheEndMayBeLeftOut) {
  int called = 0;
  socket_->on<std::string, std::optional<int>>(
      "e", [&](const std::string&, std::optional<int> number) { called += number.value_or(1); });
  client_->send(R"(42["e","x"])");
  client_->send(R"(42["e","x",10])");
  EXPECT_EQ(called, 11);
}

TEST_F(TypedHandlers, TypedEventsAreEmittedAsTheyAreDeclared) {
  socket_->emit(kMoved, "rook", 3);
  bed_.io().emit(kMoved, "all", 4);
  bed_.io().to(socket_->id()).emit(kMoved, "one", 5);
  socket_->emit("list", std::vector<Point>{{.x = 1, .y = 2}}, std::optional<int>());
  bed_.pump();
  EXPECT_THAT(client_->take(),
              ElementsAre(R"(42["moved","rook",3])", R"(42["moved","all",4])",
                          R"(42["moved","one",5])", R"(42["list",[{"x":1,"y":2}],null])"));
  static_assert(kEmits<const char*, int>);
  static_assert(!kEmits<int, const char*> && !kEmits<const char*>);
}

}  // namespace
}  // namespace visavis::socketio
