#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Clients that join and leave rooms by events.
class Rooms : public testing::Test {
 protected:
  Rooms() : bed_(serve_rooms()) {}

  /// Before the clients come.
  static std::unique_ptr<TestBed> serve_rooms() {
    auto bed = std::make_unique<TestBed>();
    bed->io().on_connection([](Socket& socket) {
      socket.on("join", [&socket](const Arguments& arguments, Ack ack) {
        ack(socket.join(arguments[0].as_string()));
      });
      socket.on("leave", [&socket](const Arguments& arguments, const Ack&) {
        socket.leave(arguments[0].as_string());
      });
      socket.on("tell", [&socket](const Arguments& arguments, const Ack&) {
        socket.to(arguments[0].as_string()).emit("told");
      });
      socket.on("shout", [&socket](const Arguments&, const Ack&) {
        socket.broadcast().emit("shouted", as_bytes("x"));
      });
    });
    return bed;
  }

  void join(TestBed::Client& client, const std::string& room) {
    client.send("42[\"join\",\"" + room + "\"]");
  }
  [[nodiscard]] Namespace& main() { return bed_->io().of("/"); }
  [[nodiscard]] Socket& socket(std::size_t index) {
    return *main().find(main().socket_ids().at(index));
  }

  std::unique_ptr<TestBed> bed_;
  TestBed::Client& a_ = bed_->join();
  TestBed::Client& b_ = bed_->join();
  TestBed::Client& c_ = bed_->join();
};

TEST_F(Rooms, ReachTheirMembersEachOnce) {
  join(a_, "x");
  join(a_, "y");
  join(b_, "y");
  main().to("x").in("y").emit("news", 1);
  bed_->pump();
  EXPECT_THAT(a_.take(), ElementsAre("42[\"news\",1]"));
  EXPECT_THAT(b_.take(), ElementsAre("42[\"news\",1]"));
  EXPECT_THAT(c_.take(), IsEmpty());
}

TEST_F(Rooms, AreReachedByOthersWithoutTheSender) {
  join(a_, "x");
  join(b_, "x");
  a_.send(R"(42["tell","x"])");
  EXPECT_THAT(a_.take(), IsEmpty());
  EXPECT_THAT(b_.take(), ElementsAre("42[\"told\"]"));
  c_.send(R"(42["tell","x"])");
  EXPECT_THAT(a_.take(), ElementsAre("42[\"told\"]"));
  c_.send("42[\"shout\"]");
  EXPECT_THAT(a_.take(), ElementsAre(R"(451-["shouted",{"_placeholder":true,"num":0}])", "b:x"));
  EXPECT_THAT(c_.take(), IsEmpty());
}

TEST_F(Rooms, ExceptSomeOfTheirMembers) {
  join(a_, "x");
  join(b_, "x");
  join(b_, "quiet");
  const BroadcastOperator all = main().to("x");
  const BroadcastOperator some = all.except("quiet");
  some.emit("some");
  all.emit("all");
  main().except("x").emit("outside");
  bed_->pump();
  EXPECT_THAT(a_.take(), ElementsAre("42[\"some\"]", "42[\"all\"]"));
  EXPECT_THAT(b_.take(), ElementsAre("42[\"all\"]"));
  EXPECT_THAT(c_.take(), ElementsAre("42[\"outside\"]"));
}

TEST_F(Rooms, IncludeOneOfEachSocketsOwn) {
  main().to(socket(1).id()).emit("to b");
  bed_->pump();
  EXPECT_THAT(b_.take(), ElementsAre("42[\"to b\"]"));
  EXPECT_THAT(a_.take(), IsEmpty());
  EXPECT_THAT(socket(1).rooms(), ElementsAre(socket(1).id()));
  socket(1).leave(socket(1).id());
  main().to(socket(1).id()).emit("to b");
  bed_->pump();
  EXPECT_THAT(b_.take(), IsEmpty());
  EXPECT_TRUE(socket(1).join(socket(1).id()));
  EXPECT_TRUE(socket(1).in_room(socket(1).id()));
}

TEST_F(Rooms, AreLeftAndGoneWhenEmpty) {
  join(a_, "x");
  join(b_, "x");
  join(c_, "x");
  join(b_, "y");
  EXPECT_THAT(socket(1).rooms(), ElementsAre(socket(1).id(), "x", "y"));
  a_.send(R"(42["leave","x"])");
  a_.send(R"(42["leave","never joined"])");
  b_.vanish();
  main().to("x").to("y").emit("news");
  bed_->pump();
  EXPECT_THAT(a_.take(), IsEmpty());
  EXPECT_THAT(c_.take(), ElementsAre("42[\"news\"]"));
  c_.vanish();
  EXPECT_EQ(main().size(), 1U);
  EXPECT_EQ(main().room_count(), 0U);
}

TEST_F(Rooms, OfOneSocketHaveALimit) {
  TestBed bed({.rooms_max = 1});
  bed.io().on_connection([](Socket& socket) {
    EXPECT_TRUE(socket.join("one"));
    EXPECT_TRUE(socket.join("one"));
    EXPECT_FALSE(socket.join("two"));
    socket.leave("one");
    EXPECT_TRUE(socket.join("two"));
  });
  static_cast<void>(bed.join());
  EXPECT_EQ(bed.io().of("/").room_count(), 1U);
}

TEST_F(Rooms, TakeAndLoseAllSocketsOfAnAudienceAtOnce) {
  main().except(socket(2).id()).sockets_join("x");
  main().to("x").emit("in");
  main().to("x").sockets_leave("x");
  main().to("x").emit("nobody");
  bed_->pump();
  EXPECT_THAT(a_.take(), ElementsAre("42[\"in\"]"));
  EXPECT_THAT(c_.take(), IsEmpty());
  main().except(socket(0).id()).disconnect_sockets();
  bed_->pump();
  EXPECT_EQ(main().size(), 1U);
  EXPECT_THAT(b_.take(), ElementsAre("42[\"in\"]", "41"));
  EXPECT_FALSE(b_.closed());
}

TEST_F(Rooms, MayChangeWhileABroadcastEndsSockets) {
  for (TestBed::Client* client : {&a_, &b_, &c_}) {
    join(*client, "x");
  }
  socket(0).on_disconnect([&](DisconnectReason) { main().to("x").disconnect_sockets(true); });
  main().to("x").disconnect_sockets(true);
  bed_->pump();
  EXPECT_EQ(main().size(), 0U);
  EXPECT_TRUE(a_.closed() && b_.closed() && c_.closed());
}

TEST_F(Rooms, OfAnotherNamespaceAreOthers) {
  bed_->io().of("/b");
  a_.send("40/b,");
  static_cast<void>(a_.take());
  join(a_, "x");
  bed_->io().of("/b").to("x").emit("no");
  bed_->io().of("/b").emit("yes");
  bed_->pump();
  EXPECT_THAT(a_.take(), ElementsAre("42/b,[\"yes\"]"));
  EXPECT_THAT(b_.take(), IsEmpty());
}

TEST_F(Rooms, TheirNamesAndSizesCanBeAskedFor) {
  join(a_, "b");
  join(a_, "a");
  bed_->join();
  socket(1).join("a");
  EXPECT_THAT(main().room_names(), testing::ElementsAre("a", "b"));
  EXPECT_EQ(main().room_size("a"), 2U);
  EXPECT_EQ(main().room_size("b"), 1U);
  EXPECT_EQ(main().room_size("c"), 0U);
  EXPECT_EQ(main().room_size(socket(0).id()), 1U);
}

}  // namespace
}  // namespace visavis::socketio
