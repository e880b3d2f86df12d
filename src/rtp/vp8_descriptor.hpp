#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace visavis::rtp {

/// The VP8 payload descriptor (RFC 7741 §4.2), and where its changeable fields lie.
struct Vp8Descriptor {
  bool starts_partition = false;  ///< S
  bool non_reference = false;     ///< N
  std::uint8_t partition = 0;     ///< PID
  std::optional<std::uint16_t> picture_id;
  bool long_picture_id = false;  ///< 15 bits, not 7.
  std::optional<std::uint8_t> tl0_picture_index;
  std::optional<std::uint8_t> temporal_layer;  ///< TID
  bool layer_sync = false;                     ///< Y
  std::optional<std::uint8_t> key_index;       ///< KEYIDX
  std::size_t size = 0;                        ///< Of the descriptor; the frame's bytes follow.
  std::size_t picture_id_at = 0;               ///< Offset in the payload; if it has one.
  std::size_t tl0_picture_index_at = 0;

  [[nodiscard]] bool starts_picture() const { return starts_partition && partition == 0; }
};

/// Nothing when `payload` ends inside the descriptor.
[[nodiscard]] std::optional<Vp8Descriptor> parse_vp8(Bytes payload);

/// Whether the packet is the first of a keyframe: the P bit of the VP8 payload header is 0 (RFC
/// 7741 §4.3).
[[nodiscard]] bool starts_vp8_keyframe(const Vp8Descriptor& descriptor, Bytes payload);

/// What a rewrite puts in place of a descriptor's numbers.
struct Vp8Numbers {
  std::uint16_t picture_id = 0;  ///< The low 15 (or 7) bits are used.
  std::uint8_t tl0_picture_index = 0;
};

/// Overwrites the numbers in `payload`, of which `descriptor` was parsed, in the widths that it
/// has.
void rewrite_vp8(MutableBytes payload, const Vp8Descriptor& descriptor, Vp8Numbers numbers);

}  // namespace visavis::rtp
