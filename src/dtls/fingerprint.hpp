#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis::dtls {

/// The hash of a certificate, as `a=fingerprint` gives it (RFC 8122 §5).
struct Fingerprint {
  std::string algorithm;  ///< "sha-256", "sha-384" or "sha-512".
  Buffer value;

  /// Reads "sha-256" and "AB:CD:…", either in any case. Nothing for other hash functions, and for a
  /// value of another length than the function's.
  [[nodiscard]] static std::optional<Fingerprint> parse(std::string_view algorithm,
                                                        std::string_view value);
  /// "AB:CD:…", upper case.
  [[nodiscard]] std::string value_text() const;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

}  // namespace visavis::dtls
