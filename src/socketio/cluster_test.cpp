#include "socketio/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "socketio/test_cluster.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class ClusterTest : public testing::Test {
 protected:
  ClusterTest() {
    for (std::size_t i = 0; i < 3; ++i) {
      cluster_.io(i).on_connection([](Socket& socket) { socket.join("room"); });
    }
  }
  TestCluster cluster_{3};
};

TEST_F(ClusterTest, ABroadcastReachesTheSocketsOfAllServersOnce) {
  TestBed::Client& here = cluster_.bed(0).join();
  TestBed::Client& there = cluster_.bed(1).join();
  cluster_.io(0).to("room").to("other").emit("news", 1, as_bytes("xyz"));
  cluster_.bed(0).pump();
  cluster_.pump();
  const std::string text = R"(451-["news",1,{"_placeholder":true,"num":0}])";
  EXPECT_THAT(here.take(), ElementsAre(text, "b:xyz"));
  EXPECT_THAT(there.take(), ElementsAre(text, "b:xyz"));
}

TEST_F(ClusterTest, AnEventWithoutArgumentsComesWithoutArguments) {
  TestBed::Client& there = cluster_.bed(1).join();
  cluster_.io(0).emit("tick");
  cluster_.pump();
  EXPECT_THAT(there.take(), ElementsAre(R"(42["tick"])"));
}

TEST_F(ClusterTest, LocalStaysHere) {
  TestBed::Client& there = cluster_.bed(1).join();
  cluster_.io(0).local().emit("news");
  EXPECT_EQ(cluster_.waiting(), 0U);
  EXPECT_THAT(there.take(), IsEmpty());
}

TEST_F(ClusterTest, ASocketOfAnotherServerIsReachedByItsIdAndCanBeExcepted) {
  std::string id;
  cluster_.io(1).on_connection([&](Socket& socket) { id = socket.id(); });
  TestBed::Client& there = cluster_.bed(1).join();
  cluster_.io(0).to(id).emit("you");
  cluster_.io(0).except(id).emit("not you");
  cluster_.pump();
  EXPECT_THAT(there.take(), ElementsAre(R"(42["you"])"));
}

TEST_F(ClusterTest, JoinLeaveAndDisconnectWorkOnAll) {
  TestBed::Client& there = cluster_.bed(2).join();
  cluster_.io(0).in("room").sockets_join("second");
  cluster_.io(0).in("second").sockets_leave("room");
  cluster_.io(0).in("room").emit("nobody");
  cluster_.io(0).in("second").emit("somebody");
  cluster_.io(0).in("second").disconnect_sockets();
  cluster_.pump();
  EXPECT_THAT(there.take(), ElementsAre(R"(42["somebody"])", "41"));
}

TEST_F(ClusterTest, AnswersOfAllServersAreGathered) {
  TestBed::Client& here = cluster_.bed(0).join();
  TestBed::Client& there = cluster_.bed(1).join();
  TestBed::Client& silent = cluster_.bed(2).join();
  std::optional<BroadcastAnswers> answers;
  cluster_.io(0).to("room").timeout(milliseconds(500)).emit("q", [&](BroadcastAnswers got) {
    answers = std::move(got);
  });
  cluster_.bed(0).pump();
  cluster_.pump();
  EXPECT_THAT(here.take(), ElementsAre(StartsWith("42")));
  EXPECT_THAT(silent.take(), ElementsAre(StartsWith("42")));
  const std::string question = there.take().at(0);
  const std::string id = question.substr(2, question.find('[') - 2);
  here.send("430[1]");
  there.send("43" + id + "[2,3]");
  cluster_.pump();
  EXPECT_FALSE(answers);
  cluster_.bed(2).pass(milliseconds(600));
  cluster_.pump();
  ASSERT_TRUE(answers);
  EXPECT_THAT(answers->answers, SizeIs(2));
  EXPECT_EQ(answers->answers.at(1)[1].as_integer(), 3);
  EXPECT_EQ(answers->missing, 1U);
  EXPECT_EQ(answers->servers_missing, 0U);
}

TEST_F(ClusterTest, AServerThatDoesNotAnswerIsWaitedForOnlyUntilTheTimeout) {
  static_cast<void>(cluster_.bed(1).join());
  std::optional<BroadcastAnswers> answers;
  cluster_.io(0).set_now(cluster_.bed(0).now());
  cluster_.io(0).timeout(milliseconds(500)).emit("q", [&](BroadcastAnswers got) {
    answers = std::move(got);
  });
  cluster_.lose_all();
  cluster_.bed(0).pass(milliseconds(499));
  EXPECT_FALSE(answers);
  cluster_.bed(0).pass(milliseconds(1));
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->servers_missing, 2U);
  EXPECT_EQ(cluster_.io(0).counters().cluster_timeouts, 1U);
}

TEST_F(ClusterTest, SocketsOfAllServersAreFetchedWithRoomsAndData) {
  for (std::size_t i = 0; i < 2; ++i) {
    cluster_.io(i).on_connection([](Socket& socket) { socket.data<int>() = 7; });
    cluster_.io(i).of("/").describe_data(
        [](const Socket&) { return json::Raw{.text = "{\"n\":7}"}; });
  }
  static_cast<void>(cluster_.bed(0).join());
  TestBed::Client& there = cluster_.bed(1).join();
  std::vector<RemoteSocket> fetched;
  cluster_.io(0).in("room").fetch_sockets(
      [&](FetchedSockets got) { fetched = std::move(got.sockets); });
  EXPECT_THAT(fetched, IsEmpty());
  cluster_.pump();
  ASSERT_THAT(fetched, SizeIs(2));
  EXPECT_EQ(*fetched[0].data<int>(), 7);
  EXPECT_EQ(fetched[1].data<int>(), nullptr);
  for (const RemoteSocket& socket : fetched) {
    EXPECT_EQ(socket.data_json()["n"].as_integer(), 7);
    EXPECT_THAT(socket.rooms(), ElementsAre(socket.id(), "room"));
    EXPECT_EQ(socket.handshake().query_value("EIO"), "4");
  }
  fetched[1].emit("found");
  cluster_.pump();
  EXPECT_THAT(there.take(), ElementsAre(R"(42["found"])"));
}

TEST_F(ClusterTest, AFetchThatTimesOutTellsWhatCameAndHowManyServersDidNotAnswer) {
  static_cast<void>(cluster_.bed(0).join());
  static_cast<void>(cluster_.bed(1).join());
  static_cast<void>(cluster_.bed(2).join());
  std::optional<FetchedSockets> fetched;
  cluster_.io(0).set_now(cluster_.bed(0).now());
  cluster_.io(0).fetch_sockets([&](FetchedSockets got) { fetched = std::move(got); });
  cluster_.pump(1);
  cluster_.pump(0);
  cluster_.lose_all();
  cluster_.bed(0).pass(milliseconds(4999));
  EXPECT_FALSE(fetched);
  cluster_.bed(0).pass(milliseconds(1));
  ASSERT_TRUE(fetched);
  EXPECT_THAT(fetched->sockets, SizeIs(2));
  EXPECT_EQ(fetched->servers_missing, 1U);
}

TEST_F(ClusterTest, AServerSideEventReachesTheOtherServersAndNoClient) {
  TestBed::Client& client = cluster_.bed(1).join();
  std::vector<std::string> heard;
  for (std::size_t i = 0; i < 3; ++i) {
    cluster_.io(i).on_server_side(
        "ping", [&heard, i](const Arguments& arguments, const ServerSideAck& ack) {
          EXPECT_FALSE(ack);
          heard.push_back(std::to_string(i) + std::string(arguments[0].as_string()));
        });
  }
  cluster_.io(0).server_side_emit("ping", "!");
  cluster_.pump();
  EXPECT_THAT(heard, ElementsAre("1!", "2!"));
  EXPECT_THAT(client.take(), IsEmpty());
}

TEST_F(ClusterTest, AServerSideQuestionIsAnsweredByEachAndThoseWithoutHandlerAreMissing) {
  cluster_.io(1).on_server_side("sum", [](const Arguments& arguments, const ServerSideAck& ack) {
    ack(*arguments[0].as_integer() + *arguments[1].as_integer());
    ack("a second answer counts nothing");
  });
  std::optional<ServerSideAnswers> answers;
  cluster_.io(0).server_side_emit("sum", 1, 2,
                                  [&](ServerSideAnswers got) { answers = std::move(got); });
  EXPECT_FALSE(answers);
  cluster_.pump();
  ASSERT_TRUE(answers);
  ASSERT_THAT(answers->answers, SizeIs(1));
  EXPECT_EQ(answers->answers[0][0].as_integer(), 3);
  EXPECT_EQ(answers->missing, 1U);
}

TEST(ClusterWithCleanup, AChildStaysWhileItsSocketsAreFetched) {
  Options options;
  options.cleanup_empty_child_namespaces = true;
  TestCluster cluster(2, options);
  for (const std::size_t server : {std::size_t{0}, std::size_t{1}}) {
    cluster.io(server).of_dynamic([](std::string_view, const json::Value&) { return true; });
  }
  TestBed::Client& here = cluster.bed(0).open();
  here.send("40/child,");
  TestBed::Client& there = cluster.bed(1).open();
  there.send("40/child,");
  static_cast<void>(there.take());
  std::size_t fetched = 0;
  cluster.io(0).find_namespace("/child")->fetch_sockets([&](const FetchedSockets& got) {
    fetched = got.sockets.size();
    got.sockets.back().emit("found");
  });
  here.vanish();
  cluster.bed(0).pass(milliseconds(0));
  cluster.pump();
  EXPECT_EQ(fetched, 2U);
  EXPECT_THAT(there.take(), ElementsAre(R"(42/child,["found"])"));
  cluster.bed(0).pass(milliseconds(0));
  EXPECT_EQ(cluster.io(0).find_namespace("/child"), nullptr);
}

TEST(Alone, AServerSideEventHasNobodyToReach) {
  TestBed bed;
  bool heard = false;
  bed.io().on_server_side("ping", [&](const Arguments&, const ServerSideAck&) { heard = true; });
  std::optional<ServerSideAnswers> answers;
  bed.io().server_side_emit("ping", [&](ServerSideAnswers got) { answers = std::move(got); });
  EXPECT_FALSE(heard);
  ASSERT_TRUE(answers);
  EXPECT_THAT(answers->answers, IsEmpty());
  EXPECT_EQ(answers->missing, 0U);
}

TEST_F(ClusterTest, ANamespaceThatAnotherServerDoesNotHaveAnswersWithNothing) {
  std::optional<std::size_t> fetched;
  cluster_.io(0).of("/only-here").fetch_sockets([&](const FetchedSockets& got) {
    fetched = got.sockets.size();
  });
  cluster_.pump();
  EXPECT_EQ(fetched, 0U);
}

}  // namespace
}  // namespace visavis::socketio
