#include "rtp/keyframe.hpp"

#include "base/byte_reader.hpp"
#include "rtp/vp8_descriptor.hpp"
#include "rtp/vp9_descriptor.hpp"

namespace visavis::rtp {
namespace {

bool starts_vp9_keyframe(Bytes payload) {
  const auto descriptor = parse_vp9(payload);
  return descriptor && !descriptor->inter_predicted && descriptor->starts_frame &&
         descriptor->spatial_layer == 0;
}

// RFC 6184 §5.2, table 1.
constexpr unsigned kNalTypeMask = 0x1F;
constexpr unsigned kNalIdr = 5;
constexpr unsigned kNalSps = 7;
constexpr unsigned kNalStapA = 24;
constexpr unsigned kNalFuA = 28;

bool opens_keyframe(unsigned nal_type) {
  return nal_type == kNalIdr || nal_type == kNalSps;
}

bool aggregate_opens_keyframe(ByteReader reader) {  // STAP-A, RFC 6184 §5.7.1
  while (!reader.rest().empty()) {
    const Bytes unit = reader.bytes(reader.u16());
    if (!reader.ok()) {
      return false;
    }
    if (!unit.empty() && opens_keyframe(std::to_integer<unsigned>(unit[0]) & kNalTypeMask)) {
      return true;
    }
  }
  return false;
}

bool starts_h264_keyframe(Bytes payload) {
  ByteReader reader(payload);
  const unsigned type = reader.u8() & kNalTypeMask;
  if (type == kNalStapA) {
    return aggregate_opens_keyframe(reader);
  }
  if (type == kNalFuA) {  // RFC 6184 §5.8
    constexpr unsigned kStartBit = 0x80;
    const unsigned fragment = reader.u8();
    return (fragment & kStartBit) != 0 && opens_keyframe(fragment & kNalTypeMask);
  }
  return opens_keyframe(type);
}

std::size_t read_leb128(ByteReader& reader) {
  std::size_t value = 0;
  for (unsigned shift = 0; shift < 32; shift += 7) {
    const unsigned octet = reader.u8();
    value |= std::size_t{octet & 0x7FU} << shift;
    if ((octet & 0x80U) == 0) {
      break;
    }
  }
  return value;
}

// AV1 RTP specification §4.3, §4.4: the aggregation header is Z Y W(2) N reserved(3).
bool starts_av1_keyframe(Bytes payload) {
  constexpr unsigned kContinuesBit = 0x80;
  constexpr unsigned kNewSequenceBit = 0x08;
  constexpr unsigned kSequenceHeader = 1;  // OBU type
  ByteReader reader(payload);
  const unsigned head = reader.u8();
  if (reader.rest().empty() || (head & kContinuesBit) != 0) {
    return false;  // A fragment's rest: a sequence never begins in it.
  }
  if ((head & kNewSequenceBit) != 0) {
    return true;
  }
  const unsigned elements = head >> 4U & 0x03U;  // 0: every element tells its length.
  for (unsigned index = 1; !reader.rest().empty(); ++index) {
    const bool last = index == elements;
    const Bytes element = reader.bytes(last ? reader.rest().size() : read_leb128(reader));
    if (!reader.ok() || element.empty()) {
      return false;
    }
    if ((std::to_integer<unsigned>(element[0]) >> 3U & 0x0FU) == kSequenceHeader) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool starts_keyframe(const Format& format, Bytes payload) {
  switch (format.codec) {
    case CodecName::kOpus: return false;
    case CodecName::kVp8: {
      const auto descriptor = parse_vp8(payload);
      return descriptor && starts_vp8_keyframe(*descriptor, payload);
    }
    case CodecName::kVp9: return starts_vp9_keyframe(payload);
    case CodecName::kH264: return starts_h264_keyframe(payload);
    case CodecName::kAv1: return starts_av1_keyframe(payload);
  }
  return false;
}

bool is_keyframe_packet(const Format& format, const PacketView& packet) {
  if (!packet.padded) {
    return starts_keyframe(format, packet.payload);
  }
  const auto payload = without_padding(packet.payload);
  return payload && starts_keyframe(format, *payload);
}

bool starts_picture(const Format& format, Bytes payload) {
  if (format.codec == CodecName::kVp8) {
    const auto descriptor = parse_vp8(payload);
    return descriptor && descriptor->starts_picture();
  }
  if (format.codec == CodecName::kVp9) {
    const auto descriptor = parse_vp9(payload);
    return descriptor && descriptor->starts_frame && descriptor->spatial_layer == 0;
  }
  return false;
}

}  // namespace visavis::rtp
