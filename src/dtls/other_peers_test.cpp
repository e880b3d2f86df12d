#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <functional>

#include "base/random.hpp"
#include "dtls/identity_context.hpp"
#include "dtls/seeded_openssl.hpp"
#include "dtls/session.hpp"
#include "sim/seeded_entropy.hpp"

// Clients and servers that are not ours: other profiles, other certificates, older versions. They
// are plain OpenSSL, set up by each test.
namespace visavis::dtls {
namespace {

using testing::SizeIs;

struct FreeAll {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class Type>
using Owned = std::unique_ptr<Type, FreeAll>;

/// A client or server of plain OpenSSL with an RSA certificate.
class OtherPeer {
 public:
  using SetUp = std::function<void(SSL_CTX*)>;

  OtherPeer() : key_(EVP_RSA_gen(2048)), certificate_(X509_new()) {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 1);
    ASN1_TIME_set_string(X509_getm_notBefore(certificate_.get()), "20000101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(certificate_.get()), "20000201000000Z");
    X509_set_pubkey(certificate_.get(), key_.get());
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  }

  [[nodiscard]] Fingerprint fingerprint(std::string_view algorithm, const EVP_MD* digest) const {
    Buffer value(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    X509_digest(certificate_.get(), digest, as_u8(MutableBytes(value)), &size);
    value.resize(size);
    return {.algorithm = std::string(algorithm), .value = value};
  }

  void use_certificate(SSL_CTX* context) const {
    SSL_CTX_use_certificate(context, certificate_.get());
    SSL_CTX_use_PrivateKey(context, key_.get());
  }

  /// Shakes hands with `server` until nobody has anything to say.
  void connect(Session& server, const SetUp& set_up, long mtu = 1200) {
    prepare(DTLS_client_method(), set_up, mtu);
    SSL_set_connect_state(session_.get());
    SSL_do_handshake(session_.get());
    shake_hands(server);
  }

  /// The same, but `client` begins.
  void accept(Session& client, const SetUp& set_up) {
    prepare(DTLS_server_method(), set_up, 1200);
    SSL_set_accept_state(session_.get());
    client.start({});
    shake_hands(client);
  }

  [[nodiscard]] Buffer export_keys(std::size_t size) const {
    Buffer material(size);
    SSL_export_keying_material(session_.get(), as_u8(MutableBytes(material)), size,
                               "EXTRACTOR-dtls_srtp", 19, nullptr, 0, 0);
    return material;
  }

  void close() { SSL_shutdown(session_.get()); }
  /// Whether `session`'s next datagram is close_notify.
  [[nodiscard]] bool hears_goodbye_of(Session& session) {
    port_.incoming = session.poll_transmit();
    std::uint8_t byte = 0;
    SSL_read(session_.get(), &byte, 1);
    return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  [[nodiscard]] std::vector<Buffer> take_written() { return std::exchange(port_.outgoing, {}); }

 private:
  void prepare(const SSL_METHOD* method, const SetUp& set_up, long mtu) {
    context_.reset(SSL_CTX_new(method));
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_QUERY_MTU);
    set_up(context_.get());
    session_.reset(SSL_new(context_.get()));
    SSL_set_mtu(session_.get(), mtu);
    BIO* const bio = BIO_new(method_.get());
    BIO_set_data(bio, &port_);
    SSL_set_bio(session_.get(), bio, bio);
  }
  void shake_hands(Session& session) {
    for (int round = 0; round < 4; ++round) {
      for (const Buffer& datagram : std::exchange(port_.outgoing, {})) {
        session.handle_datagram({}, datagram);
      }
      for (Bytes bytes = session.poll_transmit(); !bytes.empty(); bytes = session.poll_transmit()) {
        port_.incoming = bytes;
        SSL_do_handshake(session_.get());
      }
    }
  }

  Owned<EVP_PKEY> key_;
  Owned<X509> certificate_;
  DatagramPort port_;
  std::unique_ptr<bio_method_st, Identity::Context::Free> method_{new_datagram_method()};
  Owned<SSL_CTX> context_;
  Owned<SSL> session_;
};

class DtlsWithOthers : public testing::Test {
 protected:
  void connect_with(Session& server, const char* suite) {
    client_.connect(server, [&](SSL_CTX* context) {
      client_.use_certificate(context);
      SSL_CTX_set_cipher_list(context, suite);
      SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM");
    });
    ASSERT_EQ(server.state(), State::kConnected) << suite;
    ASSERT_FALSE(server.holds_tls_state());
  }

  SeededOpenssl openssl_{1};
  sim::SeededEntropy entropy_{1};
  Identity ours_ = Identity::make(entropy_);
  OtherPeer client_;
};

/// Servers: who publishes by FFmpeg is one.
class DtlsWithOtherServers : public DtlsWithOthers {
 protected:
  /// FFmpeg's, but for the RSA certificate, which it has when it is given one.
  void set_up(SSL_CTX* context) const {
    server_.use_certificate(context);
    SSL_CTX_set_cipher_list(context, "ALL");
    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521");
    SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AES128_CM_SHA1_80");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE,
                       [](int, X509_STORE_CTX*) { return 1; });
  }

  OtherPeer& server_ = client_;
  Session session_{Role::kClient, ours_, server_.fingerprint("sha-256", EVP_sha256())};
};

TEST_F(DtlsWithOthers, AgreesOnAesCmWithAClientThatHasNoGcm) {
  Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
  client_.connect(server, [&](SSL_CTX* context) {
    client_.use_certificate(context);
    SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AES128_CM_SHA1_80");
  });
  ASSERT_EQ(server.state(), State::kConnected);
  EXPECT_EQ(server.keys()->profile, 1);
  EXPECT_THAT(server.keys()->material, SizeIs(60));
  EXPECT_EQ(server.keys()->material, client_.export_keys(60));
}

TEST_F(DtlsWithOthers, PrefersAesGcmWhateverTheClientPrefers) {
  Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
  client_.connect(server, [&](SSL_CTX* context) {
    client_.use_certificate(context);
    SSL_CTX_set_tlsext_use_srtp(
        context, "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM");
  });
  ASSERT_EQ(server.state(), State::kConnected);
  EXPECT_EQ(server.keys()->profile, 7);
}

TEST_F(DtlsWithOthers, KnowsAnExpiredRsaCertificateByItsLongerFingerprints) {
  for (const auto& expected : {client_.fingerprint("sha-384", EVP_sha384()),
                               client_.fingerprint("sha-512", EVP_sha512())}) {
    Session server(Role::kServer, ours_, expected);
    client_.connect(server, [&](SSL_CTX* context) {
      client_.use_certificate(context);
      SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM");
    });
    EXPECT_EQ(server.state(), State::kConnected) << expected.algorithm;
  }
}

TEST_F(DtlsWithOthers, JoinsTheFragmentsOfAClientOnANarrowPath) {
  Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
  client_.connect(
      server,
      [&](SSL_CTX* context) {
        client_.use_certificate(context);
        SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM");
      },
      256);
  EXPECT_EQ(server.state(), State::kConnected);
}

TEST_F(DtlsWithOthers, RefusesAClientWithoutACertificate) {
  Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
  client_.connect(server, [&](SSL_CTX* context) {
    SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM");
  });
  EXPECT_EQ(server.failure(), Failure::kHandshake);
  EXPECT_EQ(server.keys(), nullptr);
}

TEST_F(DtlsWithOthers, RefusesAClientThatSpeaksNoSrtp) {
  Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
  client_.connect(server, [&](SSL_CTX* context) { client_.use_certificate(context); });
  EXPECT_EQ(server.failure(), Failure::kNoSrtpProfile);
  EXPECT_EQ(server.keys(), nullptr);
}

TEST_F(DtlsWithOthers, RefusesDtls10) {
  Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
  client_.connect(server, [&](SSL_CTX* context) {
    client_.use_certificate(context);
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_max_proto_version(context, DTLS1_VERSION);
    SSL_CTX_set_min_proto_version(context, DTLS1_VERSION);
    SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM");
  });
  EXPECT_EQ(server.failure(), Failure::kHandshake);
}

TEST_F(DtlsWithOthers, HearsAGoodbyeWithoutItsTlsState) {
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}) {
    Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
    ASSERT_NO_FATAL_FAILURE(connect_with(server, suite));
    client_.close();
    const std::vector<Buffer> goodbye = client_.take_written();
    ASSERT_THAT(goodbye, SizeIs(1));
    for (std::size_t at = 0; at < goodbye[0].size(); ++at) {
      Buffer forged = goodbye[0];
      forged[at] ^= std::byte{1};
      server.handle_datagram({}, forged);
      server.handle_datagram({}, Bytes(goodbye[0]).first(at));
      ASSERT_EQ(server.state(), State::kConnected) << suite << ' ' << at;
    }
    server.handle_datagram({}, goodbye[0]);
    EXPECT_EQ(server.state(), State::kClosed) << suite;
    EXPECT_EQ(server.next_timeout(), kNever);
  }
}

TEST_F(DtlsWithOtherServers, AgreesOnAesCmWithOneThatHasAnRsaCertificate) {
  server_.accept(session_, [&](SSL_CTX* context) { set_up(context); });
  ASSERT_EQ(session_.state(), State::kConnected);
  EXPECT_EQ(session_.keys()->profile, 1);
  EXPECT_EQ(session_.keys()->material, server_.export_keys(60));
}

TEST_F(DtlsWithOtherServers, ShowsTheCookieThatItIsGiven) {
  server_.accept(session_, [&](SSL_CTX* context) {
    set_up(context);
    SSL_CTX_set_options(context, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_cookie_generate_cb(context, [](SSL*, unsigned char* cookie, unsigned* size) {
      std::fill_n(cookie, 16, std::uint8_t{7});
      *size = 16;
      return 1;
    });
    SSL_CTX_set_cookie_verify_cb(context, [](SSL*, const unsigned char* cookie, unsigned size) {
      return static_cast<int>(size == 16 && cookie[0] == 7);
    });
  });
  EXPECT_EQ(session_.state(), State::kConnected);
}

TEST_F(DtlsWithOtherServers, HearsTheGoodbyeOfOne) {
  server_.accept(session_, [&](SSL_CTX* context) { set_up(context); });
  ASSERT_EQ(session_.state(), State::kConnected);
  ASSERT_FALSE(session_.holds_tls_state());
  server_.close();
  for (const Buffer& goodbye : server_.take_written()) {
    session_.handle_datagram({}, goodbye);
  }
  EXPECT_EQ(session_.state(), State::kClosed);
}

TEST_F(DtlsWithOthers, SaysGoodbyeWithoutItsTlsStateInEverySuite) {
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                            "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA"}) {
    Session server(Role::kServer, ours_, client_.fingerprint("sha-256", EVP_sha256()));
    ASSERT_NO_FATAL_FAILURE(connect_with(server, suite));
    EXPECT_FALSE(client_.hears_goodbye_of(server));
    server.close();
    EXPECT_TRUE(client_.hears_goodbye_of(server)) << suite;
  }
}

TEST_F(DtlsWithOtherServers, SaysGoodbyeToOne) {
  server_.accept(session_, [&](SSL_CTX* context) { set_up(context); });
  ASSERT_EQ(session_.state(), State::kConnected);
  session_.close();
  EXPECT_TRUE(server_.hears_goodbye_of(session_));
}

TEST_F(DtlsWithOtherServers, RefusesOneOfAnotherCertificateOrWithoutSrtp) {
  Session misled(Role::kClient, ours_, ours_.fingerprint());
  server_.accept(misled, [&](SSL_CTX* context) { set_up(context); });
  EXPECT_EQ(misled.failure(), Failure::kFingerprintMismatch);
  server_.accept(session_, [&](SSL_CTX* context) { server_.use_certificate(context); });
  EXPECT_EQ(session_.failure(), Failure::kNoSrtpProfile);
}

}  // namespace
}  // namespace visavis::dtls
