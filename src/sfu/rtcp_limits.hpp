#pragma once

#include <cstddef>
#include <string_view>

#include "rtp/rtp_packet.hpp"

namespace visavis::sfu {

/// Fits every path that WebRTC uses, with SRTCP's trailer.
inline constexpr std::size_t kRtcpBytesMax = 1200;
/// All slots of all viewers lie on one time line, the server's: one name for them all (RFC 3550
/// §6.5.1; the SDP's `a=ssrc … cname:` says the same).
inline constexpr std::string_view kCname = "visavis";
/// The SSRC of our reports as a receiver, who sends nothing: no SSRC of a slot is as small.
inline constexpr rtp::Ssrc kReceiverSsrc{1};

}  // namespace visavis::sfu
