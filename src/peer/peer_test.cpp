#include "peer/peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer/test_peer.hpp"
#include "stun/message.hpp"

namespace visavis::peer {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::Optional;
using testing::VariantWith;

Buffer check_message(std::string_view password = kServer.pwd, bool nominates = true) {
  Buffer bytes(stun::kMessageBytesMax);
  bytes.resize(stun::write_request(
      bytes, {.username = "server:client", .controlling = 7, .use_candidate = nominates},
      password));
  return bytes;
}

class PeerTest : public OnePeer {
 protected:
  PeerTest() : OnePeer(dtls::Role::kServer) {}

  std::vector<Buffer> sent() {
    DatagramBatch out(32);
    std::vector<Buffer> datagrams;
    while (peer_.poll_transmit(out)) {
      EXPECT_EQ(out.cells().back().route, route_);
      datagrams.push_back(to_buffer(out.bytes(out.cells().back())));
    }
    return datagrams;
  }

  std::vector<Buffer> sent_by_client() {
    std::vector<Buffer> datagrams;
    for (Bytes bytes = client_.poll_transmit(); !bytes.empty(); bytes = client_.poll_transmit()) {
      datagrams.push_back(to_buffer(bytes));
    }
    return datagrams;
  }

  void handshake(dtls::Session& client) {
    client.start(now_);
    for (int round = 0; round < 3; ++round) {
      for (Bytes bytes = client.poll_transmit(); !bytes.empty(); bytes = client.poll_transmit()) {
        receive(to_buffer(bytes));
      }
      for (const Buffer& datagram : sent()) {
        client.handle_datagram(now_, datagram);
      }
    }
  }

  /// What the client's ciphers are once the handshake is done.
  struct ClientCiphers {
    srtp::Sealer sealer;
    srtp::Opener opener;
  };
  ClientCiphers connect() {
    receive(check_message());
    sent();
    handshake(client_);
    const auto keys =
        srtp::split_keys(*srtp::profile_of(client_.keys()->profile), client_.keys()->material);
    return {.sealer = {keys->profile, keys->client.key, keys->client.salt},
            .opener = {keys->profile, keys->server.key, keys->server.salt}};
  }

  dtls::Session client_{dtls::Role::kClient, theirs_, ours_.fingerprint()};
};

TEST_F(PeerTest, TellsThreeProtocolsApartAndOpensMediaInPlace) {
  ClientCiphers client = connect();
  ASSERT_TRUE(peer_.can_send());

  const Buffer packet = rtp_packet(1);
  const auto rtp = receive(sealed(client.sealer, packet));
  EXPECT_EQ(rtp.kind, Peer::Kind::kRtp);
  EXPECT_THAT(rtp.packet, ElementsAreArray(packet));
  EXPECT_EQ(rtp.packet.data(), last_.data());

  Buffer report = rtcp_packet();
  const std::size_t size = report.size();
  report.resize(size + client.sealer.overhead_rtcp());
  report.resize(client.sealer.seal_rtcp(report, size));
  const auto rtcp = receive(report);
  EXPECT_EQ(rtcp.kind, Peer::Kind::kRtcp);
  EXPECT_THAT(rtcp.packet, ElementsAreArray(rtcp_packet()));

  EXPECT_EQ(receive(check_message()).kind, Peer::Kind::kCheck);
  EXPECT_EQ(peer_.counters().rtp_packets, 1U);
  EXPECT_EQ(peer_.counters().rtcp_packets, 1U);
  EXPECT_EQ(peer_.counters().checks_answered, 2U);
}

TEST_F(PeerTest, SealsWhatTheClientCanOpen) {
  ClientCiphers client = connect();
  Buffer cell = sealed(peer_.sealer(), rtp_packet(9, 2222));
  const auto opened = client.opener.open_rtp(cell);
  ASSERT_TRUE(opened);
  EXPECT_THAT(*opened, ElementsAreArray(rtp_packet(9, 2222)));
}

TEST_F(PeerTest, TellsWhatHappenedInOrder) {
  connect();
  const auto all = events();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0], VariantWith<RouteChanged>(testing::Field(&RouteChanged::route, route_)));
  EXPECT_THAT(all[1], VariantWith<Connected>(testing::_));
}

TEST_F(PeerTest, CountsEachDropByItsReason) {
  ClientCiphers client = connect();
  const Buffer packet = sealed(client.sealer, rtp_packet(1));
  receive(packet);
  receive(packet);  // replayed
  Buffer forged = sealed(client.sealer, rtp_packet(2));
  forged.back() ^= std::byte{1};
  receive(forged);
  receive({std::byte{0x80}, std::byte{0x60}});
  receive({});
  receive({std::byte{64}, std::byte{0}, std::byte{0}, std::byte{4}});  // a TURN channel
  receive({std::byte{0}, std::byte{1}});
  receive(check_message("wrong"));
  receive_over(other_route_, {std::byte{22}, std::byte{254}});
  receive({std::byte{23}, std::byte{254}});

  const auto dropped = [&](Drop why) { return peer_.counters().dropped(why); };
  EXPECT_EQ(dropped(Drop::kSrtpReplay), 1U);
  EXPECT_EQ(dropped(Drop::kSrtpAuthentication), 1U);
  EXPECT_EQ(dropped(Drop::kSrtpMalformed), 1U);
  EXPECT_EQ(dropped(Drop::kUnknownProtocol), 2U);
  EXPECT_EQ(dropped(Drop::kStunMalformed), 1U);
  EXPECT_EQ(dropped(Drop::kStunIntegrity), 1U);
  EXPECT_EQ(dropped(Drop::kDtlsUnknownRoute), 1U);
  EXPECT_EQ(dropped(Drop::kDtlsApplicationData), 1U);
  EXPECT_TRUE(peer_.can_send());
}

TEST_F(PeerTest, SendsNothingBeforeAnAuthenticatedCheck) {
  client_.start(now_);
  for (const Buffer& datagram : sent_by_client()) {
    receive(datagram);
  }
  receive(check_message("wrong"));
  receive(rtp_packet(1));
  now_ += 20s;
  peer_.handle_timeout(now_);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_FALSE(peer_.can_send());
  EXPECT_EQ(peer_.counters().dropped(Drop::kSrtpEarly), 1U);
}

TEST_F(PeerTest, AnswersAClientHelloThatOvertookItsCheck) {
  client_.start(now_);
  for (const Buffer& datagram : sent_by_client()) {
    receive(datagram);
  }
  receive(check_message());
  const auto flight = sent();
  ASSERT_GE(flight.size(), 2U);  // The check's answer, then ServerHello and what follows it.
  EXPECT_EQ(flight[0].front(), std::byte{1});
  EXPECT_EQ(flight[1].front(), std::byte{22});
}

TEST_F(PeerTest, KeepsOnlyAFewDatagramsThatOvertookTheirCheck) {
  for (std::size_t i = 0; i < Peer::kEarlyDatagramsMax + 3; ++i) {
    receive_over(other_route_, {std::byte{22}, std::byte{254}});
  }
  EXPECT_EQ(peer_.counters().dropped(Drop::kDtlsEarly), 3U);
  receive(check_message());  // From another address: the kept ones were a stranger's.
  EXPECT_EQ(peer_.counters().dropped(Drop::kDtlsEarly), 3U + Peer::kEarlyDatagramsMax);
  EXPECT_EQ(peer_.counters().dtls_datagrams, 0U);
}

TEST_F(PeerTest, WorksNoHandshakeBeforeItIsToldTo) {
  works_handshakes_ = false;
  receive(check_message());
  sent();
  client_.start(now_);
  for (const Buffer& datagram : sent_by_client()) {
    receive(datagram);
  }
  EXPECT_TRUE(peer_.has_handshake());
  EXPECT_THAT(sent(), IsEmpty());
  peer_.handle_handshake(now_);
  EXPECT_FALSE(peer_.has_handshake());
  EXPECT_THAT(sent(), testing::Not(IsEmpty()));
}

TEST_F(PeerTest, KeepsOnlyAFewHandshakeDatagramsThatWait) {
  works_handshakes_ = false;
  receive(check_message());
  for (std::size_t i = 0; i < Peer::kHandshakesMax + 3; ++i) {
    receive({std::byte{22}, std::byte{254}});
  }
  EXPECT_EQ(peer_.counters().dropped(Drop::kDtlsTooMany), 3U);
}

TEST_F(PeerTest, RefusesAStrangersCertificate) {
  receive(check_message());
  events();
  dtls::Session stranger(dtls::Role::kClient, make_identity(3), ours_.fingerprint());
  handshake(stranger);
  const auto all = events();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0], VariantWith<Failed>(
                          testing::Field(&Failed::reason, FailureReason::kFingerprintMismatch)));
  EXPECT_FALSE(peer_.can_send());
  EXPECT_EQ(stranger.keys(), nullptr);
}

TEST_F(PeerTest, FailsAHandshakeThatStops) {
  receive(check_message());
  client_.start(now_);
  for (const Buffer& datagram : sent_by_client()) {
    receive(datagram);
  }
  events();
  for (const Instant end = now_ + 31s; now_ < end; now_ += 1s) {
    receive(check_message());
    peer_.handle_timeout(now_);
    sent();
  }
  EXPECT_THAT(peer_.poll_event(), Optional(VariantWith<Failed>(testing::Field(
                                      &Failed::reason, FailureReason::kHandshakeTimeout))));
}

/// The check and the ClientHello may both be forged: nobody may be there who could hear our answer.
TEST_F(PeerTest, AnswersAnAddressThatDoesNotGoOnAFewTimesOnly) {
  const auto sent_within = [this](Duration duration) {
    std::size_t count = sent().size();
    for (const Instant end = now_ + duration; now_ < end; now_ += 50ms) {
      peer_.handle_timeout(now_);
      count += sent().size();
    }
    return count;
  };
  client_.start(now_);
  const std::vector<Buffer> hello = sent_by_client();
  receive(check_message());
  ASSERT_EQ(sent().size(), 1U);  // The check's answer.
  for (const Buffer& datagram : hello) {
    receive(datagram);
  }
  EXPECT_EQ(sent_within(9s), Peer::kGreetingsPerCheck);
  for (int again = 0; again < 20; ++again) {
    now_ += 50ms;
    for (const Buffer& datagram : hello) {
      receive(datagram);
    }
    EXPECT_THAT(sent(), IsEmpty());
  }
  receive(check_message());
  EXPECT_EQ(sent_within(9s), 1 + Peer::kGreetingsPerCheck);

  receive(check_message());  // It is there after all.
  peer_.handle_timeout(now_ += 1s);
  for (int round = 0; round < 3; ++round) {
    for (const Buffer& datagram : sent()) {
      client_.handle_datagram(now_, datagram);
    }
    for (const Buffer& datagram : sent_by_client()) {
      receive(datagram);
    }
  }
  EXPECT_TRUE(peer_.can_send());
}

TEST_F(PeerTest, SaysGoodbyeToWhomItCloses) {
  connect();
  const auto goodbye = peer_.close();
  ASSERT_TRUE(goodbye);
  EXPECT_EQ(goodbye->route, route_);
  client_.handle_datagram(now_, goodbye->bytes);
  EXPECT_EQ(client_.state(), dtls::State::kClosed);
  EXPECT_FALSE(peer_.can_send());
  EXPECT_FALSE(peer_.close());
}

TEST_F(PeerTest, SaysNoGoodbyeToWhomItHasNoKeysWithOrWhoIsSilent) {
  EXPECT_FALSE(
      Peer(now_, {.local = kServer, .remote = kClient, .remote_fingerprint = {}}, ours_).close());
  connect();
  peer_.handle_timeout(now_ += 31s);
  EXPECT_FALSE(peer_.close());
}

TEST_F(PeerTest, AnswersAGoodbyeAndFails) {
  connect();
  events();
  client_.close();
  for (const Buffer& goodbye : sent_by_client()) {
    receive(goodbye);
  }
  EXPECT_THAT(events(), testing::ElementsAre(VariantWith<Failed>(
                            testing::Field(&Failed::reason, FailureReason::kClosed))));
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(PeerTest, OpensMediaFromAnAddressThatIceHasNotSeenYet) {
  ClientCiphers client = connect();
  // The tag proves who sent it: a client that has just moved loses nothing.
  EXPECT_EQ(receive_over(other_route_, sealed(client.sealer, rtp_packet(1))).kind,
            Peer::Kind::kRtp);
  EXPECT_EQ(peer_.route(), route_);
}

TEST_F(PeerTest, LeavesOnlyTheLastWordOfAClientThatNominatesToAndFro) {
  connect();
  events();
  for (int i = 0; i < 5; ++i) {
    receive_over(other_route_, check_message());
    receive(check_message());
  }
  EXPECT_EQ(events().size(), 1U);
  EXPECT_EQ(peer_.routes().size(), 2U);
}

TEST_F(PeerTest, SendsNothingWhileSilentNotEvenAHandshake) {
  receive(check_message());
  client_.start(now_);
  for (const Buffer& datagram : sent_by_client()) {
    receive(datagram);
  }
  sent();
  now_ += 30s;
  peer_.handle_timeout(now_);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(PeerTest, SurvivesGarbageBeforeDuringAndAfterTheHandshake) {
  Random random(11);
  const auto pelt = [&] {
    for (int i = 0; i < 300; ++i) {
      Buffer garbage(random.next() % 1500);
      for (std::byte& byte : garbage) {
        byte = static_cast<std::byte>(random.next());
      }
      EXPECT_EQ(receive(garbage).kind, Peer::Kind::kNothing);
    }
  };
  pelt();
  receive(check_message());
  pelt();
  ClientCiphers client = connect();
  pelt();
  EXPECT_TRUE(peer_.can_send());
  EXPECT_EQ(receive(sealed(client.sealer, rtp_packet(1))).kind, Peer::Kind::kRtp);
}

}  // namespace
}  // namespace visavis::peer
