#include "socketio_host/backlog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace visavis::socketio {
namespace {

using Type = ClusterMessage::Type;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kBytes = 10'000;

ClusterMessage broadcast(const std::string& room, std::string text = "x") {
  ClusterMessage message{.type = Type::kBroadcast, .name_space = "/"};
  if (!room.empty()) {
    message.audience.rooms.push_back(room);
  }
  auto event = std::make_shared<SharedEvent>();
  event->list = std::move(text);
  message.event = std::move(event);
  return message;
}

/// Each as a word: the text of a broadcast, "missed NAMESPACE room,room" or "other".
std::vector<std::string> take(Backlog& backlog) {
  std::vector<std::string> words;
  backlog.take([&](Backlog::Post post) {
    const auto& message = std::get<ClusterMessage>(post);
    if (message.type == Type::kMissed) {
      std::string word = "missed " + message.name_space;
      for (const std::string& room : message.audience.rooms) {
        word += " " + room;
      }
      words.push_back(word);
    } else {
      words.emplace_back(message.event ? message.event->list : "other");
    }
  });
  return words;
}

TEST(BacklogTest, GivesWhatWasPutInItsOrder) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(broadcast("", "one")));
  EXPECT_TRUE(backlog.put(broadcast("", "two")));
  EXPECT_GT(backlog.bytes(), 0U);
  EXPECT_THAT(take(backlog), ElementsAre("one", "two"));
  EXPECT_EQ(backlog.bytes(), 0U);
  EXPECT_THAT(take(backlog), IsEmpty());
}

TEST(BacklogTest, IsLimitedInBytesAndTellsWhomTheLostOnesWereForWhereTheyWouldHaveStood) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(broadcast("a", std::string(6000, 'x'))));
  EXPECT_FALSE(backlog.put(broadcast("a", std::string(6000, 'x'))));
  EXPECT_FALSE(backlog.put(broadcast("b", std::string(6000, 'x'))));
  EXPECT_FALSE(backlog.put(broadcast("a", std::string(6000, 'x'))));
  EXPECT_TRUE(backlog.put(broadcast("a", "small")));
  EXPECT_THAT(take(backlog),
              ElementsAre(std::string(6000, 'x'), "missed / a", "missed / b", "small"));
  EXPECT_THAT(take(backlog), IsEmpty());
  EXPECT_TRUE(backlog.put(broadcast("a", std::string(6000, 'x'))));
}

TEST(BacklogTest, OneThatIsLargerThanTheLimitGoesAlone) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(broadcast("", std::string(100'000, 'x'))));
  EXPECT_FALSE(backlog.put(broadcast("", "x")));
}

TEST(BacklogTest, WhatIsNoBroadcastMayTakeAsMuchAgain) {
  Backlog backlog(kBytes);
  while (backlog.put(broadcast(""))) {
  }
  EXPECT_TRUE(backlog.put(ClusterMessage{.type = Type::kSocketsLeave, .name_space = "/"}));
  EXPECT_TRUE(backlog.put(ClusterMessage{.type = Type::kServerSideEmit, .name_space = "/"}));
  EXPECT_THAT(take(backlog), testing::Contains("other").Times(2));
  while (backlog.put(ClusterMessage{.type = Type::kSocketsJoin, .name_space = "/chat"})) {
  }
  EXPECT_THAT(take(backlog), testing::Contains("missed /chat").Times(1));
}

TEST(BacklogTest, WhatIsVolatileOrAskedForLeavesNoGap) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(broadcast("", std::string(kBytes * 2, 'x'))));
  ClusterMessage message = broadcast("");
  message.flags.is_volatile = true;
  EXPECT_FALSE(backlog.put(message));
  message.flags.is_volatile = false;
  message.request_id = "1";
  EXPECT_FALSE(backlog.put(message));
  EXPECT_FALSE(backlog.put(ClusterMessage{.type = Type::kFetchSockets}));
  EXPECT_THAT(take(backlog), ElementsAre(std::string(kBytes * 2, 'x')));
}

TEST(BacklogTest, AGapForVeryManyIsOneForAll) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(broadcast("", std::string(kBytes * 2, 'x'))));
  for (int room = 0; room < 100; ++room) {
    EXPECT_FALSE(backlog.put(broadcast(std::to_string(room))));
  }
  ClusterMessage message = broadcast("a");
  for (int i = 0; i < 2000; ++i) {
    message.name_space = "/" + std::to_string(i);
    EXPECT_FALSE(backlog.put(message));
  }
  const auto words = take(backlog);
  EXPECT_THAT(words, testing::Contains("missed /").Times(1));
  EXPECT_THAT(words, testing::Contains("missed ").Times(1));  // of all namespaces
  EXPECT_LT(words.size(), 1100U);
}

/// On its way with so many bytes of a body that is not whole.
std::unique_ptr<net::TravellingConnection> connection_with(std::size_t body_bytes) {
  constexpr http::ConnectionId kId{1};
  http::Server server;
  http::Route away{.path_prefix = "/", .handle = {}, .begin = {}, .body_bytes_max = {}};
  away.elsewhere = [](const http::Request&) { return std::optional<std::size_t>(1); };
  server.route(std::move(away));
  server.handle_open({}, kId, {}, false);
  server.handle_bytes({}, kId,
                      as_bytes("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" +
                               std::string(body_bytes, 'x')));
  EXPECT_TRUE(server.poll_output().has_value());
  return std::make_unique<net::TravellingConnection>(
      net::TravellingConnection{.tcp = net::TcpConnection(net::FileDescriptor(), nullptr),
                                .remote = {},
                                .request = server.release({}, kId)});
}

TEST(BacklogTest, AConnectionCountsWithWhatItsClientHasSent) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(connection_with(9000)));
  EXPECT_GT(backlog.bytes(), 9000U);
  EXPECT_LT(backlog.bytes(), 10'000U);
  EXPECT_TRUE(backlog.put(connection_with(9000)));
  EXPECT_FALSE(backlog.put(connection_with(9000)));  // twice the limit is full
  EXPECT_TRUE(backlog.put(connection_with(0)));
  int taken = 0;
  backlog.take([&](Backlog::Post post) { taken += std::get<0>(post)->request ? 1 : 0; });
  EXPECT_EQ(taken, 3);
  EXPECT_EQ(backlog.bytes(), 0U);
}

TEST(BacklogTest, WhatComesMeanwhileWaitsForTheNextTurn) {
  Backlog backlog(kBytes);
  EXPECT_TRUE(backlog.put(broadcast("")));
  int taken = 0;
  const auto again = [&](Backlog::Post post) {
    ++taken;
    EXPECT_TRUE(backlog.put(std::move(post)));
  };
  backlog.take(again);
  EXPECT_LE(taken, 2);
  EXPECT_THAT(take(backlog), ElementsAre("x"));
}

}  // namespace
}  // namespace visavis::socketio
