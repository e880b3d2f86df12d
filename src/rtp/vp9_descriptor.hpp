#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace visavis::rtp {

/// The front of the VP9 payload descriptor (RFC 9628 §4.2), as far as a forwarder reads it.
struct Vp9Descriptor {
  std::optional<std::uint16_t> picture_id;
  bool long_picture_id = false;  ///< 15 bits, not 7.
  bool inter_predicted = false;  ///< P
  bool starts_frame = false;     ///< B: of one spatial layer
  bool ends_frame = false;       ///< E
  bool flexible = false;         ///< F
  bool has_structure = false;    ///< V
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  bool switching_up = false;  ///< U
  std::optional<std::uint8_t> tl0_picture_index;
  std::size_t picture_id_at = 0;  ///< Offset in the payload; if it has one.
  std::size_t tl0_picture_index_at = 0;
};

/// Nothing when `payload` ends inside what is read.
[[nodiscard]] std::optional<Vp9Descriptor> parse_vp9(Bytes payload);

/// Overwrites the picture id in `payload` in the width that it has.
void rewrite_vp9(MutableBytes payload, const Vp9Descriptor& descriptor, std::uint16_t picture_id,
                 std::uint8_t tl0_picture_index);

}  // namespace visavis::rtp
