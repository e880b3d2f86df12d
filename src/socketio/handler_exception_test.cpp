#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "socketio/test_bed.hpp"

// What an exception does that leaves a function of the application's: what an uncaught one does to
// Node, it ends the program. Wherever that function stands.

namespace visavis::socketio {
namespace {

template <class... Any>
void fail(Any&&... /*unused*/) {
  throw std::runtime_error("a handler's own fault");
}

constexpr const char* kOurs = "a handler's own fault";

TEST(HandlerExceptionDeathTest, OfAnEventEndsTheProgram) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.on("e", [](const Arguments& arguments, const Ack&) {
      static_cast<void>(std::stoi(std::string(arguments[0].as_string())));
    });
  });
  auto& client = bed.join();
  client.send("42[\"e\",\"1\"]");
  EXPECT_DEATH(client.send("42[\"e\",\"x\"]"), "invalid_argument");
}

TEST(HandlerExceptionDeathTest, OfATypedEventOrACatchAllEndsTheProgram) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.on<int>("typed", [](int, const Ack&) { fail(); });
    socket.on_unknown([](std::string_view, const Arguments&, const Ack&) { fail(); });
  });
  auto& client = bed.join();
  EXPECT_DEATH(client.send("42[\"typed\",1]"), kOurs);
  EXPECT_DEATH(client.send("42[\"other\"]"), kOurs);
}

TEST(HandlerExceptionDeathTest, OfAMiddlewareOrOfAConnectionEndsTheProgram) {
  TestBed bed;
  bed.io().of("/middleware").use([](Socket&, const Next&) { fail(); });
  bed.io().of("/connection").on_connection([](Socket&) { fail(); });
  bed.io().of_dynamic([](std::string_view name, const json::Value&) {
    return name == "/dynamic" && (fail(), false);
  });
  auto& client = bed.open();
  EXPECT_DEATH(client.send("40/middleware,"), kOurs);
  EXPECT_DEATH(client.send("40/connection,"), kOurs);
  EXPECT_DEATH(client.send("40/dynamic,"), kOurs);
}

TEST(HandlerExceptionDeathTest, OfAMiddlewareOfEventsEndsTheProgram) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.use([](std::string_view, const Arguments&, const EventNext&) { fail(); });
  });
  auto& client = bed.join();
  EXPECT_DEATH(client.send("42[\"e\"]"), kOurs);
}

TEST(HandlerExceptionDeathTest, OfAnAnswerOrOfADisconnectionEndsTheProgram) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.emit("question", [](const std::expected<Arguments, AckError>&) { fail(); });
    socket.on_disconnect([](DisconnectReason) { fail(); });
  });
  auto& client = bed.join();
  EXPECT_DEATH(client.send("430[]"), kOurs);
  EXPECT_DEATH(client.vanish(), kOurs);
}

TEST(HandlerExceptionDeathTest, IsNotSeenByAHandlerThatCausedIt) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.on_disconnect([](DisconnectReason) { fail(); });
    socket.on("leave", [&socket](const Arguments&, const Ack&) {
      try {
        socket.disconnect();  // would be left half done
      } catch (const std::exception&) {
      }
    });
  });
  auto& client = bed.join();
  EXPECT_DEATH(client.send("42[\"leave\"]"), kOurs);
}

}  // namespace
}  // namespace visavis::socketio
