#include "sfu/picture_numbers.hpp"

#include "rtp/vp8_descriptor.hpp"
#include "rtp/vp9_descriptor.hpp"

namespace visavis::sfu {
namespace {

constexpr std::uint8_t kLongBit = 0x80;  // M: the picture id has 15 bits.
constexpr std::uint8_t kShortMask = 0x7F;

// The two codecs' descriptors differ, the fields that matter here are the same.
template <class Descriptor>
PictureNumbers numbers_of(const Descriptor& descriptor) {
  PictureNumbers numbers;
  if (descriptor.picture_id) {
    numbers.has_picture_id = true;
    numbers.picture_id = *descriptor.picture_id;
    numbers.long_picture_id = descriptor.long_picture_id;
    numbers.picture_id_at = static_cast<std::uint8_t>(descriptor.picture_id_at);
  }
  if (descriptor.tl0_picture_index) {
    numbers.has_tl0_index = true;
    numbers.tl0_index = *descriptor.tl0_picture_index;
    numbers.tl0_index_at = static_cast<std::uint8_t>(descriptor.tl0_picture_index_at);
  }
  return numbers;
}

}  // namespace

PictureNumbers PictureNumbers::read(const rtp::Format& format, Bytes payload) {
  if (format.codec == rtp::CodecName::kVp8) {
    const auto descriptor = rtp::parse_vp8(payload);
    PictureNumbers numbers = descriptor ? numbers_of(*descriptor) : PictureNumbers{};
    numbers.non_reference = descriptor && descriptor->non_reference;
    return numbers;
  }
  if (format.codec == rtp::CodecName::kVp9) {
    const auto descriptor = rtp::parse_vp9(payload);
    return descriptor ? numbers_of(*descriptor) : PictureNumbers{};
  }
  return {};
}

void move_pictures(MutableBytes payload, const PictureNumbers& numbers, PictureOffsets offsets) {
  if (numbers.has_picture_id) {
    const auto id = static_cast<std::uint16_t>(numbers.picture_id + offsets.picture_id);
    const std::size_t at = numbers.picture_id_at;
    if (numbers.long_picture_id) {
      payload[at] = static_cast<std::byte>(kLongBit | ((id >> 8U) & kShortMask));
      payload[at + 1] = static_cast<std::byte>(id & 0xFFU);
    } else {
      payload[at] = static_cast<std::byte>(id & kShortMask);
    }
  }
  if (numbers.has_tl0_index) {
    payload[numbers.tl0_index_at] = static_cast<std::byte>(numbers.tl0_index + offsets.tl0_index);
  }
}

}  // namespace visavis::sfu
