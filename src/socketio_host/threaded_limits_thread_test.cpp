#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "socketio_host/test_peer.hpp"
#include "socketio_host/threaded_host.hpp"

namespace visavis::socketio {
namespace {

constexpr std::size_t kThreads = 3;

/// A server on three threads, in a thread of the test's.
class ThreadedLimits {
 public:
  explicit ThreadedLimits(const HostOptions& options)
      : hosts_(kThreads, options, [](Host& host) {
          host.io().on_connection([](const Socket&) {});
          const auto index = host.engine().options().shard.value_or(engineio::Shard{}).index;
          host.http().route(
              "/thread", [&host, index](Instant now, http::RequestId id, const http::Request&) {
                host.http().respond(
                    now, id, http::text_response(200, "thread " + std::to_string(index) + "\n"));
              });
        }) {
    const auto port = hosts_.listen_loopback(0);
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
    runs_ = std::jthread([this] { hosts_.run(); });
  }
  ~ThreadedLimits() { hosts_.stop(); }
  ThreadedLimits(const ThreadedLimits&) = delete;
  ThreadedLimits& operator=(const ThreadedLimits&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// A session on a WebSocket; null where it is refused.
  [[nodiscard]] std::unique_ptr<TestPeer> open() const {
    auto peer = std::make_unique<TestPeer>(port_);
    peer->ask_for_socket();
    return peer->begins_with("HTTP/1.1 101") ? std::move(peer) : nullptr;
  }
  /// So many that were let in.
  [[nodiscard]] std::vector<std::unique_ptr<TestPeer>> open(int tries) const {
    std::vector<std::unique_ptr<TestPeer>> in;
    for (int i = 0; i < tries; ++i) {
      if (auto peer = open()) {
        in.push_back(std::move(peer));
      }
    }
    return in;
  }

  /// Connections that the first thread has.
  [[nodiscard]] std::vector<std::unique_ptr<TestPeer>> open_on_first(std::size_t count) const {
    std::vector<std::unique_ptr<TestPeer>> others;  // kept: so that not all go to one
    std::vector<std::unique_ptr<TestPeer>> first;
    while (first.size() < count && others.size() < 1000) {
      auto peer = std::make_unique<TestPeer>(port_);
      const bool here = peer->request("GET /thread", "", "\n").ends_with("\n") &&
                        peer->read_until("thread ").ends_with(' ') &&
                        peer->read_until("\n") == "0\n";
      (here ? first : others).push_back(std::move(peer));
    }
    return first;
  }
  /// Nothing happens on the second thread until this is done.
  class HeldUp {
   public:
    explicit HeldUp(ThreadedLimits& server) {
      EXPECT_TRUE(server.hosts_.post(1, [latches = latches_] {
        latches->held.count_down();
        latches->go_on.wait();
      }));
      latches_->held.wait();
    }
    ~HeldUp() { latches_->go_on.count_down(); }
    HeldUp(const HeldUp&) = delete;
    HeldUp& operator=(const HeldUp&) = delete;

   private:
    struct Latches {
      std::latch held{1}, go_on{1};
    };
    // Shared, since the thread may still look at a latch when the one it let go on has left.
    std::shared_ptr<Latches> latches_ = std::make_shared<Latches>();
  };

 private:
  ThreadedHost hosts_;
  std::uint16_t port_ = 0;
  std::jthread runs_;
};

TEST(ThreadedLimitsTest, TheConnectionsOfAnAddressAreCountedOverAllThreads) {
  HostOptions options;
  options.http.per_address.open_max = 4;
  const ThreadedLimits server(options);
  auto in = server.open(20);
  EXPECT_EQ(in.size(), 4U);
  in.resize(2);
  // The server hears of it a moment later.
  for (int tries = 0; in.size() < 4 && tries < 1000; ++tries) {
    if (auto peer = server.open()) {
      in.push_back(std::move(peer));
    }
  }
  EXPECT_EQ(in.size(), 4U);
  EXPECT_EQ(server.open(), nullptr);
}

TEST(ThreadedLimitsTest, MoreThan16ReadersOfTheMetricsAtOnceGet503AndAreCounted) {
  HostOptions options;
  options.metrics = MetricsOptions{};
  ThreadedLimits server(options);
  const auto peers = server.open_on_first(20);
  ASSERT_EQ(peers.size(), 20U);
  std::size_t served = 0;
  std::size_t refused = 0;
  {
    const ThreadedLimits::HeldUp second(server);  // 16 wait for it, a second at most
    for (const auto& peer : peers) {
      peer->send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (const auto& peer : peers) {
      const std::string status = peer->read_until("\r\n");
      served += status.starts_with("HTTP/1.1 200") ? 1U : 0U;
      refused += status.starts_with("HTTP/1.1 503") ? 1U : 0U;
    }
  }
  EXPECT_EQ(served, 16U);
  EXPECT_EQ(refused, 4U);
  const std::string text =
      TestPeer(server.port()).request("GET /metrics", "", "visavis_thread_messages_lost_total 0");
  EXPECT_NE(text.find("\nvisavis_scrapes_refused_total 4\n"), std::string::npos) << text;
}

TEST(ThreadedLimitsTest, TheSessionsOfAnAddressAreCountedOverAllThreads) {
  HostOptions options;
  options.engineio.per_address.open_max = 5;
  const ThreadedLimits server(options);
  EXPECT_EQ(server.open(20).size(), 5U);
}

TEST(ThreadedLimitsTest, TheConnectRateOfAnAddressIsThatOfAllThreadsTogether) {
  for (const bool of_sessions : {false, true}) {
    HostOptions options;
    auto& limit = of_sessions ? options.engineio.per_address : options.http.per_address;
    limit.per_second = 0.001;
    limit.burst = 7;
    const ThreadedLimits server(options);
    EXPECT_EQ(server.open(20).size(), 7U) << of_sessions;
  }
}

TEST(ThreadedLimitsTest, AConnectionThatMovesToAnotherThreadIsCountedOnce) {
  HostOptions options;
  options.http.per_address.open_max = 2;
  const ThreadedLimits server(options);
  TestPeer first(server.port());
  const std::string open =
      first.request("GET /socket.io/?EIO=4&transport=polling", "", R"("maxPayload":1000000})");
  const std::size_t at = open.find(R"("sid":")") + 7;
  const std::string path = " /socket.io/?EIO=4&transport=polling&sid=" + open.substr(at, 20);
  const std::string post =
      "POST" + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n3";
  const auto is_let_in = [&] {
    TestPeer next(server.port());
    next.send(post);
    const bool is_in = next.begins_with("HTTP/1.1 200");
    next.read_all();
    return is_in;
  };
  // Each on a connection of its own, of which most begin on another thread.
  for (int i = 0; i < 30; ++i) {
    bool is_in = is_let_in();
    // The server hears a moment later that the last one has left.
    for (int tries = 0; !is_in && tries < 1000; ++tries) {
      is_in = is_let_in();
    }
    EXPECT_TRUE(is_in) << i;
  }
}

}  // namespace
}  // namespace visavis::socketio
