#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace visavis::rtp {

/// The header extensions that Visavis reads or writes.
enum class Extension : std::uint8_t {
  kMid,                   ///< RFC 9143 §15.1
  kRid,                   ///< RFC 8852 §3.1
  kRepairedRid,           ///< RFC 8852 §3.2
  kAudioLevel,            ///< RFC 6464
  kTransportCc,           ///< draft-holmer-rmcat-transport-wide-cc-extensions-01 §2
  kAbsSendTime,           ///< webrtc.org, 24 bits of 6.18 fixed-point seconds
  kVideoOrientation,      ///< 3GPP TS 26.114 §7.4.5
  kPlayoutDelay,          ///< webrtc.org
  kDependencyDescriptor,  ///< AV1 RTP, appendix A
};
inline constexpr std::size_t kExtensionCount = 9;

[[nodiscard]] std::string_view uri(Extension extension);
/// Nothing for an extension that Visavis does not know: it is not negotiated.
[[nodiscard]] std::optional<Extension> extension_of(std::string_view uri);

/// Which id stands for which extension in one BUNDLE (`a=extmap`, RFC 8285 §5).
class ExtensionMap {
 public:
  /// An id is 1 to 14, or up to 255 in the two-byte form (RFC 8285 §4). A later line for the same
  /// extension or the same id replaces the earlier one. False when `id` is none (0, 15).
  bool set(std::uint8_t id, Extension extension);

  [[nodiscard]] std::optional<std::uint8_t> id_of(Extension extension) const {
    const std::uint8_t id = ids_[static_cast<std::size_t>(extension)];
    return id == 0 ? std::nullopt : std::optional(id);
  }
  [[nodiscard]] std::optional<Extension> at(std::uint8_t id) const;
  /// Whether some id does not fit the one-byte form.
  [[nodiscard]] bool needs_two_byte_form() const { return needs_two_byte_form_; }
  [[nodiscard]] bool empty() const;

  friend bool operator==(const ExtensionMap&, const ExtensionMap&) = default;

 private:
  std::array<std::uint8_t, kExtensionCount> ids_{};  // 0: not negotiated.
  bool needs_two_byte_form_ = false;                 // Asked for each packet.
};

}  // namespace visavis::rtp
