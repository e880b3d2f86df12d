#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "socketio/test_cluster.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Options with_recovery() {
  Options options;
  options.recovery = RecoveryOptions{};
  return options;
}

/// The value of a name in an answer to CONNECT.
std::string member(const std::string& packet, const std::string& name) {
  const std::size_t at = packet.find("\"" + name + "\":\"");
  return at == std::string::npos ? "" : packet.substr(at + name.size() + 4, 20);
}

/// A client that knows its session and the offset of the last event that it read.
struct Away {
  std::string sid;
  std::string pid;
  std::string offset;
  std::string claim() const {
    return R"(40{"pid":")" + pid + (offset.empty() ? "" : R"(","offset":")" + offset) + "\"}";
  }
};

/// A server says "recovered" or "new" for each socket, then the names of the events that came.
class ClusterRecoveryTest : public testing::Test {
 protected:
  ClusterRecoveryTest() {
    for (std::size_t i = 0; i < 3; ++i) {
      Namespace& main = cluster_.io(i).of("/");
      main.on_connection([this](Socket& socket) {
        came_.emplace_back(socket.recovered() ? "recovered" : "new");
        socket.join("room");
      });
      main.on_session_expired(
          [this](const RecoverySession& session) { expired_.push_back(session.sid); });
    }
  }

  [[nodiscard]] Namespace& main(std::size_t at) { return cluster_.io(at).of("/"); }
  TestBed::Client& open(std::size_t at, const std::string& connect = "40") {
    TestBed::Client& client = cluster_.bed(at).open();
    client.send(connect);
    return client;
  }
  /// The names of the events, "40" for the answer; `away` learns what the client learns.
  static std::vector<std::string> read(TestBed::Client& client, Away& away) {
    std::vector<std::string> names;
    for (const std::string& packet : client.take()) {
      if (packet.starts_with("40")) {
        away.sid = member(packet, "sid");
        away.pid = member(packet, "pid");
        names.emplace_back("40");
      } else if (packet.starts_with("42")) {
        const std::size_t end = packet.rfind('"');
        const std::size_t begin = packet.rfind('"', end - 1) + 1;
        away.offset = packet.substr(begin, end - begin);
        names.push_back(packet.substr(4, packet.find('"', 4) - 4));
      } else {
        names.push_back(packet.substr(0, 2));
      }
    }
    return names;
  }
  void emit(std::size_t at, std::string_view event) {
    main(at).to("room").emit(event);
    cluster_.bed(at).pump();
  }
  /// A client of server 0 that has read "seen", and is away.
  Away leave() {
    TestBed::Client& client = open(0);
    emit(0, "seen");
    cluster_.pump();
    Away away;
    EXPECT_THAT(read(client, away), ElementsAre("40", "seen"));
    client.vanish();
    came_.clear();
    return away;
  }

  TestCluster cluster_{3, with_recovery()};
  std::vector<std::string> came_;
  std::vector<std::string> expired_;
};

TEST_F(ClusterRecoveryTest, AClientGetsItsSessionBackOnAnotherServer) {
  TestBed::Client& first = open(0);
  Away away;
  read(first, away);
  main(0).find(away.sid)->data<std::string>() = "mine";
  main(0).find(away.sid)->join("other");
  emit(1, "seen");
  cluster_.pump();
  EXPECT_THAT(read(first, away), ElementsAre("seen"));
  first.vanish();
  emit(0, "missed");
  main(1).to(away.sid).emit("to it alone", as_bytes("xyz"));
  main(2).to("elsewhere").emit("not for it");
  main(0).volatile_().emit("volatile");
  cluster_.pump();
  const Away before = away;
  TestBed::Client& second = open(2, away.claim());
  EXPECT_THAT(second.take(), IsEmpty());
  cluster_.pump();
  EXPECT_THAT(read(second, away), ElementsAre("missed", "45", "b:", "40"));
  EXPECT_EQ(away.sid, before.sid);
  EXPECT_EQ(away.pid, before.pid);
  Socket& socket = *main(2).find(away.sid);
  EXPECT_THAT(socket.rooms(), ElementsAre(away.sid, "room", "other"));
  EXPECT_EQ(socket.data<std::string>(), "mine");
  EXPECT_THAT(came_, ElementsAre("new", "recovered"));
  EXPECT_EQ(cluster_.io(2).counters().sessions_moved, 1U);
  EXPECT_EQ(cluster_.io(2).counters().recovered_sockets, 1U);
  emit(0, "on it goes");
  cluster_.pump();
  EXPECT_THAT(read(second, away), ElementsAre("on it goes"));
}

TEST_F(ClusterRecoveryTest, ItGoesFromServerToServerAndBackWithoutMissingOrHearingTwice) {
  Away away = leave();
  for (const std::size_t at : {1U, 2U, 0U, 1U, 1U}) {
    emit(at, "missed");
    cluster_.pump();
    TestBed::Client& client = open(at, away.claim());
    cluster_.pump();
    EXPECT_THAT(read(client, away), ElementsAre("missed", "40"));
    emit(2, "live");
    cluster_.pump();
    EXPECT_THAT(read(client, away), ElementsAre("live"));
    client.vanish();
  }
}

TEST_F(ClusterRecoveryTest, WhatWasSentButNotReadOnTheOtherServerIsSentAgain) {
  Away away = leave();
  emit(0, "missed");
  cluster_.pump();
  TestBed::Client& lost = open(1, away.claim());
  cluster_.pump();
  lost.vanish();  // Before it read anything.
  emit(0, "more");
  cluster_.pump();
  TestBed::Client& client = open(2, away.claim());
  cluster_.pump();
  EXPECT_THAT(read(client, away), ElementsAre("missed", "more", "40"));
}

TEST_F(ClusterRecoveryTest, AClientThatHadNoEventYetComesBackWithoutAnOffset) {
  TestBed::Client& first = open(0);
  Away away;
  read(first, away);
  first.vanish();
  emit(0, "missed");
  cluster_.pump();
  TestBed::Client& second = open(1, away.claim());
  cluster_.pump();
  EXPECT_THAT(read(second, away), ElementsAre("missed", "40"));
}

TEST_F(ClusterRecoveryTest, TakesASessionOverWhoseConnectionToAnotherServerLooksAlive) {
  TestBed::Client& old = open(0);
  Away away;
  emit(0, "seen");
  read(old, away);
  TestBed::Client& next = open(1, away.claim());
  cluster_.pump();
  EXPECT_TRUE(old.closed());
  EXPECT_THAT(read(next, away), ElementsAre("40"));
  EXPECT_THAT(came_, ElementsAre("new", "recovered"));
  EXPECT_EQ(cluster_.io(0).counters().taken_over, 1U);
  EXPECT_EQ(main(0).size(), 0U);
}

TEST_F(ClusterRecoveryTest, OfTwoClaimsAtOnceOneWins) {
  const Away away = leave();
  TestBed::Client& second = open(1, away.claim());
  TestBed::Client& third = open(2, away.claim());
  cluster_.pump();
  Away of_second;
  Away of_third;
  EXPECT_THAT(read(second, of_second), ElementsAre("40"));
  EXPECT_THAT(read(third, of_third), ElementsAre("40"));
  EXPECT_EQ(of_second.sid, away.sid);
  EXPECT_NE(of_third.sid, away.sid);
  EXPECT_THAT(came_, testing::UnorderedElementsAre("recovered", "new"));
}

TEST_F(ClusterRecoveryTest, AnEventThatReachesTheNewServerFirstIsNotLost) {
  Away away = leave();
  emit(2, "early");
  cluster_.pump(1);  // Server 0 has not heard it when it gives the session away.
  TestBed::Client& client = open(1, away.claim());
  // Its question overtakes the event, as between mailboxes it can.
  cluster_.overtake(0);
  cluster_.pump();
  EXPECT_THAT(read(client, away), ElementsAre("early", "40"));
}

TEST_F(ClusterRecoveryTest, AnEventThatReachesTheNewServerLastIsNotHeardTwice) {
  Away away = leave();
  emit(2, "late");
  cluster_.pump(0);
  TestBed::Client& client = open(1, away.claim());
  cluster_.pump(0);
  cluster_.pump(2);
  cluster_.overtake(1);
  cluster_.overtake(1);
  cluster_.pump();
  EXPECT_THAT(read(client, away), ElementsAre("late", "40"));
}

TEST_F(ClusterRecoveryTest, WhenNobodyAnswersANewSessionBeginsInTime) {
  Away away = leave();
  const std::string sid = away.sid;
  TestBed::Client& client = open(1, away.claim());
  cluster_.lose_all();
  cluster_.bed(1).pass(milliseconds(999));
  EXPECT_THAT(client.take(), IsEmpty());
  cluster_.bed(1).pass(milliseconds(1));
  EXPECT_THAT(read(client, away), ElementsAre("40"));
  EXPECT_NE(away.sid, sid);
  EXPECT_EQ(cluster_.io(1).counters().recoveries_failed, 1U);
}

TEST_F(ClusterRecoveryTest, AClientThatIsGoneWhenItsSessionComesFindsItThere) {
  Away away = leave();
  open(1, away.claim()).vanish();
  cluster_.pump();
  EXPECT_THAT(came_, IsEmpty());
  TestBed::Client& client = open(1, away.claim());
  EXPECT_THAT(read(client, away), ElementsAre("40"));
  EXPECT_THAT(came_, ElementsAre("recovered"));
}

TEST_F(ClusterRecoveryTest, ASessionThatMovedExpiresThereAndOnlyThere) {
  const Away away = leave();
  open(1, away.claim()).vanish();
  cluster_.pump();
  cluster_.bed(0).pass(minutes(3));
  EXPECT_THAT(expired_, IsEmpty());
  cluster_.bed(1).pass(minutes(2));
  EXPECT_THAT(expired_, ElementsAre(away.sid));
}

TEST_F(ClusterRecoveryTest, AnExpiredOrUnknownSessionBeginsAnewOnceAllHaveSaidSo) {
  Away away = leave();
  cluster_.bed(0).pass(minutes(2) + seconds(1));
  EXPECT_THAT(expired_, ElementsAre(away.sid));
  TestBed::Client& client = open(1, away.claim());
  cluster_.pump();
  EXPECT_THAT(read(client, away), ElementsAre("40"));
  EXPECT_THAT(came_, ElementsAre("new"));
}

TEST_F(ClusterRecoveryTest, NobodyIsAskedForWhatCannotBeASecret) {
  open(1, R"(40{"pid":"short","offset":"1"})");
  EXPECT_EQ(cluster_.waiting(), 0U);
  EXPECT_THAT(came_, ElementsAre("new"));
}

TEST_F(ClusterRecoveryTest, WhileItsSessionIsSoughtAClientMaySendNothing) {
  const Away away = leave();
  TestBed::Client& client = open(1, away.claim());
  client.send(R"(42["early"])");
  EXPECT_TRUE(client.closed());
  cluster_.pump();
  EXPECT_THAT(came_, IsEmpty());
}

/// What a way between servers says that has lost something on its way to this one.
ClusterMessage missed(const std::string& name_space, const std::string& room) {
  ClusterMessage message{.type = ClusterMessage::Type::kMissed, .name_space = name_space};
  if (!room.empty()) {
    message.audience.rooms.push_back(room);
  }
  return message;
}

TEST_F(ClusterRecoveryTest, SocketsForWhichSomethingWasLostEndAndCannotRecover) {
  std::vector<std::string> reasons;
  main(0).on_connection([&](Socket& socket) {
    socket.on_disconnect([&](DisconnectReason reason) { reasons.emplace_back(to_string(reason)); });
  });
  TestBed::Client& meant = open(0);
  TestBed::Client& other = open(0);
  Away away;
  read(other, away);
  main(0).find(away.sid)->leave("room");
  read(meant, away);
  cluster_.io(0).handle_cluster(cluster_.bed(0).now(), missed("/", "room"));
  cluster_.bed(0).pump();
  EXPECT_THAT(reasons, ElementsAre("transport error"));
  EXPECT_TRUE(meant.closed());
  EXPECT_FALSE(other.closed());
  EXPECT_EQ(cluster_.io(0).counters().sockets_missed, 1U);
  came_.clear();
  open(0, away.claim());
  cluster_.pump();  // The others are asked for the session, too.
  EXPECT_THAT(came_, ElementsAre("new"));
}

TEST_F(ClusterRecoveryTest, SessionsOfThoseWhoAreAwayEndToo) {
  const Away away = leave();
  cluster_.io(0).handle_cluster(cluster_.bed(0).now(), missed("", ""));
  EXPECT_THAT(expired_, ElementsAre(away.sid));
  open(0, away.claim());
  cluster_.pump();  // The others are asked for the session, too.
  EXPECT_THAT(came_, ElementsAre("new"));
}

}  // namespace
}  // namespace visavis::socketio
