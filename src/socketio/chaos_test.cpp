#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "socketio/test_cluster.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kServers = 2;

Options with_everything() {
  Options options;
  options.recovery = RecoveryOptions{.max_disconnection = seconds(20), .log_events_max = 50};
  options.cleanup_empty_child_namespaces = true;
  options.namespaces_max = 3;
  options.pending_acks_max = 5;
  options.rooms_max = 3;
  return options;
}

/// Two servers of a cluster, whose clients, handlers, middlewares and application do whatever
/// chance tells them to.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < kServers; ++i) {
      Server& io = cluster_.io(i);
      serve(io.of("/"));
      serve(io.of("/static"));
      ParentNamespace* const parent = io.of_matching("^/dynamic-").value();
      parent->use([this](Socket&, Next next) { think(std::move(next)); });
      parent->on_connection([this](Socket& socket) { greet(socket); });
      io.on_server_side("question", [](const Arguments&, const ServerSideAck& ack) { ack(1); });
    }
  }

  void step() {
    switch (below(10)) {
      case 0:
        clients_.push_back(&bed().open());
        if (clients_.size() > 30) {
          clients_.front()->vanish();
          clients_.erase(clients_.begin());
        }
        break;
      case 9: come_back(); break;
      case 1:
      case 2:
      case 3: say(); break;
      case 4:
        if (!clients_.empty() && below(3) == 0) {
          listen();
          client().vanish();
        }
        break;
      case 5: act_as_application(); break;
      case 6: act_on_somebody(); break;
      case 7: answer_somebody(); break;
      default: let_time_pass(); break;
    }
  }

  void end() {
    for (TestBed::Client* const client : clients_) {
      client->vanish();
    }
    thinking_.clear();
    for (int i = 0; i < 10; ++i) {
      cluster_.pump();
      pass(minutes(1));
    }
  }
  void expect_nothing_left() {
    for (std::size_t i = 0; i < kServers; ++i) {
      Server& io = cluster_.io(i);
      EXPECT_EQ(io.connection_count(), 0U);
      EXPECT_EQ(io.next_timeout(), kNever);
      for (const char* const name : {"/", "/static"}) {
        EXPECT_EQ(io.of(name).size(), 0U);
        EXPECT_EQ(io.of(name).room_count(), 0U);
      }
      EXPECT_EQ(io.find_namespace("/dynamic-0"), nullptr);
      EXPECT_EQ(io.find_namespace("/dynamic-1"), nullptr);
      EXPECT_GT(io.counters().recovered_sockets, 0U);
      EXPECT_GT(io.counters().sessions_moved, 0U);
      EXPECT_GT(io.counters().taken_over, 0U);
      EXPECT_GT(io.counters().namespaces_ended, 0U);
    }
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }
  template <class Of>
  auto& pick(Of& from) {
    return from[below(from.size())];
  }
  TestBed& bed() { return cluster_.bed(below(kServers)); }
  TestBed::Client& client() { return *pick(clients_); }
  std::string_view name() {
    constexpr std::array<std::string_view, 4> kNames = {"/", "/static", "/dynamic-0", "/dynamic-1"};
    return pick(kNames);
  }
  std::string room() { return "r" + std::to_string(below(5)); }

  void serve(Namespace& of) {
    of.use([this](Socket&, Next next) { think(std::move(next)); });
    of.on_connection([this](Socket& socket) { greet(socket); });
    of.on_session_expired([&of](const RecoverySession&) { of.emit("gone"); });
    of.room_events().on_leave([&of](std::string_view, std::string_view) { of.emit("left"); });
  }
  void think(Next next) {
    switch (below(5)) {
      case 0: thinking_.push_back(std::move(next)); break;
      case 1: next(ConnectError{.message = "no"}); break;
      default: next(); break;
    }
  }
  void greet(Socket& socket) {
    socket.on("echo", [](const Arguments& arguments, Ack ack) { ack(arguments); });
    socket.on("join", [this, &socket](const Arguments&, const Ack&) { socket.join(room()); });
    socket.on("bye", [&socket](const Arguments&, const Ack&) { socket.disconnect(); });
    socket.on("end", [&socket](const Arguments&, const Ack&) { socket.disconnect(true); });
    socket.on("ask", [&socket](const Arguments&, const Ack&) {
      socket.emit("q", [&socket](const std::expected<Arguments, AckError>&) {
        socket.broadcast().emit("answered");
      });
    });
    socket.on_disconnecting([this, &socket](DisconnectReason) { socket.join(room()); });
    socket.on_disconnect([&socket](DisconnectReason) { socket.broadcast().emit("left us"); });
    socket.on_any_outgoing([this, &socket](std::string_view, const Arguments&) {
      if (below(50) == 0) {
        socket.disconnect(below(2) == 0);
      }
    });
    if (below(10) == 0) {
      socket.disconnect();
    } else {
      socket.emit("hello");
    }
  }

  /// What a client was told in a namespace, by which it can come back.
  struct Known {
    const TestBed::Client* client;
    std::string prefix;
    std::string pid;
    std::string offset;
  };
  static std::string prefix_of(const std::string& packet) {
    return packet.find('/') == 2 ? packet.substr(2, packet.find(',') - 1) : std::string();
  }
  void listen() {
    for (TestBed::Client* const client : clients_) {
      for (const std::string& packet : client->take()) {
        const std::string prefix = prefix_of(packet.substr(0, packet.find_first_of("[{")));
        if (const std::size_t at = packet.find(R"("pid":")"); at != std::string::npos) {
          known_.push_back({client, prefix, packet.substr(at + 7, kSecretSize), {}});
        } else if (packet.starts_with("42") && packet.ends_with("\"]")) {
          const std::size_t start = packet.rfind('"', packet.size() - 3) + 1;
          for (Known& known : known_) {
            if (known.client == client && known.prefix == prefix) {
              known.offset = packet.substr(start, packet.size() - start - 2);
            }
          }
        }
      }
    }
    if (known_.size() > 40) {
      known_.erase(known_.begin(), known_.begin() + 20);
    }
  }
  void come_back() {
    listen();
    if (known_.empty() || clients_.empty()) {
      return;
    }
    const Known& known = pick(known_);
    client().send("40" + known.prefix + R"({"pid":")" + known.pid +
                  (known.offset.empty() ? "" : R"(","offset":")" + known.offset) + "\"}");
  }
  void say() {
    if (clients_.empty()) {
      return;
    }
    const std::string of(name());
    const std::string prefix = of == "/" ? "" : of + ",";
    const std::vector<std::string> packets = {"40" + prefix,
                                              "42" + prefix + R"(["join"])",
                                              "42" + prefix + R"(["ask"])",
                                              "427" + prefix + R"(["echo"])",
                                              "43" + prefix + "1[2]",
                                              "42" + prefix + R"(["bye"])",
                                              "42" + prefix + R"(["end"])",
                                              "41" + prefix,
                                              "x"};
    client().send(below(3) == 0 ? pick(packets) : packets[below(5)]);
  }
  void act_as_application() {
    TestBed& bed = this->bed();
    Namespace* const of = bed.io().find_namespace(name());
    if (of == nullptr) {
      return;
    }
    const BroadcastOperator to = below(2) == 0 ? of->everyone() : of->to(room()).except(room());
    switch (below(8)) {
      case 0: to.emit("e", as_bytes("bytes")); break;
      case 1: to.volatile_().emit("v"); break;
      case 2:
        to.timeout(seconds(1)).emit("q", [&io = bed.io()](const BroadcastAnswers&) {
          io.emit("all");
        });
        break;
      case 3:
        to.fetch_sockets([](const FetchedSockets& found) {
          for (const RemoteSocket& socket : found.sockets) {
            socket.emit("found");
          }
        });
        break;
      case 4: to.sockets_join(room()); break;
      case 5: to.sockets_leave(room()); break;
      case 6: of->server_side_emit("question", [](const ServerSideAnswers&) {}); break;
      default:
        if (below(10) == 0) {
          to.disconnect_sockets(below(2) == 0);
        }
        break;
    }
    bed.pump();
  }
  void act_on_somebody() {
    TestBed& bed = this->bed();
    Namespace* const of = bed.io().find_namespace(name());
    if (of == nullptr || of->size() == 0) {
      return;
    }
    const std::vector<std::string> ids = of->socket_ids();
    Socket& socket = *of->find(pick(ids));
    switch (below(6)) {
      case 0: socket.emit("q", [](const std::expected<Arguments, AckError>&) {}); break;
      case 1: socket.leave(room()); break;
      case 2: socket.leave(socket.id()); break;
      case 3: socket.disconnect(below(4) == 0); break;
      default: socket.to(room()).emit("e", 1); break;
    }
    bed.pump();
  }
  void answer_somebody() {
    if (thinking_.empty()) {
      return;
    }
    const auto at = thinking_.begin() + static_cast<std::ptrdiff_t>(below(thinking_.size()));
    Next next = std::move(*at);
    std::vector<Next> rest;
    for (Next& other : thinking_) {
      if (&other != &*at) {
        rest.push_back(std::move(other));
      }
    }
    thinking_.swap(rest);
    if (below(3) == 0) {
      next(ConnectError{.message = "late no"});
    } else {
      next();
    }
    for (std::size_t i = 0; i < kServers; ++i) {
      cluster_.bed(i).pump();
    }
  }
  void let_time_pass() {
    switch (below(4)) {
      case 0: cluster_.pump(); break;
      case 1: cluster_.pump(below(kServers)); break;
      case 2:
        if (below(20) == 0) {
          cluster_.lose_all();
        }
        break;
      default: pass(milliseconds(below(3000))); break;
    }
  }
  void pass(Duration time) {
    for (std::size_t i = 0; i < kServers; ++i) {
      cluster_.bed(i).pass(time);
    }
  }

  Random random_;
  std::vector<Next> thinking_;
  std::vector<TestBed::Client*> clients_;
  std::vector<Known> known_;
  TestCluster cluster_{kServers, with_everything()};
};

TEST(ChaosTest, WhateverAllOfThemDoNothingIsLeftBehind) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Chaos chaos(seed);
    for (int step = 0; step < 10'000; ++step) {
      chaos.step();
    }
    chaos.end();
    chaos.expect_nothing_left();
  }
}

}  // namespace
}  // namespace visavis::socketio
