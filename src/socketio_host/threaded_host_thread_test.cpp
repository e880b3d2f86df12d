#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "socketio_host/test_peer.hpp"
#include "socketio_host/threaded_host.hpp"

namespace visavis::socketio {
namespace {

using Peer = TestPeer;

constexpr std::size_t kThreads = 3;
/// As many as leave in one `writev`, and long enough for another thread, were it woken by the
/// first, to begin to write before the last.
constexpr int kBurst = 60;

HostOptions with_recovery() {
  HostOptions options;
  options.socketio.recovery = RecoveryOptions{};
  options.metrics = MetricsOptions{};
  return options;
}

/// The value of a name in JSON.
std::string member(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":\"") + name.size() + 4;
  return json.substr(at, json.find('"', at) - at);
}

/// A server on three threads, in a thread of the test's.
class ThreadedHostTest : public testing::Test {
 protected:
  ThreadedHostTest()
      : hosts_(kThreads, options_, [this](Host& host) {
          if (host.engine().options().shard.value_or(engineio::Shard{}).index == 1) {
            io_of_second_ = &host.io();
          }
          host.io().on_connection([&host](Socket& socket) {
            socket.join("all");
            socket.on("where", [&host](const Arguments&, Ack ack) {
              ack(std::to_string(host.engine().options().shard.value_or(engineio::Shard{}).index));
            });
            socket.on("tell", [&host](const Arguments& arguments, const Ack&) {
              host.io().to("all").emit("told", arguments[0]);
            });
            socket.on("tell often", [&host](const Arguments&, const Ack&) {
              for (int i = 1; i <= kBurst; ++i) {
                host.io().to("all").emit("burst", i);
              }
            });
            socket.on("count", [&host](const Arguments&, Ack ack) {
              host.io().to("all").fetch_sockets(
                  [ack = std::move(ack)](const FetchedSockets& fetched) mutable {
                    ack(std::to_string(fetched.sockets.size()) + " sockets");
                  });
            });
          });
        }) {
    const auto port = hosts_.listen_loopback(0);
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
    runs_ = std::jthread([this] { hosts_.run(); });
  }
  ~ThreadedHostTest() override { hosts_.stop(); }

  [[nodiscard]] std::unique_ptr<Peer> join() const {
    auto peer = open();
    peer->say("40");
    peer->read_until("}");
    return peer;
  }
  [[nodiscard]] std::unique_ptr<Peer> open() const {
    auto peer = std::make_unique<Peer>(port_);
    peer->ask_for_socket();
    peer->read_until("}");
    return peer;
  }

  Server* io_of_second_ = nullptr;
  HostOptions options_ = with_recovery();
  ThreadedHost hosts_;
  std::uint16_t port_ = 0;
  std::jthread runs_;
};

TEST_F(ThreadedHostTest, APollingSessionNeedsNoStickyConnection) {
  Peer first(port_);
  const std::string open =
      first.request("GET /socket.io/?EIO=4&transport=polling", "", R"("maxPayload":1000000})");
  const std::size_t at = open.find(R"("sid":")") + 7;
  const std::string path = " /socket.io/?EIO=4&transport=polling&sid=" + open.substr(at, 20);
  // Each on a connection of its own, of which most begin on another thread.
  EXPECT_FALSE(Peer(port_).request("POST" + path, "40", "ok").empty());
  EXPECT_NE(Peer(port_).request("GET" + path, "", "}").find("40{"), std::string::npos);
  for (int i = 0; i < 12; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_FALSE(Peer(port_).request("POST" + path, "42" + id + R"(["where"])", "ok").empty());
    EXPECT_NE(Peer(port_).request("GET" + path, "", "\"]").find("43" + id + "["),
              std::string::npos);
  }
}

TEST_F(ThreadedHostTest, EventsReachTheSocketsOfAllThreadsAndTheyAreCountedTogether) {
  std::vector<std::unique_ptr<Peer>> peers;
  std::set<std::string> where;
  for (int i = 0; i < 30; ++i) {
    peers.push_back(join());
    peers.back()->say(R"(420["where"])");
    where.insert(peers.back()->read_until("\"]"));
  }
  EXPECT_EQ(where.size(), kThreads);
  peers.front()->say(R"(42["tell","hello"])");
  for (const auto& peer : peers) {
    EXPECT_NE(peer->read_until("\"]").find(R"(42["told","hello")"), std::string::npos);
  }
  peers.back()->say(R"(421["count"])");
  EXPECT_NE(peers.back()->read_until("\"]").find("30 sockets"), std::string::npos);
  EXPECT_EQ(hosts_.lost(), 0U);
}

TEST_F(ThreadedHostTest, WhatIsEmittedInARowReachesTheClientsOfOtherThreadsInOneWrite) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (std::size_t i = 0; i < 4 * kThreads; ++i) {
    peers.push_back(join());
  }
  peers.front()->say(R"(42["tell often"])");
  for (const auto& peer : peers) {
    EXPECT_NE(peer->read_once().find("[\"burst\"," + std::to_string(kBurst)), std::string::npos);
  }
}

TEST_F(ThreadedHostTest, NoThreadHasManyMoreConnectionsThanAnother) {
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<std::size_t> counts(kThreads);
  for (int i = 0; i < 60; ++i) {
    peers.push_back(join());
    peers.back()->say(R"(420["where"])");
    const std::string text = peers.back()->read_until("\"]");
    ++counts.at(static_cast<std::size_t>(text.at(text.size() - 3) - '0'));
  }
  const auto [fewest, most] = std::ranges::minmax(counts);
  EXPECT_LE(most - fewest, 10U);
}

TEST_F(ThreadedHostTest, ASessionIsFoundOnWhicheverThreadItsClientComesBackTo) {
  const auto teller = join();
  const auto first = open();
  first->say("40");
  const std::string welcome = first->read_until("}");
  const std::string pid = member(welcome, "pid");
  std::string offset;
  std::set<std::string> where;
  std::vector<std::unique_ptr<Peer>> others;
  auto peer = open();
  peer->say(R"(40{"pid":")" + pid + "\"}");  // The first still looks alive.
  EXPECT_NE(peer->read_until("}").find(member(welcome, "sid")), std::string::npos);
  for (int i = 0; i < 12; ++i) {
    peer->say("42" + std::to_string(i) + R"(["where"])");
    where.insert(peer->read_until("]").substr(4));
    const std::string text = "news " + std::to_string(i);
    teller->say(R"(42["tell",")" + text + "\"]");
    const std::string event = peer->read_until("\"]");
    EXPECT_NE(event.find(text), std::string::npos) << event;
    offset = event.substr(event.rfind(',') + 2);
    offset.resize(offset.find('"'));
    peer.reset();
    teller->say(R"(42["tell","missed"])");
    others.push_back(open());  // So that the next one comes to another thread.
    peer = open();
    peer->say(R"(40{"pid":")" + pid + R"(","offset":")" + offset + "\"}");
    std::string back = peer->read_until("}");
    EXPECT_NE(back.find(member(welcome, "sid")), std::string::npos) << back;
    // Told by another thread: it may as well come when the session is back already.
    if (back.find("missed") == std::string::npos) {
      back += peer->read_until("\"]");
    }
    EXPECT_NE(back.find("missed"), std::string::npos) << back;
  }
  EXPECT_GT(where.size(), 1U);
  EXPECT_EQ(hosts_.lost(), 0U);
}

TEST_F(ThreadedHostTest, MetricsTellOfAllThreadsTogether) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 9; ++i) {
    peers.push_back(join());
  }
  const std::string text =
      Peer(port_).request("GET /metrics", "", "visavis_thread_messages_lost_total 0\n");
  EXPECT_NE(text.find("\nvisavis_sessions 9\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nvisavis_sockets_total{result=\"connected\"} 9\n"), std::string::npos);
  EXPECT_NE(text.find("\nvisavis_thread_connections{thread=\"2\"} "), std::string::npos);
  EXPECT_NE(Peer(port_)
                .request("GET /metrics HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4\r\nX: ", "", "alone")
                .find(" 403 "),
            std::string::npos);
}

TEST_F(ThreadedHostTest, WorkFromAnotherThreadIsDoneInTheHostsOwn) {
  const auto peer = join();
  for (std::size_t i = 0; i < kThreads; ++i) {
    EXPECT_TRUE(hosts_.post(i, [i, this] {
      if (i == 1) {
        io_of_second_->to("all").emit("posted", static_cast<std::int64_t>(i));
      }
    }));
  }
  EXPECT_NE(peer->read_until("\"]").find(R"(["posted",1)"), std::string::npos);
}

TEST(HostPost, TakesNoMoreThanItsLimitAndDoesThemInOrder) {
  Host host;
  std::size_t next = 0;
  bool in_order = true;
  for (std::size_t i = 0; i < Host::kPostsMax; ++i) {
    EXPECT_TRUE(host.post([&, i] { in_order = in_order && next++ == i; }));
  }
  EXPECT_FALSE(host.post([&] { in_order = false; }));
  host.turn();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, Host::kPostsMax);
  EXPECT_TRUE(host.post([] {}));
}

TEST_F(ThreadedHostTest, ShutDownReachesAllThreads) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 9; ++i) {
    peers.push_back(join());
  }
  hosts_.shut_down(std::chrono::milliseconds(100));
  for (const auto& peer : peers) {
    EXPECT_FALSE(peer->read_until("\x88").empty());  // A close frame.
  }
  runs_.join();
}

}  // namespace
}  // namespace visavis::socketio
