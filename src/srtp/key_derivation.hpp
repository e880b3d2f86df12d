#pragma once

#include <array>

#include "base/bytes.hpp"
#include "srtp/profile.hpp"

namespace visavis::srtp {

/// What one direction's packets are protected with.
struct SessionKeys {
  std::array<std::byte, kKeyBytes> cipher{};
  std::array<std::byte, 20> authentication{};  ///< HMAC-SHA1; unused with GCM.
  std::array<std::byte, 14> salt{};            ///< The first `salt_bytes()` count.
};

enum class KeyUse : std::uint8_t { kRtp, kRtcp };

/// All that one direction of a connection is protected with.
struct KeySet {
  Profile profile = Profile::kAeadAes128Gcm;
  SessionKeys rtp;
  SessionKeys rtcp;
};

/// Derives the session keys out of master key and salt, with a key derivation rate of 0 (RFC 3711
/// §4.3, RFC 7714 §11).
[[nodiscard]] SessionKeys derive_keys(Profile profile, Bytes key, Bytes salt, KeyUse use);
[[nodiscard]] KeySet derive_key_set(Profile profile, Bytes key, Bytes salt);

}  // namespace visavis::srtp
