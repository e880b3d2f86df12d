#pragma once

#include <cstddef>

#include "rtp/rtp_packet.hpp"

namespace visavis::sfu {

/// Fits every path that WebRTC uses, with SRTCP's trailer.
inline constexpr std::size_t kRtcpBytesMax = 1200;
/// The SSRC of our reports as a receiver, who sends nothing: no SSRC of a slot is as small.
inline constexpr rtp::Ssrc kReceiverSsrc{1};

}  // namespace visavis::sfu
