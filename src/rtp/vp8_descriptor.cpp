#include "rtp/vp8_descriptor.hpp"

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::rtp {
namespace {

// RFC 7741 §4.2: the first octet is X R N S R PID(3), the extension's I L T K RSV(4).
constexpr unsigned kExtendedBit = 0x80;
constexpr unsigned kNonReferenceBit = 0x20;
constexpr unsigned kStartBit = 0x10;
constexpr unsigned kPartitionMask = 0x07;
constexpr unsigned kPictureIdBit = 0x80;
constexpr unsigned kTl0Bit = 0x40;
constexpr unsigned kTemporalBit = 0x20;
constexpr unsigned kKeyIndexBit = 0x10;
constexpr unsigned kLongBit = 0x80;
constexpr unsigned kShortMask = 0x7F;

void read_picture_id(ByteReader& reader, Vp8Descriptor& descriptor) {
  const unsigned first = reader.u8();
  unsigned id = first & kShortMask;
  descriptor.long_picture_id = (first & kLongBit) != 0;
  if (descriptor.long_picture_id) {
    id = id << 8U | reader.u8();
  }
  descriptor.picture_id = static_cast<std::uint16_t>(id);
}

void read_layers(ByteReader& reader, unsigned extension, Vp8Descriptor& descriptor) {
  const unsigned octet = reader.u8();
  if ((extension & kTemporalBit) != 0) {
    descriptor.temporal_layer = static_cast<std::uint8_t>(octet >> 6U);
    descriptor.layer_sync = (octet & 0x20U) != 0;
  }
  if ((extension & kKeyIndexBit) != 0) {
    descriptor.key_index = static_cast<std::uint8_t>(octet & 0x1FU);
  }
}

}  // namespace

std::optional<Vp8Descriptor> parse_vp8(Bytes payload) {
  ByteReader reader(payload);
  const auto position = [&] { return payload.size() - reader.rest().size(); };
  Vp8Descriptor descriptor;
  const unsigned first = reader.u8();
  descriptor.starts_partition = (first & kStartBit) != 0;
  descriptor.non_reference = (first & kNonReferenceBit) != 0;
  descriptor.partition = static_cast<std::uint8_t>(first & kPartitionMask);
  if ((first & kExtendedBit) != 0) {
    const unsigned extension = reader.u8();
    if ((extension & kPictureIdBit) != 0) {
      descriptor.picture_id_at = position();
      read_picture_id(reader, descriptor);
    }
    if ((extension & kTl0Bit) != 0) {
      descriptor.tl0_picture_index_at = position();
      descriptor.tl0_picture_index = reader.u8();
    }
    if ((extension & (kTemporalBit | kKeyIndexBit)) != 0) {
      read_layers(reader, extension, descriptor);
    }
  }
  descriptor.size = position();
  return reader.ok() ? std::optional(descriptor) : std::nullopt;
}

bool starts_vp8_keyframe(const Vp8Descriptor& descriptor, Bytes payload) {
  if (!descriptor.starts_picture() || payload.size() <= descriptor.size) {
    return false;
  }
  constexpr unsigned kInterFrameBit = 0x01;
  return (std::to_integer<unsigned>(payload[descriptor.size]) & kInterFrameBit) == 0;
}

void rewrite_vp8(MutableBytes payload, const Vp8Descriptor& descriptor, Vp8Numbers numbers) {
  check(descriptor.size <= payload.size());
  if (descriptor.picture_id) {
    ByteWriter writer(payload.subspan(descriptor.picture_id_at));
    if (descriptor.long_picture_id) {
      writer.u16(static_cast<std::uint16_t>(0x8000U | numbers.picture_id));
    } else {
      writer.u8(static_cast<std::uint8_t>(numbers.picture_id & kShortMask));
    }
  }
  if (descriptor.tl0_picture_index) {
    ByteWriter(payload.subspan(descriptor.tl0_picture_index_at)).u8(numbers.tl0_picture_index);
  }
}

}  // namespace visavis::rtp
