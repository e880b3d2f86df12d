#include "ice/full_agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace visavis::ice {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::Optional;
using testing::SizeIs;

const Credentials kOurs{.ufrag = "ours", .pwd = "our-own-password-22-long"};
const Credentials kTheirs{.ufrag = "theirs", .pwd = "their-own-password-of-24"};

SocketAddress at(std::string_view text) {
  return *SocketAddress::parse(text);
}

const SocketAddress kHere = at("10.0.0.5:40000");
const Route kTold{.local = kHere, .remote = at("192.0.2.1:7000")};
const Route kUntold{.local = kHere, .remote = at("192.0.2.1:7001")};

/// A check as the other side sends it when it is a full agent, and controlled.
struct Check {
  std::string username = "ours:theirs";
  std::string password = kOurs.pwd;
  bool claims_control = false;
};

struct Sent {
  Route route;
  Buffer bytes;

  [[nodiscard]] stun::MessageView message() const { return *stun::parse(bytes); }
};

class FullAgentTest : public testing::Test {
 protected:
  bool receive(const Check& check = {}, const Route& route = kTold) {
    Buffer bytes(stun::kMessageBytesMax);
    stun::Request request{.username = check.username, .priority = 1'000'000};
    (check.claims_control ? request.controlling : request.controlled) = 1;
    request.transaction.fill(std::byte{9});
    bytes.resize(stun::write_request(bytes, request, check.password));
    return agent_.handle_datagram(now_, route, bytes);
  }
  /// Answers what was sent to the other side.
  bool answer(const Sent& check) {
    Buffer bytes(stun::kMessageBytesMax);
    bytes.resize(stun::write_success(bytes, check.message().transaction, kHere, kTheirs.pwd));
    return agent_.handle_datagram(now_, check.route, bytes);
  }
  std::vector<Sent> sent(stun::Class kind) {
    agent_.handle_timeout(now_);
    DatagramBatch out(32);
    std::vector<Sent> all;
    while (!out.full() && agent_.poll_transmit(out)) {
      const auto& cell = out.cells().back();
      Sent one{.route = cell.route, .bytes = to_buffer(out.bytes(cell))};
      if (one.message().kind == kind) {
        all.push_back(std::move(one));
      }
    }
    return all;
  }

  Instant now_;
  FullAgent agent_{now_,
                   {.local = kOurs,
                    .remote = kTheirs,
                    .local_addresses = {kHere},
                    .remote_candidates = {{.address = kTold.remote, .priority = 1}}},
                   Random(7)};
};

TEST_F(FullAgentTest, AnswersTheChecksOfAFullPeer) {
  EXPECT_TRUE(receive());
  const auto answers = sent(stun::Class::kSuccess);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].route, kTold);
  EXPECT_THAT(answers[0].message().transaction, Each(std::byte{9}));
  EXPECT_THAT(answers[0].message().mapped_address, Optional(kTold.remote));
  EXPECT_TRUE(stun::has_integrity(answers[0].message(), kOurs.pwd));
}

TEST_F(FullAgentTest, AnswersThemWhenItIsConnectedToo) {
  ASSERT_TRUE(answer(sent(stun::Class::kRequest).at(0)));
  ASSERT_TRUE(answer(sent(stun::Class::kRequest).at(0)));
  ASSERT_TRUE(agent_.nominated());
  EXPECT_TRUE(receive());
  EXPECT_THAT(sent(stun::Class::kSuccess), SizeIs(1));
  EXPECT_EQ(agent_.route(), kTold);
}

TEST_F(FullAgentTest, DoesNotAnswerAStranger) {
  EXPECT_FALSE(receive({.username = "ours:others"}));
  EXPECT_FALSE(receive({.username = "theirs:ours"}));
  EXPECT_FALSE(receive({.password = kTheirs.pwd}));
  EXPECT_THAT(sent(stun::Class::kSuccess), SizeIs(0));
}

TEST_F(FullAgentTest, RefusesAPeerThatClaimsControl) {
  EXPECT_TRUE(receive({.claims_control = true}, kUntold));
  const auto answers = sent(stun::Class::kError);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_THAT(answers[0].message().error_code, Optional(487));
}

TEST_F(FullAgentTest, ChecksWhereACheckCameFromThoughNoCandidateToldIt) {
  EXPECT_THAT(sent(stun::Class::kRequest), Each(Field(&Sent::route, kTold)));
  EXPECT_TRUE(receive({}, kUntold));
  now_ += FullAgent::kPacing;
  const auto checks = sent(stun::Class::kRequest);
  ASSERT_THAT(checks, Contains(Field(&Sent::route, kUntold)));
  ASSERT_TRUE(answer(checks.front()));
  EXPECT_EQ(agent_.route(), kUntold);
}

TEST_F(FullAgentTest, AFloodOfChecksIsAnsweredAsFarAsTheQueueGoes) {
  for (std::size_t count = 0; count < FullAgent::kAnswersMax; ++count) {
    EXPECT_TRUE(receive());
  }
  EXPECT_FALSE(receive());
  EXPECT_THAT(sent(stun::Class::kSuccess), SizeIs(FullAgent::kAnswersMax));
  EXPECT_TRUE(receive());
}

}  // namespace
}  // namespace visavis::ice
