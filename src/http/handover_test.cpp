#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/server.hpp"

namespace visavis::http {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr Instant kNow = Instant(std::chrono::seconds(1));

/// Two servers behind one port: what is for "/other" belongs to the second.
class HandoverTest : public testing::Test {
 protected:
  HandoverTest() {
    Route away{.path_prefix = "/", .handle = echo(first_), .begin = {}, .body_bytes_max = {}};
    away.elsewhere = [](const Request& head) {
      return head.path() == "/other" ? std::optional<std::size_t>(1) : std::nullopt;
    };
    first_.route(std::move(away));
    second_.route("/", echo(second_));
    first_.handle_open(kNow, kHere, {IpAddress::v4(0x7F000001), 50'000}, false);
  }

  static Handler echo(Server& server) {
    return [&server](Instant now, RequestId id, Request request) {
      server.respond(now, id, text_response(200, request.path()));
    };
  }
  static std::string drain(Server& server) {
    std::string text;
    while (const auto output = server.poll_output()) {
      for (const SharedBytes& bytes : output->bytes) {
        text += as_text(*bytes);
        server.handle_sent(kNow, output->connection, bytes->size());
      }
    }
    return text;
  }
  /// What the first one answers until the connection leaves; then it is with the second.
  std::string drain_and_move() {
    std::string text;
    while (const auto output = first_.poll_output()) {
      for (const SharedBytes& bytes : output->bytes) {
        text += as_text(*bytes);
        first_.handle_sent(kNow, output->connection, bytes->size());
      }
      if (output->leaves_for) {
        EXPECT_EQ(*output->leaves_for, 1U);
        auto handover = first_.release(kNow, kHere);
        EXPECT_TRUE(handover.has_value());
        if (handover) {
          second_.adopt(kNow, kThere, *std::move(handover));
        }
      }
    }
    return text;
  }

  static constexpr ConnectionId kHere{7};
  static constexpr ConnectionId kThere{3};
  Server first_;
  Server second_;
};

TEST_F(HandoverTest, ARequestOfAnotherServerIsAnsweredThere) {
  first_.handle_bytes(kNow, kHere, as_bytes("GET /other HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(drain_and_move(), IsEmpty());
  EXPECT_THAT(drain(second_), HasSubstr("/other"));
  EXPECT_EQ(first_.connections(), 0U);
  EXPECT_EQ(first_.counters().left, 1U);
  EXPECT_EQ(second_.counters().adopted, 1U);
}

TEST(HandoverDeathTest, AnExceptionOfWhoeverSaysWhereARequestBelongsEndsTheProgram) {
  Server server;
  Route away{.path_prefix = "/", .handle = {}, .begin = {}, .body_bytes_max = {}};
  away.elsewhere = [](const Request&) -> std::optional<std::size_t> {
    throw std::runtime_error("a route's own fault");
  };
  server.route(std::move(away));
  const ConnectionId id{7};
  server.handle_open(kNow, id, {}, false);
  EXPECT_DEATH(server.handle_bytes(kNow, id, as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
               "a route's own fault");
}

TEST_F(HandoverTest, ABodyMayBeHalfHereAndHalfThere) {
  const std::string request =
      "POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    Server first;
    Server second;
    Route away{.path_prefix = "/", .handle = echo(first), .begin = {}, .body_bytes_max = {}};
    away.elsewhere = [](const Request&) { return std::optional<std::size_t>(1); };
    first.route(std::move(away));
    second.route("/", [&second](Instant now, RequestId id, Request got) {
      second.respond(now, id, text_response(200, as_text(got.body)));
    });
    first.handle_open(kNow, kHere, {}, false);
    first.handle_bytes(kNow, kHere, as_bytes(request).first(cut));
    std::size_t moved = 0;
    while (const auto output = first.poll_output()) {
      auto handover = first.release(kNow, kHere);
      ASSERT_TRUE(handover.has_value());
      second.adopt(kNow, kThere, *std::move(handover));
      ++moved;
    }
    Server& rest = moved > 0 ? second : first;
    rest.handle_bytes(kNow, moved > 0 ? kThere : kHere, as_bytes(request).subspan(cut));
    if (moved == 0) {
      static_cast<void>(first.poll_output());
      auto handover = first.release(kNow, kHere);
      ASSERT_TRUE(handover.has_value());
      second.adopt(kNow, kThere, *std::move(handover));
    }
    EXPECT_THAT(drain(second), HasSubstr("0123456789")) << cut;
  }
}

TEST_F(HandoverTest, WhatStandsBehindOneRequestIsAnsweredBeforeTheNextLeaves) {
  first_.handle_bytes(kNow, kHere,
                      as_bytes("GET /mine HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /other HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /third HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(drain_and_move(), HasSubstr("/mine"));
  const std::string there = drain(second_);
  EXPECT_THAT(there, HasSubstr("/other"));
  EXPECT_THAT(there, HasSubstr("/third"));
}

TEST_F(HandoverTest, AConnectionThatEndsOnItsWayOutDoesNotLeave) {
  first_.handle_bytes(kNow, kHere, as_bytes("GET /other HTTP/1.1\r\nHost: x\r\n\r\n"));
  first_.handle_end(kNow, kHere);
  const auto output = first_.poll_output();
  ASSERT_TRUE(output.has_value());
  EXPECT_TRUE(output.has_value() && output->then_close);
  EXPECT_FALSE(first_.release(kNow, kHere).has_value());
}

TEST_F(HandoverTest, AFullServerTakesNobody) {
  Limits none;
  none.connections_max = 0;
  Server full(none);
  first_.handle_bytes(kNow, kHere, as_bytes("GET /other HTTP/1.1\r\nHost: x\r\n\r\n"));
  static_cast<void>(first_.poll_output());
  auto handover = first_.release(kNow, kHere);
  ASSERT_TRUE(handover.has_value());
  if (handover) {
    full.adopt(kNow, kThere, *std::move(handover));
  }
  const auto output = full.poll_output();
  EXPECT_TRUE(output.has_value() && output->at_once);
}

/// Counts for several servers, as one of a thread each.
struct CountersTogether {
  CountersTogether() {
    limits.addresses = std::make_shared<AddressTable>(AddressLimit{.open_max = 1});
  }
  [[nodiscard]] bool is_free() const {
    const bool free = limits.addresses->enter(kNow, kAnna) == AddressCounter::Answer::kAdmitted;
    if (free) {
      limits.addresses->leave(kAnna);
    }
    return free;
  }
  /// A connection that has just left its server.
  [[nodiscard]] std::optional<Server::Handover> leave(Server& first, ConnectionId id) const {
    Route away{.path_prefix = "/", .handle = {}, .begin = {}, .body_bytes_max = {}};
    away.elsewhere = [](const Request&) { return std::optional<std::size_t>(1); };
    first.route(std::move(away));
    first.handle_open(kNow, id, {kAnna, 50'000}, false);
    first.handle_bytes(kNow, id, as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    static_cast<void>(first.poll_output());
    return first.release(kNow, id);
  }

  const IpAddress kAnna = IpAddress::v4(0x0A000001);
  Limits limits;
};

TEST_F(HandoverTest, AConnectionOnItsWayCountsForItsAddressUntilItIsGone) {
  const CountersTogether together;
  Server first(together.limits);
  Server second(together.limits);
  auto handover = together.leave(first, kHere);
  ASSERT_TRUE(handover.has_value());
  EXPECT_FALSE(together.is_free());
  second.adopt(kNow, kThere, *std::exchange(handover, std::nullopt));
  EXPECT_EQ(second.counters().adopted, 1U);
  EXPECT_FALSE(together.is_free());
  second.handle_closed(kNow, kThere);
  EXPECT_TRUE(together.is_free());
}

TEST_F(HandoverTest, AConnectionThatDoesNotArriveIsCountedNoMore) {
  const CountersTogether together;
  Server first(together.limits);
  auto handover = together.leave(first, kHere);
  ASSERT_TRUE(handover.has_value());
  EXPECT_FALSE(together.is_free());
  handover.reset();
  EXPECT_TRUE(together.is_free());
}

TEST_F(HandoverTest, ServersThatCountForThemselvesCountItWhereItIs) {
  Limits limits;
  limits.per_address.open_max = 1;
  Server first(limits);
  Server second(limits);
  const CountersTogether unused;
  auto handover = unused.leave(first, kHere);
  ASSERT_TRUE(handover.has_value());
  second.adopt(kNow, kThere, *std::move(handover));
  first.handle_open(kNow, ConnectionId(8), {unused.kAnna, 50'000}, false);
  EXPECT_EQ(first.counters().refused_per_address, 0U);
  second.handle_open(kNow, ConnectionId(9), {unused.kAnna, 50'000}, false);
  EXPECT_EQ(second.counters().refused_per_address, 1U);
}

}  // namespace
}  // namespace visavis::http
