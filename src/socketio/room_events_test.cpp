#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using testing::ElementsAre;

class RoomEventsTest : public testing::Test {
 protected:
  RoomEventsTest() {
    RoomEvents& events = bed_.io().of("/").room_events();
    events.on_create([this](std::string_view room) { note("create", room, {}); });
    events.on_delete([this](std::string_view room) { note("delete", room, {}); });
    events.on_join([this](std::string_view room, std::string_view id) { note("join", room, id); });
    events.on_leave(
        [this](std::string_view room, std::string_view id) { note("leave", room, id); });
    bed_.io().on_connection([this](Socket& socket) {
      sockets_.push_back(&socket);
      ids_.push_back(socket.id());
    });
  }
  void note(std::string_view what, std::string_view room, std::string_view id) {
    std::string line(what);
    line += ' ';
    line += name(room);
    line += id.empty() ? "" : " " + name(id);
    noted_.push_back(line);
  }
  /// Ids are long: the first is "id0".
  std::string name(std::string_view text) {
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] == text) {
        return "id" + std::to_string(i);
      }
    }
    return text.size() == 20 ? "new" : std::string(text);
  }
  std::vector<std::string> take() { return std::exchange(noted_, {}); }

  TestBed bed_;
  std::vector<Socket*> sockets_;
  std::vector<std::string> ids_;
  std::vector<std::string> noted_;
};

TEST_F(RoomEventsTest, ASocketsOwnRoomBeginsWithItAndEndsWithIt) {
  TestBed::Client& client = bed_.join();
  EXPECT_THAT(take(), ElementsAre("create new", "join new new"));
  client.vanish();
  EXPECT_THAT(take(), ElementsAre("leave id0 id0", "delete id0"));
}

TEST_F(RoomEventsTest, TheFirstInMakesARoomAndTheLastOutEndsIt) {
  static_cast<void>(bed_.join());
  static_cast<void>(bed_.join());
  static_cast<void>(take());
  sockets_[0]->join("r");
  sockets_[0]->join("r");
  sockets_[1]->join("r");
  EXPECT_THAT(take(), ElementsAre("create r", "join r id0", "join r id1"));
  sockets_[0]->leave("r");
  sockets_[0]->leave("r");
  sockets_[1]->leave("r");
  EXPECT_THAT(take(), ElementsAre("leave r id0", "leave r id1", "delete r"));
}

TEST_F(RoomEventsTest, AHandlerMayChangeRoomsAndEndSockets) {
  static_cast<void>(bed_.join());
  TestBed::Client& second = bed_.join();
  bed_.io().of("/").room_events().on_leave([this](std::string_view, std::string_view) {
    sockets_[1]->join("again");
    sockets_[1]->leave("b");
    sockets_[1]->disconnect(true);
  });
  sockets_[1]->join("a");
  sockets_[1]->join("b");
  second.vanish();
  EXPECT_EQ(bed_.io().of("/").room_count(), 0U);
  EXPECT_EQ(bed_.io().of("/").size(), 1U);
}

TEST(RoomEvents, AHandlerMayEndTheSocketThatIsJustConnecting) {
  for (const bool recovers : {false, true}) {
    for (const bool close : {false, true}) {
      Options options;
      if (recovers) {
        options.recovery = RecoveryOptions{};
      }
      TestBed bed(options);
      Namespace& main = bed.io().of("/");
      bool greeted = false;
      main.on_connection([&](Socket&) { greeted = true; });
      main.room_events().on_join(
          [&](std::string_view, std::string_view id) { main.find(id)->disconnect(close); });
      TestBed::Client& client = bed.open();
      client.send("40");
      EXPECT_FALSE(greeted);
      EXPECT_EQ(main.size(), 0U);
      EXPECT_EQ(client.closed(), close);
    }
  }
}

}  // namespace
}  // namespace visavis::socketio
