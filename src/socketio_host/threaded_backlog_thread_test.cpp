#include <gtest/gtest.h>

#include <array>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "socketio_host/test_peer.hpp"
#include "socketio_host/threaded_host.hpp"

namespace visavis::socketio {
namespace {

constexpr std::size_t kThreads = 2;

HostOptions options_with_little_room() {
  HostOptions options;
  options.thread_backlog_bytes_max = 100'000;
  options.socketio.recovery = RecoveryOptions{};
  return options;
}

/// Two threads, of which the second can be held up.
class ThreadedBacklogTest : public testing::Test {
 protected:
  ThreadedBacklogTest()
      : hosts_(kThreads, options_with_little_room(), [this](Host& host) {
          const std::size_t at = made_++;
          ios_.at(at) = &host.io();
          host.io().on_connection(
              [at](Socket& socket) { socket.emit("thread", static_cast<std::int64_t>(at)); });
        }) {
    const auto port = hosts_.listen_loopback(0);
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
    runs_ = std::jthread([this] { hosts_.run(); });
  }
  ~ThreadedBacklogTest() override { hosts_.stop(); }

  struct Member {
    std::unique_ptr<TestPeer> peer;
    std::string welcome;
    bool on_second = false;
  };
  [[nodiscard]] Member join(const std::string& connect = "40") const {
    Member member{.peer = std::make_unique<TestPeer>(port_), .welcome = {}};
    member.peer->ask_for_socket();
    member.peer->read_until("maxPayload");
    member.peer->read_until("}");
    member.peer->say(connect);
    member.welcome = member.peer->read_until("}");
    member.on_second = member.peer->read_until("]").find(R"(["thread",1)") != std::string::npos;
    return member;
  }
  /// The first thread emits numbers while the second does nothing.
  void emit_while_the_second_is_held_up(int count) {
    struct Turns {
      std::latch held{1}, said{1}, go_on{1};
    };
    // Shared, since a thread may still look at a latch when the one it let go on has left.
    const auto turns = std::make_shared<Turns>();
    EXPECT_TRUE(hosts_.post(1, [turns] {
      turns->held.count_down();
      turns->go_on.wait();
    }));
    turns->held.wait();
    EXPECT_TRUE(hosts_.post(0, [this, turns, count] {
      for (int i = 0; i < count; ++i) {
        ios_[0]->emit("n", static_cast<std::int64_t>(i), std::string(1000, 'x'));
      }
      turns->said.count_down();
    }));
    turns->said.wait();
    turns->go_on.count_down();
  }

  std::size_t made_ = 0;
  std::array<Server*, kThreads> ios_{};
  ThreadedHost hosts_;
  std::uint16_t port_ = 0;
  std::jthread runs_;
};

TEST_F(ThreadedBacklogTest, NoSocketMissesAnEventOfAnotherThreadWithoutBeingEnded) {
  constexpr int kCount = 500;
  std::vector<Member> members;
  for (int i = 0; i < 12; ++i) {
    members.push_back(join());
  }
  emit_while_the_second_is_held_up(kCount);
  int ended = 0;
  for (Member& member : members) {
    int next = 0;
    const std::string last = "[\"n\"," + std::to_string(kCount - 1) + ",";
    // What comes is without a gap; and it comes whole, or the connection ends.
    const std::string all =
        member.on_second ? member.peer->read_all() : member.peer->read_until(last);
    for (std::size_t at = 0; (at = all.find("[\"n\",", at)) != std::string::npos; ++at) {
      EXPECT_EQ(std::stoi(all.substr(at + 5)), next++);
    }
    EXPECT_EQ(next == kCount, !member.on_second);
    ended += member.on_second ? 1 : 0;
  }
  EXPECT_GT(ended, 0);
  EXPECT_GT(hosts_.lost(), 0U);
}

TEST_F(ThreadedBacklogTest, WhoHasMissedSomethingBeginsANewSession) {
  Member member = join();
  for (int tries = 0; !member.on_second && tries < 100; ++tries) {
    member = join();
  }
  ASSERT_TRUE(member.on_second);
  emit_while_the_second_is_held_up(500);
  member.peer->read_all();
  const auto value = [](const std::string& json, const std::string& name) {
    const std::size_t at = json.find("\"" + name + "\":\"") + name.size() + 4;
    return json.substr(at, json.find('"', at) - at);
  };
  const Member again = join("40{\"pid\":\"" + value(member.welcome, "pid") + "\"}");
  EXPECT_NE(value(again.welcome, "sid"), value(member.welcome, "sid"));
}

}  // namespace
}  // namespace visavis::socketio
