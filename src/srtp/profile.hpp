#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis::srtp {

/// The protection profiles, by their DTLS-SRTP numbers at IANA (RFC 5764 §4.1.2, RFC 7714 §14.2).
enum class Profile : std::uint8_t {
  kAes128CmSha1_80 = 1,  // NOLINT(readability-identifier-naming): the registry's name.
  kAeadAes128Gcm = 7,
};

/// Nothing for a profile that Visavis does not speak.
[[nodiscard]] std::optional<Profile> profile_of(std::uint16_t dtls_number);
/// As OpenSSL's use_srtp names it: "SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_128_GCM".
[[nodiscard]] std::string_view to_string(Profile profile);

inline constexpr std::size_t kKeyBytes = 16;
/// 14 bytes (RFC 3711 §8.2) or 12 (RFC 7714 §12).
[[nodiscard]] std::size_t salt_bytes(Profile profile);
/// What sealing adds to an RTP packet: 10 bytes (RFC 3711 §8.2) or 16 (RFC 7714 §12).
[[nodiscard]] std::size_t tag_bytes(Profile profile);
/// What sealing adds to an RTCP compound: the tag, and 4 bytes of index.
[[nodiscard]] std::size_t rtcp_overhead_bytes(Profile profile);
/// What to ask of the exporter "EXTRACTOR-dtls_srtp" (RFC 5764 §4.2).
[[nodiscard]] std::size_t exported_bytes(Profile profile);

/// What one side seals with, and the other opens with.
struct MasterKey {
  Buffer key;
  Buffer salt;
};

/// Those of the DTLS client and of the DTLS server.
struct MasterKeys {
  Profile profile = Profile::kAeadAes128Gcm;
  MasterKey client;
  MasterKey server;
};

/// Takes the exporter's bytes apart (RFC 5764 §4.2). Nothing when there are not `exported_bytes()`.
[[nodiscard]] std::optional<MasterKeys> split_keys(Profile profile, Bytes exported);

}  // namespace visavis::srtp
