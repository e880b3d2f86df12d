#pragma once

#include <expected>

#include "base/error.hpp"
#include "tls/tls_context.hpp"

namespace visavis::tls {

struct PemPair {
  std::string certificate;
  std::string key;
};

/// A fresh ECDSA P-256 key and a certificate that it signs itself (RFC 5280).
[[nodiscard]] std::expected<PemPair, Error> make_self_signed(const TlsContext::SelfSigned& options);

}  // namespace visavis::tls
