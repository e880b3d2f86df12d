#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dtls/seeded_openssl.hpp"
#include "peer/peer.hpp"
#include "peer/test_browser.hpp"
#include "sim/link.hpp"

namespace visavis::peer {
namespace {

using namespace std::chrono_literals;
using testing::Optional;

const ice::Credentials kServer{.ufrag = "server", .pwd = "server-password-of-24-chr"};
const ice::Credentials kClient{.ufrag = "client", .pwd = "client-password-of-24-chr"};

struct Datagram {
  Route route;  ///< As the server sees it.
  Buffer bytes;
};
using Path = sim::Link<Datagram>;

struct Scenario {
  std::string name;
  Path::Conditions up;
  Path::Conditions down;
  Duration connected_in;
  dtls::Role ours = dtls::Role::kServer;
};

const std::vector<Scenario> kLinks = {
    {"clean", {.delay = 20ms}, {.delay = 20ms}, 200ms},
    {"lossy", {.delay = 20ms, .loss = 0.2}, {.delay = 20ms, .loss = 0.2}, 5s},
    {"reordering", {.delay = 5ms, .jitter = 120ms}, {.delay = 5ms, .jitter = 120ms}, 3s},
    {"asymmetric", {.delay = 10ms, .loss = 0.3}, {.delay = 400ms}, 6s},
    {"slow", {.delay = 600ms}, {.delay = 600ms}, 5s},
};

/// Each link with both DTLS roles.
std::vector<Scenario> links_of_both_roles() {
  std::vector<Scenario> links = kLinks;
  for (Scenario link : kLinks) {
    link.name += "_and_we_begin";
    link.ours = dtls::Role::kClient;
    links.push_back(link);
  }
  return links;
}

/// A browser behind a NAT calls a server.
class Call {
 public:
  Call(const Scenario& scenario, std::uint64_t seed)
      : openssl_(seed),
        seed_(seed),
        role_(scenario.ours),
        up_(scenario.up, Random(seed_.next())),
        down_(scenario.down, Random(seed_.next())) {}

  void run_until(Instant end) {
    while (true) {
      deliver();
      browser_.handle_timeout(now_);
      server_.handle_timeout(now_);
      flush();
      collect_events();
      const Instant next = std::min({browser_.next_timeout(), server_.next_timeout(),
                                     up_.next_timeout(), down_.next_timeout()});
      if (next > end) {
        now_ = end;
        return;
      }
      ASSERT_GT(next, now_) << "a timer that does not move on";
      now_ = next;
    }
  }

  void send_rtp(std::uint16_t sequence) {
    up_.send(now_, {outside_route(), browser_.sealed_rtp(rtp_packet(sequence))});
  }

  void send_to_browser(std::uint16_t sequence) {
    Buffer cell = rtp_packet(sequence, 2222);
    const std::size_t size = cell.size();
    cell.resize(size + server_.sealer().overhead_rtp());
    cell.resize(server_.sealer().seal_rtp(cell, size));
    down_.send(now_, {server_.route(), cell});
  }

  bool close() {
    auto goodbye = server_.close();
    if (goodbye) {
      down_.send(now_, {goodbye->route, std::move(goodbye->bytes)});
    }
    return goodbye.has_value();
  }

  template <class Wanted>
  [[nodiscard]] std::size_t count_events() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events_, [](const Event& event) { return std::holds_alternative<Wanted>(event); }));
  }

  [[nodiscard]] Route outside_route() const { return {.local = candidate_, .remote = outside_}; }

  // Public for the tests, which are this class's only users.
  Instant now_;
  SocketAddress candidate_ = *SocketAddress::parse("192.0.2.1:7000");
  SocketAddress inside_ = *SocketAddress::parse("10.0.0.5:40000");
  SocketAddress outside_ = *SocketAddress::parse("198.51.100.1:50000");

 private:
  void deliver() {
    while (auto datagram = up_.poll(now_)) {
      static_cast<void>(server_.handle_datagram(now_, datagram->route, datagram->bytes));
      while (server_.has_handshake()) {
        server_.handle_handshake(now_);
        while (auto early = server_.take_early_media()) {
          static_cast<void>(server_.handle_datagram(now_, early->route, early->bytes));
        }
      }
    }
    while (auto datagram = down_.poll(now_)) {
      if (datagram->route.remote == outside_) {
        browser_.handle_datagram(now_, {.local = inside_, .remote = datagram->route.local},
                                 datagram->bytes);
      }
    }
  }

  void flush() {
    DatagramBatch out(64);
    while (browser_.poll_transmit(out)) {
    }
    for (const auto& cell : out.cells()) {
      up_.send(now_, {outside_route(), to_buffer(out.bytes(cell))});
    }
    out.clear();
    while (server_.poll_transmit(out)) {
    }
    for (const auto& cell : out.cells()) {
      down_.send(now_, {cell.route, to_buffer(out.bytes(cell))});
    }
  }

  void collect_events() {
    while (auto event = server_.poll_event()) {
      events_.push_back(*event);
    }
  }

  dtls::SeededOpenssl openssl_;
  Random seed_;
  dtls::Role role_;
  dtls::Identity ours_ = make_identity(1);
  dtls::Identity theirs_ = make_identity(2);
  std::vector<Event> events_;

 public:
  Peer server_{now_,
               {.local = kServer,
                .remote = kClient,
                .remote_fingerprint = theirs_.fingerprint(),
                .role = role_},
               ours_};
  TestBrowser browser_{now_,
                       {.local = kClient,
                        .remote = kServer,
                        .local_addresses = {inside_},
                        .remote_candidates = {{.address = candidate_, .priority = 1}}},
                       theirs_,
                       ours_.fingerprint(),
                       role_ == dtls::Role::kServer ? dtls::Role::kClient : dtls::Role::kServer};
  Path up_;
  Path down_;
};

class PeerOverNetwork : public testing::TestWithParam<Scenario> {};

TEST_P(PeerOverNetwork, ConnectsInTime) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Call call(GetParam(), seed);
    call.run_until(call.now_ + GetParam().connected_in);
    EXPECT_TRUE(call.server_.can_send()) << "seed " << seed;
    EXPECT_EQ(call.count_events<Connected>(), 1U) << "seed " << seed;
    EXPECT_EQ(call.count_events<Failed>(), 0U) << "seed " << seed;
  }
}

TEST_P(PeerOverNetwork, CarriesMediaBothWaysForTenMinutes) {
  Call call(GetParam(), 4);
  call.run_until(call.now_ + 30s);
  ASSERT_TRUE(call.server_.can_send());
  std::uint16_t sequence = 0;
  for (; sequence < 600; ++sequence) {
    call.send_rtp(sequence);
    call.send_to_browser(sequence);
    call.run_until(call.now_ + 1s);
  }
  const double least = 600 * (1 - (1.5 * GetParam().up.loss));
  EXPECT_GE(static_cast<double>(call.server_.counters().rtp_packets), least - 2);
  EXPECT_GE(call.browser_.received, 600 * (1 - (1.5 * GetParam().down.loss)) - 2);
  EXPECT_EQ(call.count_events<Silent>(), 0U);
  EXPECT_EQ(call.server_.counters().dropped(Drop::kSrtpAuthentication), 0U);
}

/// Of a client that is the DTLS server, its media may overtake its last flight, or that be lost.
TEST_P(PeerOverNetwork, HearsAllThatIsSentFromTheMomentTheClientHasKeys) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Call call(GetParam(), seed);
    for (const Instant end = call.now_ + 10s; !call.browser_.sealer && call.now_ < end;) {
      call.run_until(call.now_ + 1ms);
    }
    ASSERT_TRUE(call.browser_.sealer) << "seed " << seed;
    call.up_.set_conditions({.delay = GetParam().up.delay, .jitter = GetParam().up.jitter});
    constexpr std::uint16_t kPackets = 30;
    for (std::uint16_t sequence = 0; sequence < kPackets; ++sequence) {
      call.send_rtp(sequence);
    }
    call.run_until(call.now_ + 10s);
    EXPECT_EQ(call.server_.counters().rtp_packets, kPackets) << "seed " << seed;
  }
}

TEST_P(PeerOverNetwork, GoesOnWhenTheClientsAddressChanges) {
  Call call(GetParam(), 5);
  call.run_until(call.now_ + 30s);
  ASSERT_TRUE(call.server_.can_send());
  call.outside_ = *SocketAddress::parse("203.0.113.77:61000");
  call.run_until(call.now_ + 25s);
  EXPECT_EQ(call.server_.route(), call.outside_route());
  EXPECT_GE(call.count_events<RouteChanged>(), 2U);
  call.up_.set_conditions({});
  call.down_.set_conditions({});
  call.run_until(call.now_ + 3s);
  const unsigned before = call.browser_.received;
  call.send_to_browser(1);
  call.run_until(call.now_ + 1s);
  EXPECT_EQ(call.browser_.received, before + 1);
}

TEST_P(PeerOverNetwork, FallsSilentWithoutTheNetworkAndResumesWithIt) {
  Call call(GetParam(), 6);
  call.run_until(call.now_ + 30s);
  ASSERT_TRUE(call.server_.can_send());
  call.up_.set_conditions({.loss = 1.0});
  call.run_until(call.now_ + 31s);
  EXPECT_FALSE(call.server_.can_send());
  EXPECT_EQ(call.count_events<Silent>(), 1U);

  call.up_.set_conditions({});
  call.down_.set_conditions({});
  const ice::Credentials server{.ufrag = "server2", .pwd = "server-password-no-2-long"};
  const ice::Credentials client{.ufrag = "client2", .pwd = "client-password-no-2-long"};
  call.server_.restart_ice(call.now_, server, client);
  call.browser_.ice.restart(call.now_,
                            {.local = client,
                             .remote = server,
                             .local_addresses = {call.inside_},
                             .remote_candidates = {{.address = call.candidate_, .priority = 1}}});
  call.run_until(call.now_ + 3s);
  EXPECT_TRUE(call.server_.can_send());
  EXPECT_EQ(call.count_events<Resumed>(), 1U);
  EXPECT_EQ(call.count_events<Connected>(), 1U);  // No second handshake.
}

TEST_P(PeerOverNetwork, TellsTheClientThatItIsClosedOnceAndThatIsAll) {
  Call call(GetParam(), 7);
  call.run_until(call.now_ + 30s);
  ASSERT_TRUE(call.server_.can_send());
  call.down_.set_conditions({.delay = GetParam().down.delay});  // Lost, it is not said again.
  EXPECT_TRUE(call.close());
  call.run_until(call.now_ + 5s);
  EXPECT_EQ(call.browser_.dtls.state(), dtls::State::kClosed);
  EXPECT_FALSE(call.server_.can_send());
  EXPECT_EQ(call.count_events<Failed>(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Links, PeerOverNetwork, testing::ValuesIn(links_of_both_roles()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace visavis::peer
