#pragma once

#include <string_view>

namespace visavis::rtp {

/// The server's CNAME in RTCP and SDP. All it sends to a peer lies on one time line, its own, and a
/// CNAME names just that (RFC 3550 §6.5.1, RFC 8834 §4.9); which sound goes with which picture is
/// said by the msid. It is the same for everyone, so that it tells nobody from another (RFC 7022
/// §3), and each connection is an RTP session of its own, so that it need not be unique.
inline constexpr std::string_view kServerCname = "visavis";

}  // namespace visavis::rtp
