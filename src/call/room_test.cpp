#include "call/room.hpp"

#include <gtest/gtest.h>

#include "call/name.hpp"
#include "call/source.hpp"

namespace visavis::call {
namespace {

using namespace std::chrono_literals;

Participant somebody(std::uint64_t key) {
  return {.key = ParticipantKey(key),
          .id = "p" + std::to_string(key),
          .name = "Name",
          .metadata = "null"};
}

TEST(Rooms, AreThereFromTheFirstJoinToTheLastLeave) {
  Rooms rooms(Limits{});
  EXPECT_EQ(rooms.find("standup"), nullptr);
  Room& room = rooms.join("standup", somebody(1));
  EXPECT_EQ(&rooms.join("standup", somebody(2)), &room);
  EXPECT_EQ(room.participants().size(), 2U);
  EXPECT_EQ(rooms.participants(), 2U);
  const RoomKey key = room.key();
  rooms.leave(key, ParticipantKey(1));
  EXPECT_NE(rooms.find(key), nullptr);
  rooms.leave(key, ParticipantKey(2));
  EXPECT_EQ(rooms.find(key), nullptr);
  EXPECT_EQ(rooms.size(), 0U);
  EXPECT_EQ(rooms.participants(), 0U);
}

TEST(Rooms, CountTheirChanges) {
  Rooms rooms(Limits{});
  Room& room = rooms.join("standup", somebody(1));
  EXPECT_EQ(room.revision(), 1U);
  rooms.join("standup", somebody(2));
  EXPECT_EQ(room.changed(), 3U);
  rooms.leave(room.key(), ParticipantKey(2));
  EXPECT_EQ(room.revision(), 4U);
}

TEST(Rooms, RefuseOneTooMany) {
  Rooms rooms(Limits{.participants_per_room = 2, .rooms = 1});
  rooms.join("a", somebody(1));
  EXPECT_EQ(rooms.refusal("b"), JoinError::kTooManyRooms);
  EXPECT_EQ(rooms.refusal("a"), std::nullopt);
  rooms.join("a", somebody(2));
  EXPECT_EQ(rooms.refusal("a"), JoinError::kRoomFull);
}

TEST(Rooms, FindAStreamByItsFlow) {
  Rooms rooms(Limits{});
  Participant publisher = somebody(1);
  publisher.streams = {{.id = "away", .source = Source::kMicrophone, .mid = "0"},
                       {.id = "s", .source = Source::kCamera, .mid = "1", .flow = FlowId(9)}};
  const Room& room = rooms.join("a", publisher);
  EXPECT_EQ(room.find(FlowId(9)).stream->id, "s");
  EXPECT_EQ(room.find(FlowId(8)).stream, nullptr);
  EXPECT_EQ(room.find("p1")->find_line("1")->id, "s");
  EXPECT_EQ(room.find("p2"), nullptr);
}

TEST(Sources, AreReadByTheNamesTheyAreWrittenWith) {
  for (const Source source :
       {Source::kMicrophone, Source::kCamera, Source::kScreen, Source::kScreenAudio}) {
    EXPECT_EQ(source_named(to_string(source)), source);
  }
  EXPECT_EQ(source_named("webcam"), std::nullopt);
}

TEST(Names, AreCountedInCharacters) {
  EXPECT_EQ(count_characters("Ada"), 3U);
  EXPECT_EQ(count_characters("李雷"), 2U);
  EXPECT_EQ(count_characters("👍"), 1U);
  EXPECT_EQ(count_characters(""), 0U);
}

TEST(Names, MustBeVisible) {
  EXPECT_TRUE(is_presentable("Ada L."));
  EXPECT_FALSE(is_presentable(""));
  EXPECT_FALSE(is_presentable("   "));
  EXPECT_FALSE(is_presentable("a\nb"));
  EXPECT_FALSE(is_presentable(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace visavis::call
