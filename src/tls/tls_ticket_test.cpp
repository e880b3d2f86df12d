#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string_view>

#include "tls/tls_session.hpp"

namespace visavis::tls {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Ticket = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

/// OpenSSL's own client: our sessions keep no tickets, browsers do.
class RawClient {
 public:
  RawClient(SSL_CTX* context, SSL_SESSION* ticket) : ssl_(SSL_new(context), &SSL_free) {
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in, out);
    SSL_set_connect_state(ssl_.get());
    if (ticket != nullptr) {
      SSL_set_session(ssl_.get(), ticket);
    }
  }

  void offer(std::string_view protocols) {
    SSL_set_alpn_protos(ssl_.get(), as_u8(as_bytes(protocols)),
                        static_cast<unsigned>(protocols.size()));
  }

  /// Both sides until neither says anything.
  void talk_to(TlsSession& server) {
    std::array<std::byte, 8192> wire{};
    bool moved = true;
    while (moved) {
      std::size_t size = 0;
      SSL_read_ex(ssl_.get(), wire.data(), 0, &size);
      SSL_do_handshake(ssl_.get());
      const int sent = BIO_read(SSL_get_wbio(ssl_.get()), wire.data(), wire.size());
      moved = sent > 0;
      if (moved) {
        server.handle_ciphertext(Bytes(wire).first(static_cast<std::size_t>(sent)));
      }
      while ((size = server.poll_ciphertext(wire)) > 0) {
        BIO_write(SSL_get_rbio(ssl_.get()), wire.data(), static_cast<int>(size));
        moved = true;
      }
    }
    std::size_t size = 0;
    SSL_read_ex(ssl_.get(), wire.data(), wire.size(), &size);  // Takes in the ticket.
  }

  [[nodiscard]] Ticket ticket() const { return {SSL_get1_session(ssl_.get()), &SSL_SESSION_free}; }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

TlsContext server_context() {
  return TlsContext::self_signed({.names = {"localhost"}, .unix_now = 1'795'000'000}).value();
}

void expect_second_visit_is_shorter(int version) {
  const TlsContext server = server_context();
  const Context client(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_max_proto_version(client.get(), version);

  TlsSession first_session(server);
  RawClient first(client.get(), nullptr);
  first.talk_to(first_session);
  ASSERT_EQ(first_session.state(), TlsSession::State::kOpen);
  EXPECT_FALSE(first_session.resumed());

  TlsSession second_session(server);
  RawClient second(client.get(), first.ticket().get());
  second.talk_to(second_session);
  ASSERT_EQ(second_session.state(), TlsSession::State::kOpen);
  EXPECT_TRUE(second_session.resumed());
  EXPECT_TRUE(second.resumed());
}

TEST(TlsTicket, ShortensTheSecondVisitWithTls13) {
  expect_second_visit_is_shorter(TLS1_3_VERSION);
}

TEST(TlsTicket, ShortensTheSecondVisitWithTls12) {
  expect_second_visit_is_shorter(TLS1_2_VERSION);
}

TEST(TlsProtocols, RefuseAClientThatSpeaksOnlyHttp2) {
  const TlsContext server = server_context();
  const Context client(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  TlsSession session(server);
  RawClient only_http2(client.get(), nullptr);
  only_http2.offer("\x02h2");
  only_http2.talk_to(session);
  EXPECT_EQ(session.state(), TlsSession::State::kFailed);
}

TEST(TlsProtocols, ChooseHttp11FromWhatABrowserOffers) {
  const TlsContext server = server_context();
  const Context client(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  TlsSession session(server);
  RawClient browser(client.get(), nullptr);
  browser.offer("\x02h2\x08http/1.1");
  browser.talk_to(session);
  EXPECT_EQ(session.state(), TlsSession::State::kOpen);
  EXPECT_EQ(session.protocol(), "http/1.1");
}

TEST(TlsProtocols, LetInAClientWithoutAlpn) {
  const TlsContext server = server_context();
  const Context client(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  TlsSession session(server);
  RawClient plain(client.get(), nullptr);
  plain.talk_to(session);
  EXPECT_EQ(session.state(), TlsSession::State::kOpen);
  EXPECT_EQ(session.protocol(), "");
}

}  // namespace
}  // namespace visavis::tls
