#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "socketio_host/test_peer.hpp"
#include "socketio_host/threaded_host.hpp"

namespace visavis::socketio {
namespace {

constexpr std::size_t kThreads = 3;

/// A certificate, and a client that trusts that one alone.
struct Identity {
  std::shared_ptr<const tls::TlsContext> server;
  tls::TlsContext trusting;

  static Identity make() {
    constexpr std::int64_t kNow = 1'795'000'000;  // a day of 2026
    auto server = std::make_shared<const tls::TlsContext>(
        tls::TlsContext::self_signed({.names = {"localhost"}, .unix_now = kNow}).value());
    auto trusting = tls::TlsContext::client(server->certificate_pem()).value();
    return {.server = std::move(server), .trusting = std::move(trusting)};
  }
};

/// A server on three threads that speaks TLS, in a thread of the test's.
class ThreadedTlsTest : public testing::Test {
 protected:
  ThreadedTlsTest()
      : hosts_(kThreads, HostOptions(), [](Host& host) {
          host.io().on_connection([](Socket& socket) {
            socket.on("secure",
                      [&socket](const Arguments&, Ack ack) { ack(socket.handshake().secure()); });
          });
        }) {
    const auto port = hosts_.listen_loopback(0, first_.server.get());
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
    runs_ = std::jthread([this] { hosts_.run(); });
  }
  ~ThreadedTlsTest() override { hosts_.stop(); }

  /// Null where the certificate is not trusted.
  [[nodiscard]] std::unique_ptr<TestPeer> open(const Identity& identity) const {
    auto peer = std::make_unique<TestPeer>(port_, &identity.trusting);
    return peer->is_secure() ? std::move(peer) : nullptr;
  }
  static void expect_served(TestPeer& peer, int id) {
    peer.say("42" + std::to_string(id) + R"(["secure"])");
    EXPECT_NE(peer.read_until("]").find("[true]"), std::string::npos);
  }
  [[nodiscard]] std::unique_ptr<TestPeer> join(const Identity& identity) const {
    auto peer = open(identity);
    if (peer) {
      peer->ask_for_socket();
      peer->read_until("maxPayload");
      peer->say("40");
      peer->read_until("40{");
      peer->read_until("}");
    }
    return peer;
  }

  Identity first_ = Identity::make();
  ThreadedHost hosts_;
  std::uint16_t port_ = 0;
  std::jthread runs_;
};

TEST_F(ThreadedTlsTest, AllThreadsGiveNewConnectionsTheNewCertificateAndOldOnesGoOn) {
  std::vector<std::unique_ptr<TestPeer>> old;
  for (int i = 0; i < 12; ++i) {
    old.push_back(join(first_));
    ASSERT_NE(old.back(), nullptr);
    expect_served(*old.back(), 0);
  }
  Identity second = Identity::make();
  const std::weak_ptr<const tls::TlsContext> watched = second.server;
  EXPECT_TRUE(hosts_.use_tls(std::exchange(second.server, nullptr)));
  EXPECT_FALSE(watched.expired());  // the threads have it
  // They come to it one after another: from the first such answer of each on, only the new one.
  for (std::size_t i = 0; i < kThreads; ++i) {
    std::atomic<bool> done = false;
    EXPECT_TRUE(hosts_.post(i, [&] {
      done = true;
      done.notify_one();
    }));
    done.wait(false);
  }
  for (int i = 0; i < 12; ++i) {
    const auto peer = join(second);
    ASSERT_NE(peer, nullptr);
    expect_served(*peer, 0);
    EXPECT_EQ(open(first_), nullptr);
  }
  for (const auto& peer : old) {
    expect_served(*peer, 1);
  }
  EXPECT_TRUE(hosts_.use_tls(Identity::make().server));
  while (!watched.expired()) {
    std::this_thread::yield();  // each lets go of it when it has the next
  }
}

TEST_F(ThreadedTlsTest, APollingSessionOverTlsNeedsNoStickyConnection) {
  const auto first = open(first_);
  ASSERT_NE(first, nullptr);
  const std::string open_packet =
      first->request("GET /socket.io/?EIO=4&transport=polling", "", R"("maxPayload":1000000})");
  const std::size_t at = open_packet.find(R"("sid":")") + 7;
  const std::string path = " /socket.io/?EIO=4&transport=polling&sid=" + open_packet.substr(at, 20);
  EXPECT_FALSE(open(first_)->request("POST" + path, "40", "ok").empty());
  EXPECT_NE(open(first_)->request("GET" + path, "", "}").find("40{"), std::string::npos);
  for (int i = 0; i < 12; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_FALSE(open(first_)->request("POST" + path, "42" + id + R"(["secure"])", "ok").empty());
    EXPECT_NE(open(first_)->request("GET" + path, "", "]").find("43" + id + "[true]"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace visavis::socketio
