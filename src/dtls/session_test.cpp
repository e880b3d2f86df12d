#include "dtls/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/byte_reader.hpp"
#include "base/random.hpp"
#include "dtls/seeded_openssl.hpp"
#include "sim/seeded_entropy.hpp"

namespace visavis::dtls {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::IsEmpty;
using testing::Not;
using testing::Property;
using testing::SizeIs;

Identity make_identity(std::uint64_t seed) {
  sim::SeededEntropy entropy(seed);
  return Identity::make(entropy);
}

using Flight = std::vector<Buffer>;

Flight sent_by(Session& session) {
  Flight flight;
  for (Bytes datagram = session.poll_transmit(); !datagram.empty();
       datagram = session.poll_transmit()) {
    flight.push_back(to_buffer(datagram));
  }
  return flight;
}

/// Each record in a datagram of its own, as a peer with a smaller path may send them.
Flight records_of(const Flight& flight) {
  constexpr std::size_t kLengthAt = 11;  // RFC 6347 §4.1
  Flight records;
  for (const Buffer& datagram : flight) {
    for (Bytes rest = datagram; !rest.empty();) {
      ByteReader reader(rest.subspan(kLengthAt));
      const std::size_t size = kLengthAt + 2 + reader.u16();
      records.push_back(to_buffer(rest.first(size)));
      rest = rest.subspan(size);
    }
  }
  return records;
}

class DtlsSession : public testing::Test {
 protected:
  void give(Session& session, const Flight& flight) {
    for (const Buffer& datagram : flight) {
      session.handle_datagram(now_, datagram);
    }
  }

  /// Passes flights to and fro until nobody has anything to say.
  void run(Session& client, Session& server) {
    while (true) {
      const Flight up = sent_by(client);
      give(server, up);
      const Flight down = sent_by(server);
      give(client, down);
      if (up.empty() && down.empty()) {
        return;
      }
    }
  }

  /// A handshake of which the client hears all but the last flight: that.
  Flight lose_the_last_flight() {
    client_.start(now_);
    give(server_, sent_by(client_));
    give(client_, sent_by(server_));
    give(server_, sent_by(client_));
    return sent_by(server_);
  }

  SeededOpenssl openssl_{1};
  Instant now_;
  Identity ours_ = make_identity(1);
  Identity theirs_ = make_identity(2);
  Session server_{Role::kServer, ours_, theirs_.fingerprint()};
  Session client_{Role::kClient, theirs_, ours_.fingerprint()};
};

TEST_F(DtlsSession, AgreesOnKeysForAesGcm) {
  client_.start(now_);
  run(client_, server_);
  ASSERT_EQ(client_.state(), State::kConnected);
  ASSERT_EQ(server_.state(), State::kConnected);
  EXPECT_EQ(server_.keys()->profile, 7);
  EXPECT_EQ(client_.keys()->profile, 7);
  EXPECT_THAT(server_.keys()->material, SizeIs(56));
  EXPECT_EQ(server_.keys()->material, client_.keys()->material);
  EXPECT_EQ(server_.failure(), Failure::kNone);
}

TEST_F(DtlsSession, SaysNothingBeforeItIsAsked) {
  EXPECT_THAT(sent_by(server_), IsEmpty());
  EXPECT_EQ(server_.next_timeout(), kNever);
  EXPECT_FALSE(server_.holds_tls_state());
}

TEST_F(DtlsSession, SendsNoDatagramLargerThanItsLimit) {
  client_.start(now_);
  Flight all;
  for (int round = 0; round < 4; ++round) {
    const Flight up = sent_by(client_);
    give(server_, up);
    const Flight down = sent_by(server_);
    give(client_, down);
    all.insert(all.end(), up.begin(), up.end());
    all.insert(all.end(), down.begin(), down.end());
  }
  EXPECT_THAT(all, Not(IsEmpty()));
  EXPECT_THAT(all, Each(Property(&Buffer::size, testing::Le(Session::kDatagramBytesMax))));
}

TEST_F(DtlsSession, RefusesAPeerWithAnotherCertificateThanPromised) {
  Session stranger(Role::kClient, make_identity(3), ours_.fingerprint());
  stranger.start(now_);
  run(stranger, server_);
  EXPECT_EQ(server_.state(), State::kFailed);
  EXPECT_EQ(server_.failure(), Failure::kFingerprintMismatch);
  EXPECT_EQ(server_.keys(), nullptr);
  EXPECT_EQ(stranger.state(), State::kFailed);
  EXPECT_EQ(stranger.failure(), Failure::kHandshake);
  EXPECT_EQ(stranger.keys(), nullptr);
  EXPECT_EQ(server_.next_timeout(), kNever);
}

TEST_F(DtlsSession, RefusesAServerWithAnotherCertificateThanPromised) {
  Session client(Role::kClient, theirs_, make_identity(3).fingerprint());
  client.start(now_);
  run(client, server_);
  EXPECT_EQ(client.failure(), Failure::kFingerprintMismatch);
  EXPECT_EQ(server_.state(), State::kFailed);
  EXPECT_EQ(server_.keys(), nullptr);
}

TEST_F(DtlsSession, SaysGoodbyeOnceAndIsAnsweredByOne) {
  client_.start(now_);
  run(client_, server_);
  server_.close();
  EXPECT_EQ(server_.state(), State::kClosed);
  const Flight goodbye = sent_by(server_);
  ASSERT_THAT(goodbye, SizeIs(1));
  server_.handle_timeout(now_ += 10s);
  EXPECT_THAT(sent_by(server_), IsEmpty());
  EXPECT_EQ(server_.next_timeout(), kNever);

  give(client_, goodbye);
  EXPECT_EQ(client_.state(), State::kClosed);
  const Flight answer = sent_by(client_);
  EXPECT_THAT(answer, SizeIs(1));
  give(server_, answer);
  give(client_, goodbye);
  EXPECT_THAT(sent_by(server_), IsEmpty());
  EXPECT_THAT(sent_by(client_), IsEmpty());
  EXPECT_NE(server_.keys(), nullptr);  // What is sealed still leaves.
}

TEST_F(DtlsSession, SaysGoodbyeThoughTheLastFlightIsStillAskedFor) {
  const Flight lost = lose_the_last_flight();
  ASSERT_EQ(server_.state(), State::kConnected);
  client_.handle_timeout(now_ += Session::kResendMin);
  give(server_, sent_by(client_));
  EXPECT_EQ(sent_by(server_), lost);
  give(client_, lost);
  server_.close();
  give(client_, sent_by(server_));  // A record of its own number: no replay.
  EXPECT_EQ(client_.state(), State::kClosed);
}

TEST_F(DtlsSession, SaysNoGoodbyeBeforeItIsConnected) {
  server_.close();
  EXPECT_THAT(sent_by(server_), IsEmpty());
  client_.start(now_);
  client_.close();
  EXPECT_THAT(sent_by(client_), IsEmpty());
  EXPECT_EQ(client_.next_timeout(), kNever);
  EXPECT_FALSE(client_.holds_tls_state());
}

TEST_F(DtlsSession, KnowsWhetherItsFlightsAreAnswered) {
  client_.start(now_);
  EXPECT_FALSE(client_.answered());
  give(server_, sent_by(client_));
  EXPECT_FALSE(server_.answered()) << "a ClientHello may be forged";
  give(client_, sent_by(server_));
  EXPECT_TRUE(client_.answered());
  give(server_, sent_by(client_));
  EXPECT_TRUE(server_.answered());
}

TEST_F(DtlsSession, ChecksFingerprintsOfLongerHashesToo) {
  for (const auto* const algorithm : {"sha-384", "sha-512"}) {
    std::string text = "00";
    for (int i = 1; i < (algorithm == std::string_view("sha-384") ? 48 : 64); ++i) {
      text += ":00";
    }
    Session server(Role::kServer, ours_, *Fingerprint::parse(algorithm, text));
    Session client(Role::kClient, theirs_, ours_.fingerprint());
    client.start(now_);
    run(client, server);
    EXPECT_EQ(server.failure(), Failure::kFingerprintMismatch);
  }
}

TEST_F(DtlsSession, ResendsAFlightThatWasLost) {
  client_.start(now_);
  const Flight hello = sent_by(client_);
  ASSERT_THAT(hello, Not(IsEmpty()));
  ASSERT_EQ(client_.next_timeout(), now_ + Session::kResendMin);
  now_ += Session::kResendMin;
  client_.handle_timeout(now_);
  EXPECT_EQ(sent_by(client_), hello);
  EXPECT_EQ(client_.next_timeout(), now_ + (2 * Session::kResendMin));

  give(server_, hello);
  const Flight lost = sent_by(server_);
  ASSERT_THAT(lost, Not(IsEmpty()));
  now_ += Session::kResendMin;
  server_.handle_timeout(now_);
  EXPECT_EQ(sent_by(server_), lost);
  give(client_, lost);
  run(client_, server_);
  EXPECT_EQ(server_.state(), State::kConnected);
}

TEST_F(DtlsSession, MeasuresTheRoundTripOfAFlightThatWasSentOnce) {
  client_.start(now_);
  give(server_, sent_by(client_));
  const Flight down = sent_by(server_);
  EXPECT_FALSE(server_.round_trip());
  now_ += std::chrono::milliseconds(70);
  give(client_, down);
  give(server_, sent_by(client_));
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_EQ(server_.round_trip(), std::chrono::milliseconds(70));
}

TEST_F(DtlsSession, MeasuresTheRoundTripOfTheClientsFirstFlightToo) {
  client_.start(now_);
  give(server_, sent_by(client_));
  EXPECT_FALSE(client_.round_trip());
  now_ += 70ms;
  give(client_, sent_by(server_));
  EXPECT_EQ(client_.round_trip(), 70ms);
  now_ += 30ms;
  run(client_, server_);
  EXPECT_EQ(client_.state(), State::kConnected);
  EXPECT_EQ(client_.round_trip(), 70ms);
}

TEST_F(DtlsSession, DoesNotTakeHalfAnAnswerForAQuestionAskedAgain) {
  client_.start(now_);
  give(server_, sent_by(client_));
  const Flight answer = records_of(sent_by(server_));
  ASSERT_GE(answer.size(), 2U);
  now_ += 50ms;
  client_.handle_datagram(now_, answer.front());
  EXPECT_THAT(sent_by(client_), IsEmpty());
  EXPECT_EQ(client_.round_trip(), 50ms);
  now_ += 50ms;
  give(client_, {answer.begin() + 1, answer.end()});
  run(client_, server_);
  EXPECT_EQ(client_.state(), State::kConnected);
}

TEST_F(DtlsSession, DoesNotGuessWhichOfTwoSendingsWasAnswered) {
  client_.start(now_);
  give(server_, sent_by(client_));
  const Flight down = sent_by(server_);
  now_ += Session::kResendMin;
  server_.handle_timeout(now_);
  EXPECT_EQ(sent_by(server_), down);
  give(client_, down);
  give(server_, sent_by(client_));
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_FALSE(server_.round_trip());
}

TEST_F(DtlsSession, AnswersAQuestionAskedAgainAtOnceButNotInABurst) {
  client_.start(now_);
  const Flight hello = sent_by(client_);
  give(server_, hello);
  const Flight answer = sent_by(server_);
  give(server_, hello);
  EXPECT_THAT(sent_by(server_), IsEmpty());  // Too soon.
  now_ += Session::kResendGap;
  give(server_, hello);
  give(server_, hello);
  EXPECT_EQ(sent_by(server_), answer);
}

TEST_F(DtlsSession, ReleasesItsTlsStateAfterTheHandshakeAndCanStillResendTheLastFlight) {
  const Flight lost = lose_the_last_flight();
  ASSERT_EQ(server_.state(), State::kConnected);
  ASSERT_EQ(client_.state(), State::kHandshaking);

  EXPECT_FALSE(server_.holds_tls_state());
  EXPECT_EQ(server_.next_timeout(), kNever);
  EXPECT_NE(server_.keys(), nullptr);

  now_ = client_.next_timeout();
  client_.handle_timeout(now_);
  give(server_, sent_by(client_));
  EXPECT_EQ(server_.state(), State::kConnected);
  const Flight again = sent_by(server_);
  EXPECT_EQ(again, lost);
  give(client_, again);
  EXPECT_EQ(client_.state(), State::kConnected);
}

TEST_F(DtlsSession, GivesUpThirtySecondsAfterItBegan) {
  client_.start(now_);
  const Instant begun = now_;
  int resent = 0;
  while (client_.next_timeout() != kNever) {
    now_ = client_.next_timeout();
    client_.handle_timeout(now_);
    resent += sent_by(client_).empty() ? 0 : 1;
  }
  EXPECT_EQ(now_, begun + Session::kHandshakeMax);
  EXPECT_EQ(client_.failure(), Failure::kTimeout);
  EXPECT_GT(resent, 5);
  EXPECT_LT(resent, 40);
}

TEST_F(DtlsSession, SurvivesGarbageInEveryState) {
  Random random(5);
  const auto pelt = [&](Session& session) {
    for (int i = 0; i < 200; ++i) {
      Buffer garbage(1 + (random.next() % 1400));
      for (std::byte& byte : garbage) {
        byte = static_cast<std::byte>(random.next());
      }
      garbage[0] = static_cast<std::byte>(20 + (random.next() % 44));
      session.handle_datagram(now_, garbage);
    }
  };
  pelt(server_);
  client_.start(now_);
  pelt(client_);
  for (int round = 0; round < 4; ++round) {
    give(server_, sent_by(client_));
    pelt(server_);
    give(client_, sent_by(server_));
    pelt(client_);
  }
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_EQ(client_.state(), State::kConnected);
  now_ += std::chrono::seconds(5);
  server_.handle_timeout(now_);
  pelt(server_);
  EXPECT_EQ(server_.state(), State::kConnected);
}

TEST_F(DtlsSession, SurvivesEachFlightTruncatedAndChanged) {
  client_.start(now_);
  const Flight hello = sent_by(client_);
  give(server_, hello);
  const Flight answer = sent_by(server_);
  give(client_, answer);
  const Flight finish = sent_by(client_);
  Random random(9);
  for (const Flight& flight : {hello, answer, finish}) {
    for (const Buffer& datagram : flight) {
      for (std::size_t size = 0; size < datagram.size(); size += 7) {
        Session victim(Role::kServer, ours_, theirs_.fingerprint());
        give(victim, hello);
        victim.handle_datagram(now_, Bytes(datagram).first(size));
        EXPECT_NE(victim.state(), State::kConnected);
        Buffer changed = datagram;
        changed[size] ^= static_cast<std::byte>(1 + (random.next() % 255));
        victim.handle_datagram(now_, changed);
        EXPECT_NE(victim.state(), State::kConnected);
      }
    }
  }
}

TEST_F(DtlsSession, IgnoresFlightsThatAreReplayed) {
  client_.start(now_);
  const Flight hello = sent_by(client_);
  give(server_, hello);
  const Flight answer = sent_by(server_);
  give(client_, answer);
  const Flight finish = sent_by(client_);
  give(server_, finish);
  give(client_, sent_by(server_));
  const Buffer keys = server_.keys()->material;
  for (int i = 0; i < 5; ++i) {
    give(server_, hello);
    give(server_, finish);
    give(client_, answer);
  }
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_EQ(client_.state(), State::kConnected);
  EXPECT_EQ(server_.keys()->material, keys);
}

TEST(SeededOpenssl, MakesTwoRunsTheSameToTheByte) {
  const auto run = [] {
    const SeededOpenssl openssl(77);
    const Identity ours = make_identity(1);
    const Identity theirs = make_identity(2);
    Session server(Role::kServer, ours, theirs.fingerprint());
    Session client(Role::kClient, theirs, ours.fingerprint());
    Flight all;
    client.start({});
    while (true) {
      Flight flight = sent_by(client);
      for (const Buffer& datagram : flight) {
        server.handle_datagram({}, datagram);
      }
      for (Buffer& datagram : sent_by(server)) {
        client.handle_datagram({}, datagram);
        flight.push_back(std::move(datagram));
      }
      if (flight.empty()) {
        return all;
      }
      all.insert(all.end(), flight.begin(), flight.end());
    }
  };
  const Flight once = run();
  EXPECT_GE(once.size(), 4U);
  EXPECT_EQ(run(), once);
}

TEST(DtlsFingerprint, IsReadInAnyCaseAndWrittenInUpperCase) {
  const SeededOpenssl openssl(3);
  const Fingerprint ours = make_identity(4).fingerprint();
  EXPECT_EQ(ours.algorithm, "sha-256");
  EXPECT_THAT(ours.value, SizeIs(32));
  std::string text = ours.value_text();
  EXPECT_THAT(text, SizeIs((3 * 32) - 1));
  EXPECT_EQ(Fingerprint::parse("SHA-256", text), ours);
  for (char& letter : text) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  EXPECT_EQ(Fingerprint::parse("sha-256", text), ours);
}

TEST(DtlsFingerprint, RefusesOtherHashesAndOtherLengths) {
  const SeededOpenssl openssl(3);
  const std::string text = make_identity(4).fingerprint().value_text();
  EXPECT_EQ(Fingerprint::parse("sha-1", text), std::nullopt);
  EXPECT_EQ(Fingerprint::parse("sha-384", text), std::nullopt);
  EXPECT_EQ(Fingerprint::parse("sha-256", text + ":00"), std::nullopt);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(Fingerprint::parse("sha-256", text.substr(0, size)), std::nullopt) << size;
  }
  std::string bad = text;
  bad[4] = 'x';
  EXPECT_EQ(Fingerprint::parse("sha-256", bad), std::nullopt);
  bad = text;
  bad[2] = '-';
  EXPECT_EQ(Fingerprint::parse("sha-256", bad), std::nullopt);
}

}  // namespace
}  // namespace visavis::dtls
