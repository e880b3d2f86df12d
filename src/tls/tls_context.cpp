#include "tls/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>

#include "tls/self_signed.hpp"

namespace visavis::tls {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

/// The one protocol we speak, in ALPN's wire form (RFC 7301 §3.1).
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
/// Tickets of other programs on one machine are not ours (SSL_CTX_set_session_id_context(3)).
constexpr std::string_view kSessionContext = "visavis";

Bio bio_of(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

std::unexpected<Error> error(std::string_view what) {
  std::array<char, 160> reason{};
  const unsigned long code = ERR_get_error();
  ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  std::string text(what);
  if (code != 0) {
    text.append(" (").append(reason.data()).append(")");
  }
  return std::unexpected(Error{std::move(text)});
}

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_length,
                    const unsigned char* offered, unsigned offered_length, void* /*unused*/) {
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, chosen_length, kHttp11.data(), kHttp11.size(),
                                           offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX* new_context(const SSL_METHOD* method) {
  SSL_CTX* const context = SSL_CTX_new(method);
  if (context != nullptr) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // RELEASE_BUFFERS: an idle connection keeps no 34 kB of buffers.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  }
  return context;
}

void set_server_rules(SSL_CTX* context) {
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  // Tickets carry the session: nothing is kept here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context,
                                 reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 static_cast<unsigned>(kSessionContext.size()));
}

Certificate read_certificate(BIO* bio) {
  return {PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), &X509_free};
}

bool use_chain(SSL_CTX* context, std::string_view chain) {
  const Bio bio = bio_of(chain);
  const Certificate own = read_certificate(bio.get());
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return false;
  }
  while (const Certificate next = read_certificate(bio.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) {
      return false;
    }
  }
  ERR_clear_error();  // The end of the text.
  return true;
}

/// An encrypted key must not stop the server with a question on the terminal.
int no_password(char* /*into*/, int /*size*/, int /*writing*/, void* /*unused*/) {
  return 0;
}

bool use_key(SSL_CTX* context, std::string_view text) {
  const Bio bio = bio_of(text);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
  return key != nullptr && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

std::expected<TlsContext, Error> TlsContext::from_pem(std::string_view chain,
                                                      std::string_view key) {
  Handle context(new_context(TLS_server_method()));
  if (context == nullptr) {
    return error("OpenSSL cannot be set up");
  }
  set_server_rules(context.get());
  if (!use_chain(context.get(), chain)) {
    return error("the TLS certificate file holds no usable PEM certificate");
  }
  if (!use_key(context.get(), key)) {
    return error("the TLS key file holds no usable PEM key without password for the certificate");
  }
  return TlsContext(std::move(context), std::string(chain));
}

std::expected<TlsContext, Error> TlsContext::self_signed(const SelfSigned& options) {
  const auto pair = make_self_signed(options);
  if (!pair) {
    return std::unexpected(pair.error());
  }
  return from_pem(pair->certificate, pair->key);
}

std::expected<TlsContext, Error> TlsContext::client(std::string_view trusted) {
  Handle context(new_context(TLS_client_method()));
  if (context == nullptr) {
    return error("OpenSSL cannot be set up");
  }
  const Bio bio = bio_of(trusted);
  while (const Certificate certificate = read_certificate(bio.get())) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), certificate.get());
  }
  ERR_clear_error();
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kHttp11.data(), kHttp11.size());
  return TlsContext(std::move(context), {});
}

}  // namespace visavis::tls
