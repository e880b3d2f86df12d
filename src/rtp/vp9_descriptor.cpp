#include "rtp/vp9_descriptor.hpp"

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::rtp {
namespace {

// RFC 9628 §4.2: the first octet is I P L F B E V Z.
constexpr unsigned kPictureIdBit = 0x80;
constexpr unsigned kPredictedBit = 0x40;
constexpr unsigned kLayersBit = 0x20;
constexpr unsigned kFlexibleBit = 0x10;
constexpr unsigned kStartBit = 0x08;
constexpr unsigned kEndBit = 0x04;
constexpr unsigned kStructureBit = 0x02;
constexpr unsigned kLongBit = 0x80;
constexpr unsigned kShortMask = 0x7F;

Vp9Descriptor read_flags(unsigned flags) {
  return Vp9Descriptor{.picture_id = std::nullopt,
                       .inter_predicted = (flags & kPredictedBit) != 0,
                       .starts_frame = (flags & kStartBit) != 0,
                       .ends_frame = (flags & kEndBit) != 0,
                       .flexible = (flags & kFlexibleBit) != 0,
                       .has_structure = (flags & kStructureBit) != 0,
                       .tl0_picture_index = std::nullopt};
}

void read_picture_id(ByteReader& reader, Vp9Descriptor& descriptor) {
  const unsigned first = reader.u8();
  unsigned id = first & kShortMask;
  descriptor.long_picture_id = (first & kLongBit) != 0;
  if (descriptor.long_picture_id) {
    id = id << 8U | reader.u8();
  }
  descriptor.picture_id = static_cast<std::uint16_t>(id);
}

}  // namespace

std::optional<Vp9Descriptor> parse_vp9(Bytes payload) {
  ByteReader reader(payload);
  const auto position = [&] { return payload.size() - reader.rest().size(); };
  const unsigned flags = reader.u8();
  Vp9Descriptor descriptor = read_flags(flags);
  if ((flags & kPictureIdBit) != 0) {
    descriptor.picture_id_at = position();
    read_picture_id(reader, descriptor);
  }
  if ((flags & kLayersBit) != 0) {
    const unsigned layers = reader.u8();  // TID(3) U SID(3) D
    descriptor.temporal_layer = static_cast<std::uint8_t>(layers >> 5U);
    descriptor.switching_up = (layers & 0x10U) != 0;
    descriptor.spatial_layer = static_cast<std::uint8_t>(layers >> 1U & 0x07U);
    if (!descriptor.flexible) {
      descriptor.tl0_picture_index_at = position();
      descriptor.tl0_picture_index = reader.u8();
    }
  }
  return reader.ok() ? std::optional(descriptor) : std::nullopt;
}

void rewrite_vp9(MutableBytes payload, const Vp9Descriptor& descriptor, std::uint16_t picture_id,
                 std::uint8_t tl0_picture_index) {
  if (descriptor.picture_id) {
    check(descriptor.picture_id_at < payload.size());
    ByteWriter writer(payload.subspan(descriptor.picture_id_at));
    if (descriptor.long_picture_id) {
      writer.u16(static_cast<std::uint16_t>(0x8000U | picture_id));
    } else {
      writer.u8(static_cast<std::uint8_t>(picture_id & kShortMask));
    }
  }
  if (descriptor.tl0_picture_index) {
    check(descriptor.tl0_picture_index_at < payload.size());
    ByteWriter(payload.subspan(descriptor.tl0_picture_index_at)).u8(tl0_picture_index);
  }
}

}  // namespace visavis::rtp
