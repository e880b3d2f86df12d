#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "dtls/seeded_openssl.hpp"
#include "dtls/session.hpp"
#include "sim/link.hpp"
#include "sim/seeded_entropy.hpp"

namespace visavis::dtls {
namespace {

using namespace std::chrono_literals;

Identity make_identity(std::uint64_t seed) {
  sim::SeededEntropy entropy(seed);
  return Identity::make(entropy);
}

using Path = sim::Link<Buffer>;

struct Scenario {
  std::string name;
  Path::Conditions up;
  Path::Conditions down;
  Duration limit;  ///< Every seed is done by then.
};

const std::vector<Scenario> kLinks = {
    {"clean", {.delay = 20ms}, {.delay = 20ms}, 80ms},
    {"lossy", {.delay = 20ms, .loss = 0.2}, {.delay = 20ms, .loss = 0.2}, 3s},
    {"very_lossy", {.delay = 20ms, .loss = 0.4}, {.delay = 20ms, .loss = 0.4}, 12s},
    {"reordering", {.delay = 5ms, .jitter = 120ms}, {.delay = 5ms, .jitter = 120ms}, 1s},
    {"asymmetric", {.delay = 10ms, .loss = 0.3}, {.delay = 400ms}, 4s},
    {"slow", {.delay = 600ms}, {.delay = 600ms}, 2400ms},
};

/// One handshake from the first message until both ends have keys, in virtual time.
class Handshake {
 public:
  Handshake(const Scenario& scenario, std::uint64_t seed)
      : openssl_(seed),
        seed_(seed),
        up_(scenario.up, Random(seed_.next())),
        down_(scenario.down, Random(seed_.next())) {}

  /// How long it took; `kHandshakeMax` when it failed.
  Duration run() {
    client_.start(now_);
    flush();
    while (client_.state() != State::kConnected || server_.state() != State::kConnected) {
      now_ = std::min({client_.next_timeout(), server_.next_timeout(), up_.next_timeout(),
                       down_.next_timeout()});
      if (now_ == kNever) {
        return Session::kHandshakeMax;
      }
      while (const auto datagram = up_.poll(now_)) {
        server_.handle_datagram(now_, *datagram);
      }
      while (const auto datagram = down_.poll(now_)) {
        client_.handle_datagram(now_, *datagram);
      }
      client_.handle_timeout(now_);
      server_.handle_timeout(now_);
      flush();
    }
    EXPECT_EQ(client_.keys()->material, server_.keys()->material);
    return now_.time_since_epoch();
  }

  [[nodiscard]] std::size_t datagrams() const { return datagrams_; }

 private:
  void flush() {
    send(client_, up_);
    send(server_, down_);
  }
  void send(Session& from, Path& path) {
    for (Bytes datagram = from.poll_transmit(); !datagram.empty();
         datagram = from.poll_transmit()) {
      path.send(now_, to_buffer(datagram));
      ++datagrams_;
    }
  }

  SeededOpenssl openssl_;
  Random seed_;
  Instant now_;
  Identity ours_ = make_identity(1);
  Identity theirs_ = make_identity(2);
  Session server_{Role::kServer, ours_, theirs_.fingerprint()};
  Session client_{Role::kClient, theirs_, ours_.fingerprint()};
  Path up_;
  Path down_;
  std::size_t datagrams_ = 0;
};

class HandshakeOverNetwork : public testing::TestWithParam<Scenario> {};

TEST_P(HandshakeOverNetwork, IsDoneInTime) {
  Duration worst{};
  std::size_t datagrams_max = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Handshake handshake(GetParam(), seed);
    const Duration took = handshake.run();
    EXPECT_LE(took, GetParam().limit) << "seed " << seed;
    worst = std::max(worst, took);
    datagrams_max = std::max(datagrams_max, handshake.datagrams());
  }
  RecordProperty("worst_ms", static_cast<int>(worst / 1ms));
  EXPECT_LT(datagrams_max, 150U) << "a storm of resends";
}

TEST_P(HandshakeOverNetwork, IsTheSameForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    Handshake handshake(GetParam(), seed);
    const Duration took = handshake.run();
    return std::pair(took, handshake.datagrams());
  };
  EXPECT_EQ(run(7), run(7));
}

INSTANTIATE_TEST_SUITE_P(Links, HandshakeOverNetwork, testing::ValuesIn(kLinks),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace visavis::dtls
