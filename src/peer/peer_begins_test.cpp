#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer/test_peer.hpp"
#include "stun/message.hpp"

// A client that waits for our ClientHello (`a=setup:passive`): we are the DTLS client.
namespace visavis::peer {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;
using testing::VariantWith;

enum class Nominates : std::uint8_t { kNo, kYes };

/// As FFmpeg's: a name and a choice, no more.
Buffer check_message(std::string_view password = kServer.pwd,
                     Nominates nominates = Nominates::kYes) {
  Buffer bytes(stun::kMessageBytesMax);
  bytes.resize(stun::write_request(
      bytes, {.username = "server:client", .use_candidate = nominates == Nominates::kYes},
      password));
  return bytes;
}

bool is_dtls(const Buffer& datagram) {
  return datagram.front() == std::byte{22};
}

class PeerThatBegins : public OnePeer {
 protected:
  PeerThatBegins() : OnePeer(dtls::Role::kClient) {}

  struct Sent {
    Route route;
    Buffer bytes;
  };

  std::vector<Sent> sent() {
    DatagramBatch out(32);
    std::vector<Sent> datagrams;
    while (peer_.poll_transmit(out)) {
      const auto& cell = out.cells().back();
      datagrams.push_back({cell.route, to_buffer(out.bytes(cell))});
    }
    return datagrams;
  }
  std::vector<Sent> greetings() {
    std::vector<Sent> found = sent();
    std::erase_if(found, [](const Sent& one) { return !is_dtls(one.bytes); });
    return found;
  }
  std::size_t greetings_within(Duration duration) {
    std::size_t count = 0;
    for (const Instant end = now_ + duration; now_ < end; now_ += 50ms) {
      peer_.handle_timeout(now_);
      count += greetings().size();
    }
    return count;
  }

  void shake_hands(dtls::Session& server, int rounds = 4) {
    for (int round = 0; round < rounds; ++round) {
      for (const Sent& one : sent()) {
        if (is_dtls(one.bytes) || one.bytes.front() == std::byte{20}) {
          server.handle_datagram(now_, one.bytes);
        }
      }
      for (Bytes bytes = server.poll_transmit(); !bytes.empty(); bytes = server.poll_transmit()) {
        receive(to_buffer(bytes));
      }
    }
  }

  /// Until only the server's last flight is missing, which is given.
  std::vector<Buffer> shake_hands_but_for_the_last_flight() {
    receive(check_message());
    to_server();
    for (const Buffer& datagram : from_server()) {
      receive(datagram);
    }
    to_server();
    return from_server();
  }
  void to_server() {
    for (const Sent& one : sent()) {
      server_.handle_datagram(now_, one.bytes);
    }
  }
  std::vector<Buffer> from_server() {
    std::vector<Buffer> flight;
    for (Bytes bytes = server_.poll_transmit(); !bytes.empty(); bytes = server_.poll_transmit()) {
      flight.push_back(to_buffer(bytes));
    }
    return flight;
  }
  [[nodiscard]] srtp::MasterKeys keys() const {
    return *srtp::split_keys(*srtp::profile_of(server_.keys()->profile), server_.keys()->material);
  }
  [[nodiscard]] srtp::Sealer servers_sealer() const {
    return {keys().profile, keys().server.key, keys().server.salt};
  }

  dtls::Session server_{dtls::Role::kServer, theirs_, ours_.fingerprint()};
};

TEST_F(PeerThatBegins, GreetsNobodyBeforeAnAuthenticatedCheck) {
  EXPECT_FALSE(peer_.has_handshake());
  receive(check_message("wrong"));
  receive({std::byte{22}, std::byte{254}, std::byte{253}});
  EXPECT_EQ(greetings_within(5s), 0U);

  receive(check_message());
  const auto flight = sent();
  ASSERT_THAT(flight, SizeIs(2));  // The check's answer, and the ClientHello.
  EXPECT_FALSE(is_dtls(flight[0].bytes));
  EXPECT_TRUE(is_dtls(flight[1].bytes));
  EXPECT_EQ(flight[1].route, route_);
  EXPECT_LT(flight[1].bytes.size(), 400U);
}

TEST_F(PeerThatBegins, BeginsOnlyWhenItIsToldToWork) {
  works_handshakes_ = false;
  receive(check_message());
  EXPECT_TRUE(peer_.has_handshake());
  EXPECT_THAT(greetings(), IsEmpty());
  peer_.handle_handshake(now_);
  EXPECT_FALSE(peer_.has_handshake());
  EXPECT_THAT(greetings(), SizeIs(1));
  receive(check_message());
  EXPECT_FALSE(peer_.has_handshake());  // Once.
}

TEST_F(PeerThatBegins, EachSealsWithTheKeysOfItsOwnRole) {
  receive(check_message());
  shake_hands(server_);
  ASSERT_TRUE(peer_.can_send());
  EXPECT_THAT(events(), Contains(VariantWith<Connected>(testing::_)));
  srtp::Opener opener(keys().profile, keys().client.key, keys().client.salt);
  Buffer ours = sealed(peer_.sealer(), rtp_packet(9, 2222));
  const auto opened = opener.open_rtp(ours);
  ASSERT_TRUE(opened);
  EXPECT_THAT(*opened, ElementsAreArray(rtp_packet(9, 2222)));

  srtp::Sealer sealer = servers_sealer();
  EXPECT_EQ(receive(sealed(sealer, rtp_packet(1))).kind, Peer::Kind::kRtp);
}

TEST_F(PeerThatBegins, RefusesAServerWithAnotherCertificateThanPromised) {
  dtls::Session stranger(dtls::Role::kServer, make_identity(3), ours_.fingerprint());
  receive(check_message());
  shake_hands(stranger);
  EXPECT_THAT(events(), Contains(VariantWith<Failed>(
                            testing::Field(&Failed::reason, FailureReason::kFingerprintMismatch))));
  EXPECT_FALSE(peer_.can_send());
  EXPECT_EQ(stranger.keys(), nullptr);
}

TEST_F(PeerThatBegins, IsRefusedByAServerThatWasPromisedAnotherCertificate) {
  dtls::Session wary(dtls::Role::kServer, theirs_, make_identity(3).fingerprint());
  receive(check_message());
  shake_hands(wary);
  EXPECT_FALSE(peer_.can_send());
  EXPECT_THAT(events(), Contains(VariantWith<Failed>(testing::_)));
}

TEST_F(PeerThatBegins, GreetsWhereANominationHasLedMeanwhile) {
  receive(check_message());
  EXPECT_EQ(greetings().at(0).route, route_);
  receive_over(other_route_, check_message());
  EXPECT_THAT(greetings(), IsEmpty());  // No sooner for it.
  now_ += dtls::Session::kResendMin;
  peer_.handle_timeout(now_);
  EXPECT_EQ(greetings().at(0).route, other_route_);
}

TEST_F(PeerThatBegins, GreetsAnAddressThatDoesNotAnswerAFewTimesOnly) {
  receive(check_message());
  EXPECT_EQ(greetings().size() + greetings_within(20s), Peer::kGreetingsPerCheck);
  receive(check_message());
  EXPECT_THAT(greetings(), SizeIs(1));  // The one that had waited.
  EXPECT_EQ(greetings_within(11s), Peer::kGreetingsPerCheck - 1);
  EXPECT_THAT(events(), Contains(VariantWith<Failed>(
                            testing::Field(&Failed::reason, FailureReason::kHandshakeTimeout))));
}

/// The check may be forged: nobody has answered from the address that it nominates.
TEST_F(PeerThatBegins, GreetsNobodyOftenerBecauseAnotherAddressHasSpoken) {
  const auto victim_is_sent = [this] {
    std::size_t count = 0;
    for (const Instant end = now_ + 9s; now_ < end; now_ += 50ms) {
      receive({std::byte{22}});
      receive(check_message(kServer.pwd, Nominates::kNo));  // From its own address.
      EXPECT_EQ(receive(rtp_packet(1)).dropped, Drop::kSrtpEarly);
      peer_.handle_timeout(now_);
      for (const Sent& one : greetings()) {
        EXPECT_EQ(one.route, other_route_);
        ++count;
      }
    }
    return count;
  };
  receive(check_message());
  receive({std::byte{22}});
  EXPECT_THAT(greetings(), SizeIs(1));
  receive_over(other_route_, check_message());
  EXPECT_EQ(victim_is_sent(), Peer::kGreetingsPerCheck);

  receive(check_message());
  peer_.handle_timeout(now_ += 1s);
  shake_hands(server_, 1);  // This time it answers indeed.
  receive_over(other_route_, check_message());
  EXPECT_EQ(victim_is_sent(), Peer::kGreetingsPerCheck);
  EXPECT_FALSE(server_.keys());
}

/// FFmpeg 8 throws away the first datagram of DTLS: it only wakes its server.
TEST_F(PeerThatBegins, ConnectsThoughItsFirstGreetingIsThrownAway) {
  receive(check_message());
  EXPECT_THAT(greetings(), SizeIs(1));
  now_ += dtls::Session::kResendMin;
  peer_.handle_timeout(now_);
  shake_hands(server_);
  EXPECT_TRUE(peer_.can_send());
}

/// A server's media may overtake its last flight, or wait beside it for the handshake's turn; the
/// first picture of an encoder comes once in ten seconds.
TEST_F(PeerThatBegins, KeepsMediaThatComesBeforeTheLastFlight) {
  receive(check_message());
  EXPECT_EQ(receive(rtp_packet(1)).dropped, Drop::kSrtpEarly);  // Nobody has answered yet.
  const auto last_flight = shake_hands_but_for_the_last_flight();
  srtp::Sealer sealer = servers_sealer();
  for (std::uint16_t sequence = 0; sequence < EarlyMedia::kDatagramsMax + 1; ++sequence) {
    const bool kept = sequence < EarlyMedia::kDatagramsMax;
    EXPECT_EQ(receive(sealed(sealer, rtp_packet(sequence))).dropped,
              kept ? std::nullopt : std::optional(Drop::kSrtpEarly));
  }
  EXPECT_FALSE(peer_.take_early_media());
  for (const Buffer& datagram : last_flight) {
    receive(datagram);
  }
  for (std::uint16_t sequence = 0; sequence < EarlyMedia::kDatagramsMax; ++sequence) {
    auto early = peer_.take_early_media();
    ASSERT_TRUE(early);
    const auto opened = peer_.handle_datagram(now_, early->route, early->bytes);
    EXPECT_THAT(opened.packet, ElementsAreArray(rtp_packet(sequence)));
  }
  EXPECT_FALSE(peer_.take_early_media());
}

TEST_F(PeerThatBegins, KeepsNoMoreMediaThanAllPeersTogetherMay) {
  const auto last_flight = shake_hands_but_for_the_last_flight();
  srtp::Sealer sealer = servers_sealer();
  const std::size_t whole = early_media_.bytes_left;
  EXPECT_FALSE(receive(sealed(sealer, rtp_packet(1))).dropped);
  const std::size_t rest = std::exchange(early_media_.bytes_left, 20);  // The others hold it.
  EXPECT_EQ(receive(sealed(sealer, rtp_packet(2))).dropped, Drop::kSrtpEarly);
  EXPECT_EQ(peer_.counters().dropped(Drop::kSrtpEarly), 1U);
  early_media_.bytes_left = rest;
  EXPECT_FALSE(receive(sealed(sealer, rtp_packet(3))).dropped);
  for (const Buffer& datagram : last_flight) {
    receive(datagram);
  }
  EXPECT_TRUE(peer_.take_early_media());
  EXPECT_TRUE(peer_.take_early_media());
  EXPECT_FALSE(peer_.take_early_media());
  EXPECT_EQ(early_media_.bytes_left, whole);
}

TEST_F(PeerThatBegins, KeepsNothingOfAHandshakeThatFailed) {
  shake_hands_but_for_the_last_flight();
  srtp::Sealer sealer = servers_sealer();
  const std::size_t whole = early_media_.bytes_left;
  EXPECT_FALSE(receive(sealed(sealer, rtp_packet(1))).dropped);
  EXPECT_LT(early_media_.bytes_left, whole);
  peer_.handle_timeout(now_ += dtls::Session::kHandshakeMax);
  EXPECT_THAT(events(), Contains(VariantWith<Failed>(testing::_)));
  EXPECT_EQ(early_media_.bytes_left, whole);
  EXPECT_EQ(receive(sealed(sealer, rtp_packet(2))).dropped, Drop::kSrtpEarly);
}

TEST_F(PeerThatBegins, IsNotSilentWhileMediaComesFromWhomItSendsTo) {
  receive(check_message());
  shake_hands(server_);
  srtp::Sealer sealer = servers_sealer();
  const Buffer replayed = sealed(sealer, rtp_packet(0));
  receive(replayed);
  for (std::uint16_t second = 1; second < 100; ++second) {
    now_ += 1s;
    receive(sealed(sealer, rtp_packet(second)));
    peer_.handle_timeout(now_);
  }
  EXPECT_TRUE(peer_.can_send());
  for (std::uint16_t second = 0; second < 30; ++second) {
    now_ += 1s;
    receive(replayed);
    receive_over(other_route_, sealed(sealer, rtp_packet(200 + second)));
    peer_.handle_timeout(now_);
  }
  EXPECT_FALSE(peer_.can_send());
}

}  // namespace
}  // namespace visavis::peer
