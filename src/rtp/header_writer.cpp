#include "rtp/header_writer.hpp"

#include <array>

#include "base/check.hpp"
#include "rtp/header_extensions.hpp"

namespace visavis::rtp {
namespace {

constexpr unsigned kVersionBits = 0x80;  // RFC 3550 §5.1: version 2
constexpr std::byte kExtensionBit{0x10};
constexpr unsigned kMarkerBit = 0x80;
constexpr std::size_t kExtensionHeadBytes = 4;
constexpr std::size_t kSequenceAt = 2;
constexpr std::size_t kOneByteIdMax = 14;
constexpr std::size_t kOneByteValueMax = 16;
constexpr std::size_t kTwoByteValueMax = 255;

}  // namespace

HeaderWriter::HeaderWriter(MutableBytes cell, const Header& header, ExtensionForm form)
    : cell_(cell), form_(form), writer_(cell) {
  writer_.u8(kVersionBits);
  writer_.u8(
      static_cast<std::uint8_t>((header.marker ? kMarkerBit : 0U) | header.payload_type.value()));
  writer_.u16(header.sequence.value());
  writer_.u32(header.timestamp.value());
  writer_.u32(header.ssrc.value());
}

void HeaderWriter::begin_extensions() {
  if (extended_) {
    return;
  }
  extended_ = true;
  writer_.u16(form_ == ExtensionForm::kOneByte ? kOneByteProfile : kTwoByteProfile);
  writer_.u16(0);
}

bool HeaderWriter::extension(std::uint8_t id, Bytes value) {
  const bool one_byte = form_ == ExtensionForm::kOneByte;
  const bool fits_form =
      one_byte ? id <= kOneByteIdMax && !value.empty() && value.size() <= kOneByteValueMax
               : value.size() <= kTwoByteValueMax;
  // Head, the longer form's two bytes and the padding of the last word.
  constexpr std::size_t kSlack = kExtensionHeadBytes + 2 + 3;
  if (id == 0 || !fits_form || value.size() + kSlack > cell_.size() - writer_.size()) {
    return false;
  }
  begin_extensions();
  if (one_byte) {
    writer_.u8(static_cast<std::uint8_t>(unsigned{id} << 4U | (value.size() - 1)));
  } else {
    writer_.u8(id);
    writer_.u8(static_cast<std::uint8_t>(value.size()));
  }
  writer_.bytes(value);
  return true;
}

bool HeaderWriter::extension_u16(std::uint8_t id, std::uint16_t value) {
  std::array<std::byte, 2> wire;
  ByteWriter(wire).u16(value);
  return extension(id, wire);
}

bool HeaderWriter::extension_u24(std::uint8_t id, std::uint32_t value) {
  std::array<std::byte, 4> wire;
  ByteWriter(wire).u32(value);
  return extension(id, Bytes(wire).subspan(1));
}

std::size_t HeaderWriter::finish() {
  if (!writer_.ok()) {
    return 0;
  }
  if (!extended_) {
    return kFixedBytes;
  }
  writer_.zeros((4 - writer_.size() % 4) % 4);
  const std::size_t words = (writer_.size() - kFixedBytes - kExtensionHeadBytes) / 4;
  cell_[0] |= kExtensionBit;
  ByteWriter(cell_.subspan(kFixedBytes + 2)).u16(static_cast<std::uint16_t>(words));
  return writer_.ok() ? writer_.size() : 0;
}

void rewrite_sequence(MutableBytes packet, SequenceNumber sequence) {
  check(packet.size() >= HeaderWriter::kFixedBytes);
  ByteWriter(packet.subspan(kSequenceAt)).u16(sequence.value());
}

}  // namespace visavis::rtp
