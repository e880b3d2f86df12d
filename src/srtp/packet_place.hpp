#pragma once

#include <cstddef>
#include <cstdint>

namespace visavis::srtp {

/// What the cipher must know of a packet besides its bytes.
struct PacketPlace {
  std::uint32_t ssrc = 0;
  std::uint64_t index = 0;  ///< RTP: 2^16 * ROC + SEQ (48 bits); RTCP: the SRTCP index (31 bits).
  std::size_t header_size = 0;  ///< What stays in the clear at the front.
};

inline constexpr std::size_t kRtcpHeaderBytes = 8;  // RFC 3711 §3.4: encrypted from here on.
inline constexpr std::size_t kRtcpIndexBytes = 4;   // E and the index.
inline constexpr std::uint32_t kRtcpEncryptedBit = 0x8000'0000;

}  // namespace visavis::srtp
