#include "rtp/extension_map.hpp"

#include <algorithm>

namespace visavis::rtp {
namespace {

constexpr std::array<std::string_view, kExtensionCount> kUris{
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
};
constexpr std::uint8_t kOneByteIdMax = 14;  // RFC 8285 §4.2
constexpr std::uint8_t kReservedId = 15;    // RFC 8285 §4.2

}  // namespace

std::string_view uri(Extension extension) {
  return kUris[static_cast<std::size_t>(extension)];
}

std::optional<Extension> extension_of(std::string_view uri) {
  const auto* const at = std::ranges::find(kUris, uri);
  if (at == kUris.end()) {
    return std::nullopt;
  }
  return static_cast<Extension>(at - kUris.begin());
}

bool ExtensionMap::set(std::uint8_t id, Extension extension) {
  if (id == 0 || id == kReservedId) {
    return false;
  }
  std::ranges::replace(ids_, id, std::uint8_t{0});
  ids_[static_cast<std::size_t>(extension)] = id;
  needs_two_byte_form_ =
      std::ranges::any_of(ids_, [](std::uint8_t used) { return used > kOneByteIdMax; });
  return true;
}

std::optional<Extension> ExtensionMap::at(std::uint8_t id) const {
  const auto* const at = std::ranges::find(ids_, id);
  if (id == 0 || at == ids_.end()) {
    return std::nullopt;
  }
  return static_cast<Extension>(at - ids_.begin());
}

bool ExtensionMap::empty() const {
  return std::ranges::all_of(ids_, [](std::uint8_t id) { return id == 0; });
}

}  // namespace visavis::rtp
