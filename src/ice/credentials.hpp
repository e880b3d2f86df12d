#pragma once

#include <string>

#include "base/entropy.hpp"

namespace visavis::ice {

/// One agent's half of an ICE session's credentials (RFC 8445 §5.3): `a=ice-ufrag`, `a=ice-pwd`.
struct Credentials {
  std::string ufrag;
  std::string pwd;

  /// A fragment of 12 characters (72 bits: peers are found by it, so it must be unique in the
  /// process) and a password of 24 (144 bits; RFC 8445 §5.3 asks for 128).
  [[nodiscard]] static Credentials make(Entropy& entropy);

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// True for what RFC 8839 §5.4 allows: 4 to 256 ice-chars, and a password of 22 to 256.
[[nodiscard]] bool is_valid(const Credentials& credentials);

}  // namespace visavis::ice
