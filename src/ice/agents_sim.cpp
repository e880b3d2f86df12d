#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ice/full_agent.hpp"
#include "ice/lite_agent.hpp"
#include "sim/link.hpp"

namespace visavis::ice {
namespace {

using namespace std::chrono_literals;
using testing::Optional;

const Credentials kServer{.ufrag = "server", .pwd = "server-password-of-24-chr"};
const Credentials kClient{.ufrag = "client", .pwd = "client-password-of-24-chr"};

SocketAddress at(std::string_view text) {
  return *SocketAddress::parse(text);
}

/// A datagram on its way, with its ends as the server sees them.
struct Datagram {
  Route route;
  Buffer bytes;
};

using Path = sim::Link<Datagram>;

struct Scenario {
  std::string name;
  Path::Conditions conditions;
};

const std::vector<Scenario> kLinks = {
    {"clean", {.delay = 20ms}},
    {"lossy", {.delay = 40ms, .jitter = 5ms, .loss = 0.2}},
    {"reordering", {.delay = 20ms, .jitter = 200ms}},
    {"slow", {.delay = 300ms}},
};

/// A client behind a NAT, two paths, and a server. Each of the client's addresses has its own
/// address outside, which may change under it.
class AgentsOverNetwork : public testing::TestWithParam<Scenario> {
 protected:
  AgentsOverNetwork() {
    to_server_.set_conditions(GetParam().conditions);
    to_client_.set_conditions(GetParam().conditions);
  }

  void run_until(Instant end) {
    while (true) {
      deliver();
      client_.handle_timeout(now_);
      server_.handle_timeout(now_);
      flush();
      const Instant next = std::min({client_.next_timeout(), server_.next_timeout(),
                                     to_server_.next_timeout(), to_client_.next_timeout()});
      if (next > end) {
        now_ = end;
        return;
      }
      ASSERT_GT(next, now_) << "a timer that does not move on";
      now_ = next;
    }
  }

  void deliver() {
    while (const auto datagram = to_server_.poll(now_)) {
      static_cast<void>(server_.handle_datagram(now_, datagram->route, datagram->bytes));
    }
    while (const auto datagram = to_client_.poll(now_)) {
      if (datagram->route.remote == outside_) {
        static_cast<void>(client_.handle_datagram(
            now_, {.local = inside_, .remote = datagram->route.local}, datagram->bytes));
      }
    }
  }

  void flush() {
    DatagramBatch out(32);
    while (client_.poll_transmit(out)) {
    }
    for (const auto& cell : out.cells()) {
      if (cell.route.remote != kDeadCandidate) {
        to_server_.send(
            now_, {{.local = cell.route.remote, .remote = outside_}, to_buffer(out.bytes(cell))});
      }
    }
    out.clear();
    while (server_.poll_transmit(out)) {
    }
    for (const auto& cell : out.cells()) {
      to_client_.send(now_, {cell.route, to_buffer(out.bytes(cell))});
    }
  }

  [[nodiscard]] Route outside_route() const { return {.local = kCandidate, .remote = outside_}; }

  const SocketAddress kCandidate = at("192.0.2.1:7000");
  const SocketAddress kDeadCandidate = at("192.0.2.99:7000");
  Instant now_;
  Random seed_{42};
  SocketAddress inside_ = at("10.0.0.5:40000");
  SocketAddress outside_ = at("198.51.100.1:50000");
  LiteAgent server_{now_, kServer, kClient};
  FullAgent client_{now_,
                    {.local = kClient,
                     .remote = kServer,
                     .local_addresses = {inside_, at("[fd00::5]:40000")},
                     .remote_candidates = {{.address = kDeadCandidate, .priority = 2'000'000},
                                           {.address = kCandidate, .priority = 1'000'000}}},
                    Random(seed_.next())};
  Path to_server_{{}, Random(seed_.next())};
  Path to_client_{{}, Random(seed_.next())};
};

TEST_P(AgentsOverNetwork, AgreeOnTheCandidateThatAnswers) {
  run_until(now_ + 10s);
  EXPECT_EQ(client_.state(), FullAgent::State::kConnected);
  EXPECT_TRUE(client_.nominated());
  EXPECT_THAT(client_.route(), Optional(Route{.local = inside_, .remote = kCandidate}));
  EXPECT_THAT(client_.mapped_address(), Optional(outside_));
  EXPECT_THAT(server_.route(), Optional(outside_route()));
  EXPECT_TRUE(server_.nominated());
  EXPECT_EQ(client_.errors_received(), 0U);
}

TEST_P(AgentsOverNetwork, KeepTheirConsentForTenMinutes) {
  run_until(now_ + 10min);
  EXPECT_EQ(client_.state(), FullAgent::State::kConnected);
  EXPECT_FALSE(server_.silent());
}

TEST_P(AgentsOverNetwork, GoOnWhenTheNatGivesTheClientAnotherAddress) {
  run_until(now_ + 10s);
  outside_ = at("203.0.113.77:61000");
  run_until(now_ + 25s);
  EXPECT_EQ(client_.state(), FullAgent::State::kConnected);
  EXPECT_THAT(server_.route(), Optional(outside_route()));
  EXPECT_FALSE(server_.silent());
}

TEST_P(AgentsOverNetwork, GoOnAtOnceWhenTheClientMovesToAnotherNetwork) {
  run_until(now_ + 10s);
  outside_ = at("203.0.113.77:61000");
  inside_ = at("172.16.0.9:41000");
  client_.move_to(now_, inside_);
  run_until(now_ + 3s);
  EXPECT_THAT(server_.route(), Optional(outside_route()));
  EXPECT_TRUE(client_.nominated());
  EXPECT_EQ(client_.route()->local, inside_);
}

TEST_P(AgentsOverNetwork, KeepTheOldRouteDuringARestartAndThenTakeTheNew) {
  run_until(now_ + 10s);
  const Route before = *server_.route();
  const Credentials server{.ufrag = "server2", .pwd = "server-password-no-2-long"};
  const Credentials client{.ufrag = "client2", .pwd = "client-password-no-2-long"};
  server_.restart(server, client);
  EXPECT_EQ(server_.route(), before);
  outside_ = at("203.0.113.77:61000");
  client_.restart(now_, {.local = client,
                         .remote = server,
                         .local_addresses = {inside_},
                         .remote_candidates = {{.address = kCandidate, .priority = 1}}});
  EXPECT_TRUE(client_.route());
  run_until(now_ + 5s);
  EXPECT_TRUE(client_.nominated());
  EXPECT_THAT(server_.route(), Optional(outside_route()));
}

TEST_P(AgentsOverNetwork, LoseEachOtherThirtySecondsAfterTheNetwork) {
  run_until(now_ + 1min);
  to_server_.set_conditions({.loss = 1.0});
  run_until(now_ + 31s);
  EXPECT_TRUE(server_.silent());
  EXPECT_EQ(client_.state(), FullAgent::State::kFailed);
  EXPECT_EQ(client_.next_timeout(), kNever);
}

INSTANTIATE_TEST_SUITE_P(Links, AgentsOverNetwork, testing::ValuesIn(kLinks),
                         [](const auto& each) { return each.param.name; });

class BlackedOut : public AgentsOverNetwork {};

TEST_P(BlackedOut, FailAfterThirtySecondsAndComeBackByARestart) {
  run_until(now_ + 31s);
  EXPECT_EQ(client_.state(), FullAgent::State::kFailed);
  EXPECT_TRUE(server_.silent());
  EXPECT_EQ(server_.route(), std::nullopt);

  to_server_.set_conditions({});
  to_client_.set_conditions({});
  client_.restart(now_, {.local = kClient,
                         .remote = kServer,
                         .local_addresses = {inside_},
                         .remote_candidates = {{.address = kCandidate, .priority = 1}}});
  run_until(now_ + 1s);
  EXPECT_EQ(client_.state(), FullAgent::State::kConnected);
  EXPECT_FALSE(server_.silent());
}

INSTANTIATE_TEST_SUITE_P(Links, BlackedOut, testing::Values(Scenario{"dead", {.loss = 1.0}}));

}  // namespace
}  // namespace visavis::ice
