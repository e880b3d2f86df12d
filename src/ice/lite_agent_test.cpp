#include "ice/lite_agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_writer.hpp"
#include "sim/seeded_entropy.hpp"
#include "stun/integrity.hpp"

namespace visavis::ice {
namespace {

using namespace std::chrono_literals;
using testing::Optional;

const Credentials kServer{.ufrag = "server", .pwd = "server-password-of-24-chr"};
const Credentials kClient{.ufrag = "client", .pwd = "client-password-of-24-chr"};
const Credentials kServerNext{.ufrag = "server2", .pwd = "server-password-no-2-long"};
const Credentials kClientNext{.ufrag = "client2", .pwd = "client-password-no-2-long"};

Route route_from(std::string_view client) {
  return {.local = *SocketAddress::parse("192.0.2.1:7000"),
          .remote = *SocketAddress::parse(client)};
}

const Route kHome = route_from("198.51.100.1:5000");
const Route kAway = route_from("203.0.113.1:6000");

struct Check {
  std::string username = "server:client";
  std::string password = kServer.pwd;
  bool use_candidate = false;
  bool claims_controlled = false;
};

Buffer written(const Check& check) {
  Buffer bytes(stun::kMessageBytesMax);
  stun::Request request{.username = check.username, .use_candidate = check.use_candidate};
  (check.claims_controlled ? request.controlled : request.controlling) = 77;
  request.transaction.fill(std::byte{9});
  bytes.resize(stun::write_request(bytes, request, check.password));
  return bytes;
}

/// Signs a message again whose attributes a test has changed.
void resign(Buffer& message, std::string_view password) {
  const std::size_t fingerprint = message.size() - stun::kFingerprintAttributeBytes;
  const std::size_t integrity = fingerprint - stun::kIntegrityBytes - stun::kAttributeHeaderBytes;
  const MutableBytes bytes(message);
  ByteWriter tag(bytes.subspan(integrity + stun::kAttributeHeaderBytes));
  tag.bytes(stun::integrity_of(bytes.first(integrity), password));
  ByteWriter crc(bytes.subspan(fingerprint + stun::kAttributeHeaderBytes));
  crc.u32(stun::fingerprint_of(bytes.first(fingerprint)));
}

Check next_generation() {
  return {.username = "server2:client2", .password = kServerNext.pwd, .use_candidate = true};
}

class LiteAgentTest : public testing::Test {
 protected:
  auto receive(const Check& check, const Route& route = kHome) {
    return agent_.handle_datagram(now_, route, written(check));
  }

  /// What the agent has to say; answers keep their bytes in `out_`.
  std::vector<Buffer> answers() {
    std::vector<Buffer> sent;
    out_.clear();
    while (!out_.full() && agent_.poll_transmit(out_)) {
      sent.push_back(to_buffer(out_.bytes(out_.cells().back())));
    }
    return sent;
  }

  Instant now_;
  LiteAgent agent_{now_, kServer, kClient};
  DatagramBatch out_{32};
};

TEST_F(LiteAgentTest, AnswersAnAuthenticatedCheckFromTheAddressThatWasAsked) {
  EXPECT_EQ(receive({}), Checked::kRouteChanged);
  const auto sent = answers();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(out_.cells().front().route, kHome);
  const auto answer = stun::parse(sent.front());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, stun::Class::kSuccess);
  EXPECT_THAT(answer->mapped_address, Optional(kHome.remote));
  EXPECT_TRUE(answer->has_fingerprint);
  EXPECT_TRUE(stun::has_integrity(*answer, kServer.pwd));
}

TEST_F(LiteAgentTest, IsSilentToAnythingUnauthenticated) {
  EXPECT_EQ(receive({.password = "wrong"}).error(), Refusal::kBadIntegrity);
  EXPECT_EQ(receive({.username = "server:stranger"}).error(), Refusal::kUnknownUsername);
  EXPECT_EQ(receive({.username = "other:client"}).error(), Refusal::kUnknownUsername);

  Buffer unsigned_check = written({});
  unsigned_check.resize(unsigned_check.size() - 8);  // Without FINGERPRINT.
  unsigned_check[3] = static_cast<std::byte>(unsigned_check.size() - 20);
  EXPECT_EQ(agent_.handle_datagram(now_, kHome, unsigned_check).error(), Refusal::kMalformed);

  Buffer answer(stun::kMessageBytesMax);
  answer.resize(stun::write_success(answer, {}, kHome.remote, kServer.pwd));
  EXPECT_EQ(agent_.handle_datagram(now_, kHome, answer).error(), Refusal::kNotARequest);

  EXPECT_TRUE(answers().empty());
  EXPECT_EQ(agent_.route(), std::nullopt);
  EXPECT_TRUE(agent_.routes().empty());
}

TEST_F(LiteAgentTest, TakesACheckThatSaysNothingBeyondItsUserAndItsChoice) {
  // FFmpeg's: neither PRIORITY, of which only a full agent makes candidates, nor ICE-CONTROLLING.
  Buffer check(stun::kMessageBytesMax);
  check.resize(stun::write_request(check, {.username = "server:client", .use_candidate = true},
                                   kServer.pwd));
  const auto message = stun::parse(check);
  ASSERT_TRUE(message && !message->priority && !message->controlling);
  EXPECT_EQ(agent_.handle_datagram(now_, kHome, check), Checked::kRouteChanged);
  EXPECT_TRUE(agent_.nominated());
  EXPECT_EQ(stun::parse(answers().at(0))->kind, stun::Class::kSuccess);
}

TEST_F(LiteAgentTest, WhoChecksNoMoreIsNotSilentWhileHisMediaComes) {
  EXPECT_TRUE(receive({.use_candidate = true}));
  for (int second = 0; second < 120; ++second) {
    now_ += 1s;
    agent_.note_life(now_, kHome);
    agent_.handle_timeout(now_);
  }
  EXPECT_FALSE(agent_.silent());
  EXPECT_EQ(agent_.next_timeout(), now_ + LiteAgent::kConsentExpiry);

  agent_.note_life(now_ + 20s, kAway);  // Proves nothing about where we send.
  now_ += LiteAgent::kConsentExpiry;
  agent_.handle_timeout(now_);
  EXPECT_TRUE(agent_.silent());
  agent_.note_life(now_, kHome);
  EXPECT_TRUE(agent_.silent());
  EXPECT_TRUE(receive({}));
  EXPECT_FALSE(agent_.silent());
}

TEST_F(LiteAgentTest, TellsAPeerThatClaimsOurRoleToChangeIt) {
  EXPECT_EQ(receive({.claims_controlled = true}), Checked::kRejected);
  const auto sent = answers();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(stun::parse(sent.front())->error_code, Optional(487));
  EXPECT_EQ(agent_.route(), std::nullopt);
}

TEST_F(LiteAgentTest, RejectsAttributesItMustUnderstandAndDoesNot) {
  // The writer knows no unknown attributes, so ICE-CONTROLLING, which may be left out, becomes one;
  // the message is then signed anew by hand.
  Buffer check = written({});
  const std::string_view controlling = "\x80\x2a";
  const auto at = as_text(check).find(controlling);
  ASSERT_NE(at, std::string_view::npos);
  check[at] = std::byte{0x7F};
  resign(check, kServer.pwd);
  EXPECT_EQ(agent_.handle_datagram(now_, kHome, check), Checked::kRejected);
  const auto sent = answers();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(stun::parse(sent.front())->error_code, Optional(420));
  EXPECT_EQ(agent_.route(), std::nullopt);
}

TEST_F(LiteAgentTest, KeepsTheFirstRouteUntilThePeerNominatesAnother) {
  EXPECT_EQ(receive({}), Checked::kRouteChanged);
  EXPECT_EQ(receive({}, kAway), Checked::kRouteLearned);
  EXPECT_THAT(agent_.route(), Optional(kHome));
  EXPECT_FALSE(agent_.nominated());

  EXPECT_EQ(receive({.use_candidate = true}, kAway), Checked::kRouteChanged);
  EXPECT_THAT(agent_.route(), Optional(kAway));
  EXPECT_TRUE(agent_.nominated());
}

TEST_F(LiteAgentTest, FollowsAClientThatChangesItsAddress) {
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kRouteChanged);
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kAnswered);
  EXPECT_EQ(receive({.use_candidate = true}, kAway), Checked::kRouteChanged);
  EXPECT_THAT(agent_.route(), Optional(kAway));
}

TEST_F(LiteAgentTest, FallsSilentThirtySecondsAfterTheLastCheckUntilTheNext) {
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kRouteChanged);
  EXPECT_EQ(agent_.next_timeout(), now_ + 30s);
  now_ += 30s - 1us;
  agent_.handle_timeout(now_);
  EXPECT_FALSE(agent_.silent());
  EXPECT_FALSE(receive({.password = "wrong"}));  // Proves nothing.
  now_ += 1us;
  agent_.handle_timeout(now_);
  EXPECT_TRUE(agent_.silent());
  EXPECT_EQ(agent_.next_timeout(), kNever);

  EXPECT_TRUE(receive({}));
  EXPECT_FALSE(agent_.silent());
}

TEST_F(LiteAgentTest, KeepsTheOldRouteThroughARestartUntilANewPairIsNominated) {
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kRouteChanged);
  agent_.restart(kServerNext, kClientNext);
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kAnswered);  // The old session goes on.

  Check check = next_generation();
  check.use_candidate = false;
  EXPECT_EQ(receive(check, kAway), Checked::kRouteLearned);
  EXPECT_THAT(agent_.route(), Optional(kHome));
  EXPECT_EQ(receive(next_generation(), kAway), Checked::kRouteChanged);
  EXPECT_THAT(agent_.route(), Optional(kAway));

  const auto sent = answers();  // The oldest was for credentials that are gone now.
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_TRUE(stun::has_integrity(*stun::parse(sent.back()), kServerNext.pwd));
  EXPECT_EQ(receive({.use_candidate = true}).error(), Refusal::kUnknownUsername);
}

TEST_F(LiteAgentTest, TakesTheSameCredentialsAgainForNoRestart) {
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kRouteChanged);
  agent_.restart(kServer, kClient);
  agent_.restart(kServerNext, kClientNext);
  agent_.restart(kServerNext, kClientNext);
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kAnswered);
}

TEST_F(LiteAgentTest, RemembersTheLastRoutesAndNeverForgetsTheCurrentOne) {
  EXPECT_EQ(receive({.use_candidate = true}), Checked::kRouteChanged);
  for (int port = 1; port <= 20; ++port) {
    EXPECT_EQ(receive({}, route_from("203.0.113.1:" + std::to_string(port))),
              Checked::kRouteLearned);
    EXPECT_EQ(answers().size(), port == 1 ? 2U : 1U);
  }
  EXPECT_EQ(agent_.routes().size(), LiteAgent::kRoutesMax);
  EXPECT_TRUE(agent_.knows(kHome));
  EXPECT_TRUE(agent_.knows(route_from("203.0.113.1:20")));
  EXPECT_FALSE(agent_.knows(route_from("203.0.113.1:1")));
}

TEST_F(LiteAgentTest, AnswersNoMoreChecksOfABurstThanItHasRoomFor) {
  for (std::size_t i = 0; i < LiteAgent::kAnswersMax; ++i) {
    EXPECT_TRUE(receive({}));
  }
  EXPECT_EQ(receive({}).error(), Refusal::kTooManyWaiting);
  EXPECT_EQ(answers().size(), LiteAgent::kAnswersMax);
  EXPECT_TRUE(receive({}));
}

TEST(IceCredentials, AreMadeOfIceCharacters) {
  sim::SeededEntropy entropy(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(is_valid(Credentials::make(entropy)));
  }
  EXPECT_FALSE(is_valid({.ufrag = "abc", .pwd = "0123456789012345678901"}));
  EXPECT_FALSE(is_valid({.ufrag = "abcd", .pwd = "012345678901234567890"}));
  EXPECT_FALSE(is_valid({.ufrag = "ab:d", .pwd = "0123456789012345678901"}));
}

}  // namespace
}  // namespace visavis::ice
