#pragma once

#include <cstdint>
#include <string_view>

namespace visavis::peer {

/// Why a datagram went no further. Counted, never logged one by one.
enum class Drop : std::uint8_t {
  kUnknownProtocol,   ///< The first byte is none of RFC 7983's.
  kStunMalformed,     ///< No STUN message, or without a right FINGERPRINT.
  kStunNotARequest,   ///< A lite agent asks nothing, so it expects no answers.
  kStunUsername,      ///< Another session's credentials.
  kStunIntegrity,     ///< Signed with another password.
  kStunTooMany,       ///< More checks in a burst than `ice::LiteAgent::kAnswersMax`.
  kDtlsEarly,         ///< Before an authenticated check, and the small buffer for those was full.
  kDtlsUnknownRoute,  ///< From an address that no authenticated check came from.
  kDtlsApplicationData,  ///< Data channels are not spoken here.
  kDtlsTooMany,          ///< More than `Peer::kHandshakesMax` waited for `handle_handshake()`.
  kSrtpEarly,            ///< Before there are keys.
  kSrtpMalformed,        ///< Too short, or no RTP inside.
  kSrtpAuthentication,   ///< Forged, or sealed with other keys.
  kSrtpReplay,           ///< Seen before, or older than the replay window.
  kSrtpTooManySources,   ///< More SSRCs than a peer may use.
  kCount,
};
[[nodiscard]] std::string_view to_string(Drop drop);

}  // namespace visavis::peer
