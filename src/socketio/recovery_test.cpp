#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using testing::SizeIs;
using testing::StartsWith;

/// The value of a name in an answer to CONNECT.
std::string member(const std::string& packet, const std::string& name) {
  const std::size_t at = packet.find("\"" + name + "\":\"");
  return at == std::string::npos ? "" : packet.substr(at + name.size() + 4, 20);
}

Options with_recovery(RecoveryOptions recovery = {}) {
  Options options;
  options.recovery = recovery;
  return options;
}

/// A session as its client knows it.
struct Session {
  TestBed::Client* client;
  std::string sid;
  std::string pid;
};

class RecoveryTest : public testing::Test {
 protected:
  explicit RecoveryTest(RecoveryOptions recovery = {}) : bed_(with_recovery(recovery)) {
    main().on_connection([this](Socket& socket) {
      connections_.push_back(socket.recovered());
      socket.join("room");
    });
    main().on_session_expired(
        [this](const RecoverySession& session) { expired_.push_back(session.sid); });
  }

  [[nodiscard]] Namespace& main() { return bed_.io().of("/"); }
  Session connect(const std::string& packet = "40") {
    TestBed::Client& client = bed_.open();
    client.send(packet);
    const std::string answer = client.take().back();
    return {.client = &client, .sid = member(answer, "sid"), .pid = member(answer, "pid")};
  }
  /// Everything that is read, the CONNECT answer shortened to its type and sid.
  std::vector<std::string> come_back(const Session& session, const std::string& offset) {
    TestBed::Client& client = bed_.open();
    last_ = &client;
    client.send(R"(40{"pid":")" + session.pid + R"(","offset":")" + offset + "\"}");
    return read(client);
  }
  static std::vector<std::string> read(TestBed::Client& client) {
    std::vector<std::string> packets = client.take();
    for (std::string& packet : packets) {
      if (packet.starts_with("40")) {
        packet = "40 " + member(packet, "sid") + " " + member(packet, "pid");
      }
    }
    return packets;
  }
  static std::string welcome(const Session& session) {
    return "40 " + session.sid + " " + session.pid;
  }
  void emit(std::string_view event) {
    main().to("room").emit(event);
    bed_.pump();
  }

  TestBed bed_;
  TestBed::Client* last_ = nullptr;
  std::vector<bool> connections_;
  std::vector<std::string> expired_;
};

TEST_F(RecoveryTest, GivesEveryClientASecretAndEveryEventAnOffset) {
  const Session session = connect();
  EXPECT_THAT(session.pid, SizeIs(20));
  EXPECT_NE(session.pid, session.sid);
  emit("a");
  main().find(session.sid)->emit("b", 1);
  bed_.pump();
  main().volatile_().emit("c", "text");
  bed_.pump();
  EXPECT_THAT(session.client->take(),
              ElementsAre(R"(42["a","1"])", R"(42["b",1,"2"])", R"(42["c","text","3"])"));
}

TEST_F(RecoveryTest, GivesBackIdRoomsDataAndWhatWasMissedBeforeTheAnswer) {
  const Session session = connect();
  main().find(session.sid)->data<std::string>() = "mine";
  main().find(session.sid)->join("other");
  emit("seen");
  session.client->vanish();
  EXPECT_EQ(main().find(session.sid), nullptr);
  emit("missed");
  main().to(session.sid).emit("to it alone");
  main().except("other").emit("not for it");
  main().to("elsewhere").emit("not for it");
  bed_.pass(seconds(119));
  EXPECT_THAT(come_back(session, "1"),
              ElementsAre(R"(42["missed","2"])", R"(42["to it alone","3"])", welcome(session)));
  Socket& socket = *main().find(session.sid);
  EXPECT_THAT(socket.rooms(), ElementsAre(session.sid, "room", "other"));
  EXPECT_EQ(socket.data<std::string>(), "mine");
  EXPECT_THAT(connections_, ElementsAre(false, true));
  EXPECT_EQ(bed_.io().counters().recovered_sockets, 1U);
  emit("on it goes");
  EXPECT_THAT(last_->take(), SizeIs(1));
}

TEST_F(RecoveryTest, SendsBinaryAgainWithItsAttachments) {
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  main().emit("picture", as_bytes("xyz"));
  EXPECT_THAT(come_back(session, "1"),
              ElementsAre(R"(451-["picture",{"_placeholder":true,"num":0},"2"])", "b:xyz",
                          welcome(session)));
}

TEST_F(RecoveryTest, ComesTwiceFromTheSameOffset) {
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  emit("missed");
  static_cast<void>(come_back(session, "1"));
  last_->vanish();
  EXPECT_THAT(come_back(session, "1"), ElementsAre(R"(42["missed","2"])", welcome(session)));
}

TEST_F(RecoveryTest, ComesBeforeTheFirstEvent) {
  const Session session = connect();
  session.client->vanish();
  emit("missed");
  TestBed::Client& client = bed_.open();
  client.send(R"(40{"pid":")" + session.pid + "\"}");
  EXPECT_THAT(read(client), ElementsAre(R"(42["missed","1"])", welcome(session)));
}

TEST_F(RecoveryTest, DoesNotSendVolatileEventsAgain) {
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  main().volatile_().emit("gone");
  emit("missed");
  EXPECT_THAT(come_back(session, "1"), ElementsAre(R"(42["missed","3"])", welcome(session)));
}

TEST_F(RecoveryTest, StartsFromAVolatileEvent) {
  const Session session = connect();
  main().volatile_().emit("seen");
  bed_.pump();
  session.client->vanish();
  emit("missed");
  EXPECT_THAT(come_back(session, "1"), ElementsAre(R"(42["missed","2"])", welcome(session)));
}

TEST_F(RecoveryTest, TakesOverWhileTheOldConnectionLooksAlive) {
  const Session session = connect();
  emit("seen");
  emit("sent into the dark");
  std::vector<std::string> reasons;
  main().find(session.sid)->on_disconnect([&](DisconnectReason reason) {
    reasons.emplace_back(to_string(reason));
  });
  EXPECT_THAT(come_back(session, "1"),
              ElementsAre(R"(42["sent into the dark","2"])", welcome(session)));
  EXPECT_THAT(reasons, ElementsAre("transport close"));
  EXPECT_TRUE(session.client->closed());
  EXPECT_EQ(main().size(), 1U);
  EXPECT_EQ(bed_.io().counters().taken_over, 1U);
}

TEST_F(RecoveryTest, EndsAfterItsTimeAndTellsSo) {
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  bed_.pass(seconds(119));
  EXPECT_THAT(expired_, IsEmpty());
  bed_.pass(seconds(2));
  EXPECT_THAT(expired_, ElementsAre(session.sid));
  const auto packets = come_back(session, "1");
  EXPECT_THAT(packets, ElementsAre(StartsWith("40 ")));
  EXPECT_NE(packets[0], welcome(session));
  EXPECT_EQ(bed_.io().counters().recoveries_failed, 1U);
}

TEST_F(RecoveryTest, IsRefusedForOffsetsThatItNeverGave) {
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  for (const char* const offset : {"2", "0001", "", "-1", "x y", "zzzzzzzzzzzzzzzzzzzzzzz"}) {
    EXPECT_NE(come_back(session, offset).back(), welcome(session)) << offset;
    last_->vanish();
  }
  TestBed::Client& client = bed_.open();
  client.send(R"(40{"pid":")" + session.pid + R"(","offset":1})");
  EXPECT_NE(read(client).back(), welcome(session));
  EXPECT_EQ(come_back(session, "1").back(), welcome(session));
}

TEST_F(RecoveryTest, DoesNotReachBackBeforeTheSessionBegan) {
  const Session first = connect();
  emit("before");
  emit("before");
  const Session second = connect();
  second.client->vanish();
  EXPECT_NE(come_back(second, "1").back(), welcome(second));
  EXPECT_EQ(come_back(second, "2").back(), welcome(second));
  EXPECT_FALSE(first.client->closed());
}

TEST_F(RecoveryTest, IsNotForThoseWhoLeft) {
  const Session session = connect();
  emit("seen");
  session.client->send("41");
  EXPECT_NE(come_back(session, "1").back(), welcome(session));
  const Session expelled = connect();
  main().find(expelled.sid)->disconnect();
  EXPECT_NE(come_back(expelled, "1").back(), welcome(expelled));
}

TEST_F(RecoveryTest, WorksForASessionThatWasSilentForHours) {
  const Session session = connect();
  emit("seen");
  bed_.pass(std::chrono::hours(3));
  main().to("elsewhere").emit("for others");
  session.client->vanish();
  emit("missed");
  EXPECT_THAT(come_back(session, "1"), ElementsAre(R"(42["missed","2"])", welcome(session)));
}

TEST_F(RecoveryTest, PassesTheMiddlewaresWithItsData) {
  std::optional<Next> waiting;
  main().use([&](Socket& socket, Next next) {
    if (socket.recovered()) {
      EXPECT_EQ(socket.data<int>(), 5);
      waiting.emplace(std::move(next));
    } else {
      next();
    }
  });
  const Session session = connect();
  main().find(session.sid)->data<int>() = 5;
  emit("seen");
  session.client->vanish();
  emit("missed");
  EXPECT_THAT(come_back(session, "1"), IsEmpty());
  emit("while it is asked about");
  EXPECT_THAT(last_->take(), IsEmpty());
  (*waiting)();
  bed_.pump();
  EXPECT_THAT(read(*last_), ElementsAre(R"(42["missed","2"])",
                                        R"(42["while it is asked about","3"])", welcome(session)));
}

TEST_F(RecoveryTest, IsStillThereAfterAMiddlewareRefused) {
  bool refuse = false;
  main().use([&](Socket&, Next next) {
    refuse ? next(ConnectError{.message = "token expired"}) : next();
  });
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  emit("missed");
  refuse = true;
  EXPECT_THAT(come_back(session, "1"), ElementsAre(R"(44{"message":"token expired"})"));
  refuse = false;
  EXPECT_THAT(come_back(session, "1"), ElementsAre(R"(42["missed","2"])", welcome(session)));
}

TEST_F(RecoveryTest, ExpiresWhenItsMiddlewareTakesTooLong) {
  std::vector<Next> waiting;
  bool hold = false;
  main().use([&](Socket&, Next next) { hold ? waiting.push_back(std::move(next)) : next(); });
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  hold = true;
  static_cast<void>(come_back(session, "1"));
  bed_.pass(seconds(30));
  // The client lost patience and comes again: the first asker's connection goes.
  TestBed::Client& first = *last_;
  EXPECT_THAT(come_back(session, "1"), IsEmpty());
  EXPECT_TRUE(first.closed());
  bed_.pass(seconds(100));
  EXPECT_THAT(expired_, ElementsAre(session.sid));
}

class RecoverySkippingMiddlewares : public RecoveryTest {
 protected:
  RecoverySkippingMiddlewares() : RecoveryTest({.skip_middlewares = true}) {}
};

TEST_F(RecoverySkippingMiddlewares, AsksThemOnlyOfNewcomers) {
  int asked = 0;
  main().use([&](Socket&, Next next) {
    ++asked;
    next();
  });
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  EXPECT_EQ(come_back(session, "1").back(), welcome(session));
  EXPECT_EQ(asked, 1);
}

class RecoveryInLittleRoom : public RecoveryTest {
 protected:
  RecoveryInLittleRoom() : RecoveryTest({.sessions_max = 2, .log_events_max = 3}) {}
};

TEST_F(RecoveryInLittleRoom, KeepsTheYoungestSessions) {
  const Session first = connect();
  const Session second = connect();
  const Session third = connect();
  emit("seen");
  for (const Session& session : {first, second, third}) {
    session.client->vanish();
  }
  EXPECT_THAT(expired_, ElementsAre(first.sid));
  EXPECT_NE(come_back(first, "1").back(), welcome(first));
  EXPECT_EQ(come_back(third, "1").back(), welcome(third));
}

TEST_F(RecoveryInLittleRoom, BeginsANewSessionRatherThanLoseAnEvent) {
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  for (int i = 0; i < 3; ++i) {
    emit("missed");
  }
  EXPECT_THAT(come_back(session, "1"), SizeIs(4));
  last_->vanish();
  emit("one too many");
  EXPECT_THAT(come_back(session, "1"), ElementsAre(StartsWith("40 ")));
}

TEST_F(RecoveryInLittleRoom, IsCountedOnceThoughItEndsBeforeItIsResumed) {
  std::vector<Next> waiting;
  bool hold = false;
  main().use([&](Socket&, Next next) { hold ? waiting.push_back(std::move(next)) : next(); });
  const Session session = connect();
  emit("seen");
  session.client->vanish();
  hold = true;
  static_cast<void>(come_back(session, "1"));
  for (int i = 0; i < 4; ++i) {
    emit("more than the log holds");
  }
  hold = false;
  waiting.front()();  // What it missed is gone: its connection is closed.
  bed_.pump();
  EXPECT_TRUE(last_->closed());
  bed_.pass(std::chrono::minutes(3));
  EXPECT_THAT(expired_, ElementsAre(session.sid));

  const Session second = connect();
  const Session third = connect();
  emit("seen");
  second.client->vanish();
  third.client->vanish();
  const Session fourth = connect();
  fourth.client->vanish();
  EXPECT_THAT(expired_, ElementsAre(session.sid, second.sid));
  EXPECT_EQ(come_back(third, "6").back(), welcome(third));
}

TEST(RecoveryLog, ReachesBackAsFarAsADeadConnectionLooksAlive) {
  engineio::Options engine = TestBed::engine_options();
  engine.ping_interval = seconds(200);
  engine.ping_timeout = seconds(100);
  TestBed bed(with_recovery(), engine);
  TestBed::Client& client = bed.open();
  client.send("40");
  const std::string pid = member(client.take().back(), "pid");
  bed.io().emit("seen");
  bed.io().emit("lost on the way");
  bed.pass(seconds(290));
  client.vanish();
  bed.io().emit("missed");
  bed.pass(seconds(110));
  TestBed::Client& again = bed.open();
  again.send(R"(40{"pid":")" + pid + R"(","offset":"1"})");
  EXPECT_THAT(again.take(), ElementsAre(R"(42["lost on the way","2"])", R"(42["missed","3"])",
                                        StartsWith("40{")));
}

TEST(WithoutRecovery, NothingIsAppendedAndNoSecretGiven) {
  TestBed bed;
  TestBed::Client& client = bed.open();
  client.send(R"(40{"pid":"abc","offset":"1"})");
  const std::vector<std::string> answer = client.take();
  EXPECT_EQ(answer.at(0).find("pid"), std::string::npos);
  bed.io().emit("a");
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre("42[\"a\"]"));
}

}  // namespace
}  // namespace visavis::socketio
