#include "tls/tls_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "tls/self_signed.hpp"

namespace visavis::tls {
namespace {

using State = TlsSession::State;

constexpr std::int64_t kNow = 1'795'000'000;  // November 2026.

PemPair fresh_pair() {
  return make_self_signed({.names = {"localhost", "127.0.0.1", "::1"}, .unix_now = kNow}).value();
}

/// Everything `from` has to send, to `to`, in pieces of `piece` bytes.
bool carry(TlsSession& from, TlsSession& to, std::size_t piece = 4096) {
  Buffer wire(piece);
  bool moved = false;
  while (const std::size_t size = from.poll_ciphertext(wire)) {
    to.handle_ciphertext(Bytes(wire).first(size));
    moved = true;
  }
  return moved;
}

std::string read_all(TlsSession& session) {
  std::string text;
  std::array<std::byte, 1000> piece{};
  while (const std::size_t size = session.read(piece)) {
    text += as_text(Bytes(piece).first(size));
  }
  return text;
}

struct Pair {
  explicit Pair(const PemPair& pem = fresh_pair(), std::string_view name = "localhost")
      : server_context(TlsContext::from_pem(pem.certificate, pem.key).value()),
        client_context(TlsContext::client(pem.certificate).value()),
        server(server_context),
        client(client_context, name) {}

  void shake_hands(std::size_t piece = 4096) {
    while (carry(client, server, piece) || carry(server, client, piece)) {
    }
    static_cast<void>(read_all(client));  // Takes in the tickets.
  }

  TlsContext server_context;
  TlsContext client_context;
  TlsSession server;
  TlsSession client;
};

TEST(TlsSession, CarriesBytesBothWaysAndAgreesOnHttp11) {
  Pair pair;
  pair.shake_hands();
  ASSERT_EQ(pair.server.state(), State::kOpen);
  ASSERT_EQ(pair.client.state(), State::kOpen);
  EXPECT_EQ(pair.server.protocol(), "http/1.1");

  pair.client.write(as_bytes("hello"));
  carry(pair.client, pair.server);
  EXPECT_EQ(read_all(pair.server), "hello");
  pair.server.write(as_bytes("good day"));
  carry(pair.server, pair.client);
  EXPECT_EQ(read_all(pair.client), "good day");
}

TEST(TlsSession, ShakesHandsWhenTheNetworkBringsOneByteAtATime) {
  Pair pair;
  pair.shake_hands(1);
  EXPECT_EQ(pair.server.state(), State::kOpen);
  EXPECT_EQ(pair.client.state(), State::kOpen);
}

TEST(TlsSession, CarriesMoreThanManyRecordsHold) {
  Pair pair;
  pair.shake_hands();
  const std::string sent(1'000'000, 'x');
  pair.server.write(as_bytes(sent));
  std::string received;
  Buffer wire(10'000);
  while (const std::size_t size = pair.server.poll_ciphertext(wire)) {
    pair.client.handle_ciphertext(Bytes(wire).first(size));
    received += read_all(pair.client);
  }
  EXPECT_EQ(received, sent);
}

TEST(TlsSession, TellsTheEndFromABrokenConnection) {
  Pair pair;
  pair.shake_hands();
  pair.client.write(as_bytes("last words"));
  pair.client.close();
  carry(pair.client, pair.server);
  EXPECT_EQ(read_all(pair.server), "last words");
  EXPECT_EQ(pair.server.state(), State::kClosed);
  pair.server.write(as_bytes("still heard"));
  EXPECT_TRUE(carry(pair.server, pair.client));
}

TEST(TlsSession, FailsOnAChangedByteAndSaysSoToThePeer) {
  Pair pair;
  pair.shake_hands();
  pair.client.write(as_bytes("hello"));
  Buffer wire(4096);
  const std::size_t size = pair.client.poll_ciphertext(wire);
  wire[size - 1] ^= std::byte{1};
  pair.server.handle_ciphertext(Bytes(wire).first(size));
  EXPECT_EQ(read_all(pair.server), "");
  EXPECT_EQ(pair.server.state(), State::kFailed);
  EXPECT_FALSE(pair.server.failure().empty());
  EXPECT_TRUE(carry(pair.server, pair.client)) << "the alert";
}

TEST(TlsSession, FailsOnPlainHttp) {
  Pair pair;
  pair.server.handle_ciphertext(as_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(pair.server.state(), State::kFailed);
}

TEST(TlsSession, IsNotAcceptedForANameThatTheCertificateDoesNotHave) {
  Pair pair(fresh_pair(), "elsewhere.example");
  pair.shake_hands();
  EXPECT_EQ(pair.client.state(), State::kFailed);
  EXPECT_NE(pair.server.state(), State::kOpen);
}

TEST(TlsSession, IsAcceptedForAnAddressInTheCertificate) {
  for (const std::string_view name : {"127.0.0.1", "::1"}) {
    Pair pair(fresh_pair(), name);
    pair.shake_hands();
    EXPECT_EQ(pair.client.state(), State::kOpen) << name << ' ' << pair.client.failure();
  }
}

TEST(TlsContext, RefusesTextThatIsNoCertificate) {
  const PemPair pair = fresh_pair();
  const auto context = TlsContext::from_pem("hello", pair.key);
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().text, testing::HasSubstr("certificate"));
}

TEST(TlsContext, RefusesTheKeyOfAnotherCertificate) {
  const auto context = TlsContext::from_pem(fresh_pair().certificate, fresh_pair().key);
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().text, testing::HasSubstr("key"));
}

TEST(TlsContext, RefusesANameThatNoCertificateCanHold) {
  EXPECT_FALSE(TlsContext::self_signed({.names = {}, .unix_now = kNow}));
}

}  // namespace
}  // namespace visavis::tls
