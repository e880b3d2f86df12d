#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "rtp/rtp_packet.hpp"

namespace visavis::rtp {

/// What a retransmission carries (RFC 4588 §4): two bytes of the original sequence number, then
/// the original payload.
struct RtxPayload {
  SequenceNumber original;
  Bytes payload;
};

/// Nothing when `payload` (without padding) is too short, as that of a probe of padding is.
[[nodiscard]] std::optional<RtxPayload> parse_rtx(Bytes payload);

inline constexpr std::size_t kRtxHeaderBytes = 2;

}  // namespace visavis::rtp
