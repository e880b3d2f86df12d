#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rtp/extension_map.hpp"
#include "rtp/rtp_packet.hpp"

namespace visavis::rtp {

enum class MediaKind : std::uint8_t { kAudio, kVideo };

enum class CodecName : std::uint8_t { kOpus, kVp8, kVp9, kH264, kAv1 };

/// The encoding name as SDP spells it: "opus", "VP8", "VP9", "H264", "AV1".
[[nodiscard]] std::string_view to_string(CodecName codec);
/// Case does not matter (RFC 8866 §6.6). Nothing for a codec that Visavis does not forward.
[[nodiscard]] std::optional<CodecName> codec_named(std::string_view encoding_name);
[[nodiscard]] MediaKind kind_of(CodecName codec);
/// Of the RTP timestamp, in Hz.
[[nodiscard]] std::uint32_t clock_rate(CodecName codec);

[[nodiscard]] std::string_view to_string(MediaKind kind);  ///< "audio", "video"

/// Two peers whose Formats are equal can decode each other.
struct Format {
  CodecName codec = CodecName::kOpus;
  /// H.264: a small number for (profile class, packetization-mode), given by `sdp`; VP9: the
  /// profile-id; AV1: the profile; 0 elsewhere.
  std::uint8_t profile = 0;

  friend bool operator==(const Format&, const Format&) = default;
};

/// What one BUNDLE agreed on for one payload type (in a BUNDLE a payload type means one codec,
/// RFC 9143 §9.3).
struct CodecLine {
  Format format;
  PayloadType payload_type;
  std::optional<PayloadType> rtx;  ///< RFC 4588
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool transport_cc = false;

  friend bool operator==(const CodecLine&, const CodecLine&) = default;
};

/// What one BUNDLE agreed on.
struct MediaParameters {
  std::vector<CodecLine> codecs;
  ExtensionMap extensions;
  bool reduced_size_rtcp = false;  ///< RFC 5506

  [[nodiscard]] const CodecLine* find(PayloadType payload_type) const;
  /// The line whose RTX payload type this is.
  [[nodiscard]] const CodecLine* find_by_rtx(PayloadType payload_type) const;
  [[nodiscard]] const CodecLine* find(const Format& format) const;

  friend bool operator==(const MediaParameters&, const MediaParameters&) = default;
};

/// An m-line on which the browser may send to the server.
struct PublishLine {
  std::string mid;
  MediaKind kind = MediaKind::kAudio;
  std::optional<Ssrc> ssrc;  ///< As the offer signalled it, if it did.
  std::optional<Ssrc> rtx_ssrc;

  friend bool operator==(const PublishLine&, const PublishLine&) = default;
};

/// An m-line on which the server sends to the browser. `ssrc` stays for the life of the slot.
struct SlotLine {
  std::uint16_t slot = 0;
  std::string mid;
  MediaKind kind = MediaKind::kAudio;
  Ssrc ssrc;
  std::optional<Ssrc> rtx_ssrc;

  friend bool operator==(const SlotLine&, const SlotLine&) = default;
};

}  // namespace visavis::rtp
