#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/byte_reader.hpp"
#include "base/time.hpp"
#include "rtp/extension_map.hpp"
#include "rtp/rtp_packet.hpp"

namespace visavis::rtp {

inline constexpr std::uint16_t kOneByteProfile = 0xBEDE;  // RFC 8285 §4.2
inline constexpr std::uint16_t kTwoByteProfile = 0x1000;  // RFC 8285 §4.3, less its appbits

/// Calls `visit(std::uint8_t id, Bytes value)` for each header extension, in their order. A
/// malformed block ends the walk: what came before it has been visited (RFC 8285 §4.2, §4.3).
template <class Visitor>
void for_each_extension(const PacketView& packet, Visitor&& visit) {
  const bool one_byte = packet.extension_profile == kOneByteProfile;
  if (!one_byte && (packet.extension_profile & 0xFFF0U) != kTwoByteProfile) {
    return;
  }
  ByteReader reader(packet.extensions);
  while (!reader.rest().empty()) {
    const unsigned first = reader.u8();
    if (first == 0) {
      continue;  // Padding.
    }
    const unsigned id = one_byte ? first >> 4U : first;
    if (one_byte && id == 15) {
      return;  // RFC 8285 §4.2: nothing after it is to be read.
    }
    const std::size_t size = one_byte ? (first & 0x0FU) + 1 : reader.u8();
    const Bytes value = reader.bytes(size);
    if (!reader.ok()) {
      return;
    }
    if (id != 0) {
      visit(static_cast<std::uint8_t>(id), value);
    }
  }
}

/// The value of the first extension with this id.
[[nodiscard]] std::optional<Bytes> find_extension(const PacketView& packet, std::uint8_t id);
/// The same by meaning; nothing when it was not negotiated.
[[nodiscard]] std::optional<Bytes> find_extension(const PacketView& packet, const ExtensionMap& map,
                                                  Extension extension);

/// RFC 6464 §3.
struct AudioLevel {
  std::uint8_t below_full_dbov = 127;  ///< 0 is as loud as it gets, 127 is silence.
  bool voice = false;

  friend bool operator==(const AudioLevel&, const AudioLevel&) = default;
};
[[nodiscard]] std::optional<AudioLevel> read_audio_level(Bytes value);
[[nodiscard]] std::uint8_t write_audio_level(AudioLevel level);

/// The transport-wide sequence number.
[[nodiscard]] std::optional<SequenceNumber> read_transport_cc(Bytes value);

/// abs-send-time: 24 bits, 6.18 fixed-point seconds, in the high to low order of the wire.
[[nodiscard]] std::uint32_t abs_send_time(Instant at);

/// mid, rid: at most 16 bytes of printable ASCII are told (RFC 8852 §3); otherwise nothing.
[[nodiscard]] std::optional<std::string_view> read_id(Bytes value);

}  // namespace visavis::rtp
