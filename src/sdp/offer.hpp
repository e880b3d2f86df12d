#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rtp/media_parameters.hpp"
#include "sdp/description.hpp"

namespace visavis::sdp {

/// Whose offers to look like: they differ in payload types, extension ids and order of lines.
enum class BrowserShape : std::uint8_t {
  kChromium,
  kFirefox,
  kSafari,
  kFfmpeg,  ///< No browser: its WHIP muxer has one codec of a kind, and nothing that is optional.
};

struct OfferLine {
  std::string mid{};
  rtp::MediaKind kind = rtp::MediaKind::kAudio;
  Direction direction = Direction::kSendOnly;
  std::optional<rtp::Ssrc> ssrc{};      ///< Of a sending line.
  std::optional<rtp::Ssrc> rtx_ssrc{};  ///< Of a sending video line.
};

/// What a client brings into its offer.
struct OurOffer {
  BrowserShape shape = BrowserShape::kChromium;
  IceCredentials ice{};
  Fingerprint fingerprint{};
  std::string origin_id{};
  std::uint32_t version = 0;
  bool waits =
      false;  ///< `a=setup:passive`, as FFmpeg says anyway: the other side begins with DTLS.
  std::vector<OfferLine> lines{};
};

/// Writes an offer as the browser of this shape would, with VP8, H.264 and Opus. For clients that
/// are no browser: test peers, load generators.
[[nodiscard]] std::string write_offer(const OurOffer& ours);

}  // namespace visavis::sdp
