#include "dtls/identity.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>

#include "base/check.hpp"
#include "dtls/identity_context.hpp"

namespace visavis::dtls {
namespace {

template <auto free_function>
struct FreeWith {
  template <class Pointer>
  void operator()(Pointer* pointer) const {
    free_function(pointer);
  }
};
template <class Type, auto free_function>
using Owned = std::unique_ptr<Type, FreeWith<free_function>>;

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Number = Owned<BIGNUM, BN_free>;
using Group = Owned<EC_GROUP, EC_GROUP_free>;

/// A private key: a number from 1 to below the group's order, every one as likely.
Number make_scalar(Entropy& entropy, const EC_GROUP& group) {
  std::array<std::byte, 32> bytes{};
  while (true) {
    entropy.fill(bytes);
    Number scalar(BN_bin2bn(as_u8(Bytes(bytes)), static_cast<int>(bytes.size()), nullptr));
    check(scalar != nullptr);
    if (BN_is_zero(scalar.get()) == 0 && BN_cmp(scalar.get(), EC_GROUP_get0_order(&group)) < 0) {
      OPENSSL_cleanse(bytes.data(), bytes.size());
      return scalar;
    }
  }
}

Key make_key(Entropy& entropy) {
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  check(group != nullptr);
  const Number scalar = make_scalar(entropy, *group);
  const Owned<EC_POINT, EC_POINT_free> point(EC_POINT_new(group.get()));
  check(EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1);
  std::array<unsigned char, 65> public_key{};
  check(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                           public_key.data(), public_key.size(), nullptr) == public_key.size());

  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  check(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                        0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_key.data(),
                                         public_key.size()) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) == 1);
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  check(EVP_PKEY_fromdata_init(context.get()) == 1 &&
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1);
  return Key(key);
}

/// Valid for good: only the fingerprint counts, and a core has no clock to take dates from.
Certificate make_certificate(Entropy& entropy, EVP_PKEY& key) {
  Certificate certificate(X509_new());
  std::array<std::byte, 8> serial{};
  entropy.fill(serial);
  serial[0] &= std::byte{0x7F};  // A serial number is positive (RFC 5280 §4.1.2.2).
  const Number number(BN_bin2bn(as_u8(Bytes(serial)), static_cast<int>(serial.size()), nullptr));
  check(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr);

  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const std::string_view common_name = "visavis";
  check(X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, as_u8(as_bytes(common_name)),
                                   static_cast<int>(common_name.size()), -1, 0) == 1 &&
        X509_set_issuer_name(certificate.get(), name) == 1 &&
        ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), "20200101000000Z") == 1 &&
        ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "99991231235959Z") == 1 &&
        X509_set_pubkey(certificate.get(), &key) == 1 &&
        X509_sign(certificate.get(), &key, EVP_sha256()) > 0);
  return certificate;
}

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm == "sha-512") {
    return EVP_sha512();
  }
  return algorithm == "sha-384" ? EVP_sha384() : EVP_sha256();
}

Fingerprint fingerprint_of(const X509& certificate, std::string_view algorithm) {
  Buffer value(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  check(X509_digest(&certificate, digest_of(algorithm), as_u8(MutableBytes(value)), &size) == 1);
  value.resize(size);
  return {.algorithm = std::string(algorithm), .value = std::move(value)};
}

/// In place of a chain check: the peer is who signalling promised (RFC 8827 §6.5), or the handshake
/// ends here, before a key is used.
int verify_peer(X509_STORE_CTX* store, void* /*argument*/) {
  const auto* const session = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& expected = *static_cast<ExpectedPeer*>(SSL_get_app_data(session));
  const X509* const certificate = X509_STORE_CTX_get0_cert(store);
  expected.mismatch =
      certificate == nullptr ||
      fingerprint_of(*certificate, expected.fingerprint.algorithm) != expected.fingerprint;
  if (expected.mismatch) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  }
  return expected.mismatch ? 0 : 1;
}

// AES-GCM first: it costs a third of AES-CM with SHA-1.
const char* srtp_names(SrtpProfiles profiles) {
  switch (profiles) {
    case SrtpProfiles::kGcm: return "SRTP_AEAD_AES_128_GCM";
    case SrtpProfiles::kCm: return "SRTP_AES128_CM_SHA1_80";
    case SrtpProfiles::kAll: break;
  }
  return "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
}

void set_up(SSL_CTX& tls, X509& certificate, EVP_PKEY& key, SrtpProfiles profiles) {
  // What the browsers offer (RFC 8827 §6.5), the cheapest first. Those with RSA are for servers
  // whose certificate is so, when we are the client; our own is not.
  static constexpr const char* kCiphers =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:"
      "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA";
  static constexpr long kCertificateBytesMax = 16'384;  // The browsers' are below 1 kB.

  check(SSL_CTX_set_min_proto_version(&tls, DTLS1_2_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(&tls, DTLS1_2_VERSION) == 1 &&
        SSL_CTX_use_certificate(&tls, &certificate) == 1 &&
        SSL_CTX_use_PrivateKey(&tls, &key) == 1 && SSL_CTX_set_cipher_list(&tls, kCiphers) == 1 &&
        SSL_CTX_set1_groups_list(&tls, "X25519:P-256") == 1 &&
        SSL_CTX_set_tlsext_use_srtp(&tls, srtp_names(profiles)) == 0);
  SSL_CTX_set_options(&tls, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(&tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(&tls, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(&tls, 1);  // A BIO of datagrams gives a whole one or nothing.
  SSL_CTX_set_max_cert_list(&tls, kCertificateBytesMax);
  SSL_CTX_set_verify(&tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(&tls, verify_peer, nullptr);
}

}  // namespace

void Identity::Context::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}
void Identity::Context::Free::operator()(bio_method_st* method) const {
  BIO_meth_free(method);
}

Identity Identity::make(Entropy& entropy, SrtpProfiles profiles) {
  const Key key = make_key(entropy);
  const Certificate certificate = make_certificate(entropy, *key);
  auto context = std::make_shared<Context>();
  context->tls.reset(SSL_CTX_new(DTLS_method()));
  context->datagrams.reset(new_datagram_method());
  check(context->tls != nullptr);
  set_up(*context->tls, *certificate, *key, profiles);

  Identity identity;
  identity.context_ = std::move(context);
  identity.fingerprint_ = fingerprint_of(*certificate, "sha-256");
  return identity;
}

}  // namespace visavis::dtls
