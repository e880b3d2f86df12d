#pragma once

#include <cstdint>

#include "base/byte_writer.hpp"
#include "rtp/extension_map.hpp"
#include "rtp/rtp_packet.hpp"

namespace visavis::rtp {

/// The fixed part of a header (RFC 3550 §5.1); no contributing sources, no padding.
struct Header {
  PayloadType payload_type;
  SequenceNumber sequence;
  Timestamp timestamp;
  Ssrc ssrc;
  bool marker = false;
};

enum class ExtensionForm : std::uint8_t { kOneByte, kTwoByte };

[[nodiscard]] inline ExtensionForm form_for(const ExtensionMap& map) {
  return map.needs_two_byte_form() ? ExtensionForm::kTwoByte : ExtensionForm::kOneByte;
}

/// Writes an RTP header to the front of a cell: construct, add extensions, `finish()`. The payload
/// goes to where `finish()` says.
class HeaderWriter {
 public:
  static constexpr std::size_t kFixedBytes = 12;

  HeaderWriter(MutableBytes cell, const Header& header,
               ExtensionForm form = ExtensionForm::kOneByte);

  /// Adds one extension. False, and nothing is written, when it does not fit the cell or the form
  /// (one byte: id 1 to 14, 1 to 16 bytes).
  bool extension(std::uint8_t id, Bytes value);
  bool extension_u16(std::uint8_t id, std::uint16_t value);
  bool extension_u24(std::uint8_t id, std::uint32_t value);

  /// Pads the extensions and fills in their length; the size of the header. 0 when the cell was too
  /// small.
  [[nodiscard]] std::size_t finish();

 private:
  void begin_extensions();

  MutableBytes cell_;
  ExtensionForm form_;
  ByteWriter writer_;
  bool extended_ = false;
};

/// Writes a new sequence number into a packet in place.
void rewrite_sequence(MutableBytes packet, SequenceNumber sequence);

}  // namespace visavis::rtp
