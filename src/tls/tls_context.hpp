#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

struct ssl_ctx_st;

namespace visavis::tls {

/// A certificate with its key, and the rules of our TLS: 1.2 and 1.3, ALPN "http/1.1" (RFC 7301;
/// a client that offers only others is refused, §3.2), session tickets (RFC 5077, RFC 8446 §4.6.1),
/// read and write buffers released while idle. Made once, lent to each `TlsSession`.
class TlsContext {
 public:
  /// What a certificate of our own making says; browsers show a warning, but cameras work.
  struct SelfSigned {
    std::vector<std::string> names;  ///< Host names and IP addresses (subjectAltName).
    std::int64_t unix_now = 0;       ///< Valid from a day before to 397 days after.
  };

  /// `chain`: the server's certificate first, then the intermediates, as PEM text.
  [[nodiscard]] static std::expected<TlsContext, Error> from_pem(std::string_view chain,
                                                                 std::string_view key);
  [[nodiscard]] static std::expected<TlsContext, Error> self_signed(const SelfSigned& options);
  /// For programs that connect (tests, load): trusts the certificates in `trusted` alone.
  [[nodiscard]] static std::expected<TlsContext, Error> client(std::string_view trusted);

  /// Our certificate as PEM text; empty for a client.
  [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
  [[nodiscard]] bool is_server() const { return !certificate_pem_.empty(); }

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  using Handle = std::unique_ptr<ssl_ctx_st, Free>;
  TlsContext(Handle context, std::string certificate_pem)
      : context_(std::move(context)), certificate_pem_(std::move(certificate_pem)) {}

  Handle context_;
  std::string certificate_pem_;
};

}  // namespace visavis::tls
