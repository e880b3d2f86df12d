#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// Writes down why sockets end.
class Disconnect : public testing::Test {
 protected:
  Disconnect() {
    for (const char* const name : {"/", "/b"}) {
      bed_.io().of(name).on_connection([this](Socket& socket) {
        socket.join("room");
        socket.on_disconnecting([this, &socket](DisconnectReason) {
          EXPECT_TRUE(socket.connected());
          rooms_at_the_end_ = socket.rooms().size();
        });
        socket.on_disconnect([this, &socket](DisconnectReason reason) {
          EXPECT_FALSE(socket.connected());
          EXPECT_TRUE(socket.rooms().empty());
          reasons_.push_back(socket.of().name() + " " + std::string(to_string(reason)));
        });
        socket.on("leave", [&socket](const Arguments& arguments, const Ack&) {
          socket.disconnect(arguments[0].as_bool());
        });
      });
    }
  }

  TestBed bed_;
  std::size_t rooms_at_the_end_ = 0;
  std::vector<std::string> reasons_;
};

TEST_F(Disconnect, ByTheClientLeavesTheConnectionOpen) {
  auto& client = bed_.join();
  client.send("41");
  EXPECT_THAT(reasons_, ElementsAre("/ client namespace disconnect"));
  EXPECT_EQ(rooms_at_the_end_, 2U);
  EXPECT_THAT(client.take(), IsEmpty());
  bed_.pass(seconds(60));
  EXPECT_FALSE(client.closed());
  client.send("40");
  EXPECT_EQ(bed_.io().of("/").size(), 1U);
}

TEST_F(Disconnect, ByTheServerTellsTheClientAndLeavesOtherNamespaces) {
  auto& client = bed_.join();
  client.send("40/b,");
  static_cast<void>(client.take());
  client.send("42/b,[\"leave\"]");
  EXPECT_THAT(client.take(), ElementsAre("41/b,"));
  EXPECT_THAT(reasons_, ElementsAre("/b server namespace disconnect"));
  EXPECT_EQ(bed_.io().of("/").size(), 1U);
}

TEST_F(Disconnect, ByTheServerForgivesWhatWasOnItsWay) {
  auto& client = bed_.join();
  client.send("42[\"leave\"]");
  client.send("42[\"sent before it knew\"]");
  client.send("41");
  EXPECT_FALSE(client.closed());
  client.send("40");
  EXPECT_EQ(bed_.io().of("/").size(), 1U);
}

TEST_F(Disconnect, WithCloseEndsEveryNamespaceAndTheConnection) {
  auto& client = bed_.join();
  client.send("40/b,");
  static_cast<void>(client.take());
  client.send("42[\"leave\",true]");
  EXPECT_THAT(client.take(), ElementsAre("41", "41/b,"));
  EXPECT_TRUE(client.closed());
  EXPECT_THAT(reasons_,
              ElementsAre("/ server namespace disconnect", "/b server namespace disconnect"));
}

TEST_F(Disconnect, NamesTheEndOfTheTransport) {
  bed_.join().vanish();
  EXPECT_EQ(reasons_, std::vector<std::string>{"/ transport close"});
}

TEST_F(Disconnect, NamesABrokenProtocol) {
  bed_.join().send("42[");
  EXPECT_EQ(reasons_, std::vector<std::string>{"/ forced close"});
}

TEST_F(Disconnect, NamesAPacketForANamespaceThatItCannotBeFor) {
  bed_.join().send("42/elsewhere,[1]");
  bed_.join().send("40");
  EXPECT_THAT(reasons_, ElementsAre("/ forced server close", "/ forced server close"));
}

TEST_F(Disconnect, NamesAPacketThatIsNotEngineIo) {
  bed_.join().send("x");
  EXPECT_THAT(reasons_, ElementsAre("/ parse error"));
}

TEST_F(Disconnect, NamesAClientThatAnswersNoPing) {
  static_cast<void>(bed_.join());
  bed_.pass_in_silence(std::chrono::seconds(25 + 20));
  EXPECT_THAT(reasons_, ElementsAre("/ ping timeout"));
}

TEST_F(Disconnect, NamesAClientThatDoesNotReadAsABrokenTransport) {
  static_cast<void>(bed_.join());
  bed_.stall();
  for (int i = 0; i < 200; ++i) {
    bed_.io().emit("e", std::string(50'000, 'x'));
  }
  bed_.pass(std::chrono::milliseconds(1));
  EXPECT_THAT(reasons_, ElementsAre("/ transport error"));
}

TEST(DisconnectingHandler, StillSeesTheRoomsThatTheDisconnectHandlerDoesNot) {
  TestBed bed;
  std::vector<std::size_t> rooms;
  bed.io().on_connection([&](Socket& socket) {
    socket.join("r");
    socket.on_disconnecting([&](DisconnectReason) { rooms.push_back(socket.rooms().size()); });
    socket.on_disconnect([&](DisconnectReason) { rooms.push_back(socket.rooms().size()); });
  });
  bed.join().vanish();
  EXPECT_THAT(rooms, ElementsAre(2U, 0U));
}

TEST_F(Disconnect, NamesTheEndOfTheServer) {
  auto& client = bed_.join();
  client.send("40/b,");
  bed_.io().shut_down(bed_.now());
  bed_.pump();
  EXPECT_TRUE(client.closed());
  EXPECT_THAT(reasons_, ElementsAre("/ server shutting down", "/b server shutting down"));
  EXPECT_EQ(bed_.io().connection_count(), 0U);
}

TEST_F(Disconnect, OfASocketInItsOwnConnectionHandlerIsClean) {
  bed_.io().of("/no").on_connection([](Socket& socket) { socket.disconnect(); });
  bed_.io().of("/no").on_connection([](Socket&) { FAIL() << "the socket has ended"; });
  auto& client = bed_.join();
  client.send("40/no,");
  EXPECT_EQ(client.take().at(1), "41/no,");
  EXPECT_EQ(bed_.io().of("/no").size(), 0U);
}

TEST_F(Disconnect, TwiceIsOnce) {
  auto& client = bed_.join();
  Socket& socket = *bed_.io().of("/").find(bed_.io().of("/").socket_ids().at(0));
  socket.on_disconnecting([&](DisconnectReason) { socket.disconnect(); });
  socket.disconnect();
  socket.disconnect();
  bed_.pump();
  EXPECT_EQ(reasons_.size(), 1U);
  EXPECT_FALSE(client.closed());
}

/// An application that lets a client in when another one leaves.
class DisconnectThatMakesRoom : public Disconnect {
 protected:
  DisconnectThatMakesRoom() {
    engineio::Hooks hooks;
    hooks.allow_request = [this](Instant now, const http::Request&, engineio::Verdict verdict) {
      if (full_) {
        waiting_.emplace(std::move(verdict));
      } else {
        verdict.allow(now);
      }
    };
    bed_.engine().set_hooks(std::move(hooks));
  }
  void make_room() { std::exchange(waiting_, std::nullopt)->allow(bed_.now()); }

  bool full_ = false;
  std::optional<engineio::Verdict> waiting_;
};

TEST_F(DisconnectThatMakesRoom, LeavesTheSocketThereUntilItsHandlersHaveReturned) {
  bed_.io().on_connection([this](Socket& socket) {
    socket.on("swap", [this, &socket](const Arguments&, const Ack&) {
      socket.disconnect(true);
      make_room();
      EXPECT_FALSE(socket.connected());
    });
    socket.on("swap", [](const Arguments&, const Ack&) { FAIL() << "the socket has ended"; });
  });
  auto& client = bed_.join();
  full_ = true;
  auto& next = bed_.open();
  client.send(R"(42["swap"])");
  EXPECT_TRUE(client.closed());
  next.send("40");
  EXPECT_THAT(next.take(), ElementsAre(testing::StartsWith("40{")));
}

TEST_F(DisconnectThatMakesRoom, LeavesTheSocketThereWhenItsClientHasGone) {
  bed_.io().on_connection([this](Socket& socket) {
    socket.on_disconnecting([this](DisconnectReason) { make_room(); });
  });
  auto& client = bed_.join();
  full_ = true;
  auto& next = bed_.open();
  client.vanish();
  EXPECT_THAT(reasons_, ElementsAre("/ transport close"));
  next.send("40");
  EXPECT_THAT(next.take(), ElementsAre(testing::StartsWith("40{")));
}

TEST_F(DisconnectThatMakesRoom, LeavesTheSocketThereForAnEmitFromATimer) {
  static_cast<void>(bed_.join());
  Socket& socket = *bed_.io().of("/").find(bed_.io().of("/").socket_ids().at(0));
  const std::weak_ptr<Socket> watched = socket.weak_from_this();
  socket.on_any_outgoing([&](std::string_view, const Arguments&) {
    socket.disconnect();
    make_room();
    EXPECT_FALSE(watched.expired());
  });
  full_ = true;
  auto& next = bed_.open();
  socket.emit("from outside of all handlers");
  EXPECT_FALSE(watched.expired());
  bed_.pump();
  bed_.pass(milliseconds(0));
  EXPECT_TRUE(watched.expired());
  next.send("40");
  EXPECT_THAT(next.take(), ElementsAre(testing::StartsWith("40{")));
}

TEST(EndedSockets, AreFreedByTheTimeoutThatIsDueAtOnce) {
  constexpr std::size_t kClients = 100;
  TestBed bed;
  std::vector<std::weak_ptr<Socket>> watched;
  bed.io().on_connection([&](Socket& socket) { watched.push_back(socket.weak_from_this()); });
  for (std::size_t i = 0; i < kClients; ++i) {
    static_cast<void>(bed.join());
  }
  const auto freed = [&] {
    return std::ranges::count_if(watched, &std::weak_ptr<Socket>::expired);
  };
  EXPECT_GT(bed.io().next_timeout(), bed.now());
  bed.io().disconnect_sockets(true);
  EXPECT_EQ(freed(), 0);
  EXPECT_LE(bed.io().next_timeout(), bed.now());
  bed.io().handle_timeout(bed.now());
  EXPECT_EQ(freed(), kClients);
  EXPECT_GT(bed.io().next_timeout(), bed.now());
}

TEST(SocketWithoutServer, MayBeHeldAndLetGo) {
  std::vector<std::shared_ptr<Socket>> held;
  std::vector<Next> asked;
  {
    TestBed bed;
    const auto hold = [&](Socket& socket) {
      socket.join("room");
      held.push_back(socket.shared_from_this());
    };
    bed.io().on_connection(hold);
    bed.io().of("/asking").use([&, hold](Socket& socket, Next next) {
      hold(socket);
      asked.push_back(std::move(next));
    });
    bed.join().send("40/asking,");
    bed.join().vanish();
  }
  ASSERT_EQ(held.size(), 3U);
  asked.at(0)();
  for (const std::shared_ptr<Socket>& socket : held) {
    EXPECT_FALSE(socket->connected());
    EXPECT_FALSE(socket->in_room("room"));
    EXPECT_THAT(socket->rooms(), IsEmpty());
    EXPECT_FALSE(socket->join("room"));
    socket->leave("room");
    socket->emit("nobody hears it");
    socket->disconnect(true);
    std::optional<AckError> error;
    socket->emit_with_ack(
        Payload::event("nobody answers it"), seconds(1),
        [&](const std::expected<Arguments, AckError>& answer) { error = answer.error(); });
    EXPECT_EQ(error, AckError::kDisconnected);
  }
}

}  // namespace
}  // namespace visavis::socketio
