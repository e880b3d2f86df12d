#pragma once

#include "rtp/media_parameters.hpp"
#include "rtp/rtp_packet.hpp"

namespace visavis::rtp {

/// Whether a payload (without padding) is the first of a keyframe, or may be: for H.264 the packet
/// with the parameter sets or the IDR slice, for AV1 the one with the sequence header. False for
/// audio, for anything malformed, and for nothing.
///
/// VP8: RFC 7741 §4; VP9: RFC 9628 §4; H.264: RFC 6184 §5; AV1: AOM's RTP specification §4.4.
[[nodiscard]] bool starts_keyframe(const Format& format, Bytes payload);

/// The same of a decrypted packet; padding is taken off first.
[[nodiscard]] bool is_keyframe_packet(const Format& format, const PacketView& packet);

/// Whether a payload is surely the first of its picture. Only VP8 and VP9 say so in each packet; of
/// the others a picture begins where the timestamp changes.
[[nodiscard]] bool starts_picture(const Format& format, Bytes payload);

}  // namespace visavis::rtp
