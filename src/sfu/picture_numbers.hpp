#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "rtp/media_parameters.hpp"

namespace visavis::sfu {

/// The numbers of a payload that must stay continuous when a slot shows another stream: VP8's
/// picture id and TL0PICIDX (RFC 7741 §4.2), and VP9's (RFC 9628 §4.2). Found once, when a packet
/// enters the log.
struct PictureNumbers {
  std::uint16_t picture_id = 0;
  std::uint8_t tl0_index = 0;
  bool has_picture_id = false;
  bool long_picture_id = false;  ///< 15 bits, not 7.
  bool has_tl0_index = false;
  bool non_reference = false;      ///< VP8: no other picture needs it (RFC 7741 §4.2, N).
  std::uint8_t picture_id_at = 0;  ///< Offsets in the payload; descriptors are a few bytes long.
  std::uint8_t tl0_index_at = 0;

  /// All false for other codecs, and for a payload that does not parse.
  [[nodiscard]] static PictureNumbers read(const rtp::Format& format, Bytes payload);
};

/// What is added to a stream's numbers in a slot; sums wrap as the fields do.
struct PictureOffsets {
  std::uint16_t picture_id = 0;
  std::uint8_t tl0_index = 0;
};

/// Whether a payload with these numbers must be written anew.
[[nodiscard]] inline bool moves(const PictureNumbers& numbers, PictureOffsets offsets) {
  return (numbers.has_picture_id && offsets.picture_id != 0) ||
         (numbers.has_tl0_index && offsets.tl0_index != 0);
}

/// Writes the moved numbers over those of `payload`, of which `numbers` were read.
void move_pictures(MutableBytes payload, const PictureNumbers& numbers, PictureOffsets offsets);

}  // namespace visavis::sfu
