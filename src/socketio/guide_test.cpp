// The calls of docs/socketio.md, so that the guide stays true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr Event<std::string, int> kSteps{"steps"};

void use_events(Socket& socket) {
  const ListenerId id = socket.on("e", [](const Arguments& args, Ack ack) { ack(args[0]); });
  socket.once("once", [](const Arguments&, const Ack&) {});
  socket.off("e", id);
  socket.off("e");
  const ListenerId any = socket.on_any([](std::string_view, const Arguments&, const Ack&) {});
  socket.prepend_any([](std::string_view, const Arguments&, const Ack&) {});
  socket.off_any(any);
  socket.off_any();
  socket.on_unknown([](std::string_view, const Arguments&, const Ack&) {});
  socket.on_any_outgoing([](std::string_view, const Arguments&) {});
  socket.prepend_any_outgoing([](std::string_view, const Arguments&) {});
  socket.off_any_outgoing();
  socket.use([](std::string_view, const Arguments&, EventNext next) { next(); });
  socket.on_error([](std::string_view, std::string_view) {});
  socket.on<std::string, int>("typed", [](const std::string&, int, Ack ack) { ack("ok"); });
  socket.on(kSteps, [](const std::string&, int) {});
  socket.on_disconnecting([](DisconnectReason) {});
  socket.on_disconnect([](DisconnectReason reason) { static_cast<void>(to_string(reason)); });
  socket.on_high_water([](std::size_t) {});
  socket.on_drain([] {});
}

void emit_to_one(Socket& socket) {
  socket.emit("e", 1, "two", as_bytes("three"));
  socket.volatile_().emit("lossy");
  socket.compress(false).emit("plain");
  socket.emit("ask", 1, [](std::expected<Arguments, AckError>) {});
  socket.timeout(5s).emit("ask", 1, [](std::expected<Arguments, AckError>) {});
}

void emit_to_many(Server& io, Socket& socket) {
  socket.join("a");
  io.to("a").to("b").except("c").emit("many");
  socket.broadcast().emit("others");
  socket.to("a").emit("others");
  io.volatile_().emit("lossy");
  io.local().emit("here");
  io.compress(false).emit("plain");
  io.to("a").timeout(5s).emit("ask", [](const BroadcastAnswers& a) { EXPECT_EQ(a.missing, 0U); });
  io.in("a").fetch_sockets([](const FetchedSockets& all) { EXPECT_EQ(all.sockets.size(), 1U); });
  io.in("a").sockets_join("b");
  io.in("b").sockets_leave("a");
  io.emit(kSteps, "rook", 3);
  io.server_side_emit("e", 1);
  io.server_side_emit("e", 1, [](const ServerSideAnswers&) {});
}

TEST(Guide, SaysWhatTheLibraryDoes) {
  TestBed bed;
  Server& io = bed.io();
  io.on_server_side("e", [](const Arguments&, const ServerSideAck& ack) { ack(1); });
  io.of_dynamic([](std::string_view, const json::Value&) { return false; });
  io.of_dynamic_async(
      [](std::string_view, const json::Value&, NamespaceVerdict verdict) { verdict(true); });
  io.on_new_namespace(
      [](Namespace& made) { made.room_events().on_create([](std::string_view) {}); });
  io.use([](Socket& socket, Next next) {
    if (socket.handshake().auth()["token"].is_string()) {
      next();
    } else {
      next(ConnectError{.message = "no"});
    }
  });
  io.on_connection([&io](Socket& socket) {
    use_events(socket);
    emit_to_one(socket);
    emit_to_many(io, socket);
  });
  TestBed::Client& refused = bed.open();
  refused.send("40");
  EXPECT_THAT(refused.take(), ElementsAre(R"(44{"message":"no"})"));
  TestBed::Client& client = bed.open();
  client.send(R"(40{"token":"t"})");
  static_cast<void>(client.take());
  client.send(R"(428["typed","a",1])");
  EXPECT_THAT(client.take(), ElementsAre(R"(438["ok"])"));
  client.send("430[1]");
  client.send("431[1]");
  client.send("432[1]");
  io.in("b").disconnect_sockets(true);
  bed.pump();
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace visavis::socketio
