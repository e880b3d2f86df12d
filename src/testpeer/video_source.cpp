#include "testpeer/video_source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::testpeer {
namespace {

constexpr std::uint16_t kPictureIdMask = 0x7FFF;
/// Of a descriptor with a 15-bit picture id, TL0PICIDX and TID (RFC 7741 §4.2).
constexpr std::size_t kVp8DescriptorBytes = 6;
constexpr std::uint8_t kVp8Start = 0x10;

// The pictures are 160 × 96 and grey: 60 macroblocks. In VP8 every bit behind the frame header may
// be a zero: the boolean decoder reads zeros as "no" whatever the odds (RFC 6386 §7.3), and so as
// predicted macroblocks with nothing in them. It must have enough of them, in both partitions.
constexpr std::size_t kVp8PartitionBytes = 128;
constexpr std::size_t kVp8TagBytes = 3;
constexpr std::size_t kVp8KeyTagBytes = 10;

std::size_t vp8_bytes(bool first, bool key) {
  return kVp8DescriptorBytes +
         (first ? (key ? kVp8KeyTagBytes : kVp8TagBytes) + (2 * kVp8PartitionBytes) : 0);
}

/// A descriptor as Chromium writes it, and at the beginning of a frame all that a decoder reads
/// (RFC 6386 §9.1).
void write_vp8(ByteWriter& writer, const Frame& frame, bool first) {
  constexpr std::uint8_t kExtended = 0x80;
  constexpr std::uint8_t kFields = 0xE0;  // I, L and T
  writer.u8(static_cast<std::uint8_t>(kExtended | (first ? kVp8Start : 0U)));
  writer.u8(kFields);
  writer.u16(static_cast<std::uint16_t>(0x8000U | frame.picture_id));
  writer.u8(frame.tl0_picture_index);
  writer.u8(0);
  if (!first) {
    return;
  }
  constexpr unsigned kShown = 0x10;
  const unsigned tag =
      (static_cast<unsigned>(kVp8PartitionBytes) << 5U) | kShown | (frame.key ? 0U : 1U);
  writer.u8(static_cast<std::uint8_t>(tag));
  writer.u16(std::byteswap(static_cast<std::uint16_t>(tag >> 8U)));
  if (frame.key) {
    constexpr std::array<std::uint8_t, 7> kStartCodeAndSize = {0x9D, 0x01, 0x2A, 160, 0, 96, 0};
    writer.bytes(std::as_bytes(std::span(kStartCodeAndSize)));
  }
  writer.zeros(2 * kVp8PartitionBytes);
}

// Constrained baseline at level 3.1 (42e01f), 160 × 96, one reference, frame numbers of 4 bits
// (H.264 §7.3.2.1, §7.3.2.2).
constexpr std::array<std::uint8_t, 8> kSequenceParameters = {0x67, 0x42, 0xE0, 0x1F,
                                                             0xDA, 0x0A, 0x36, 0x40};
constexpr std::array<std::uint8_t, 4> kPictureParameters = {0x68, 0xCE, 0x3C, 0x80};
constexpr std::uint8_t kStapA = 0x78;
constexpr std::uint8_t kFragment = 28;  // FU-A
constexpr std::uint8_t kIdrSlice = 5;
constexpr std::uint8_t kUnitTypeMask = 0x1F;
constexpr std::byte kFilling{0xFF};  // Zeros would begin another unit.
constexpr std::size_t kUuidBytes = 16;
/// User data in a supplemental unit, in which the stamp of parameter sets lies (H.264 §D.1.7).
constexpr std::size_t kUserDataBytes = 3 + kUuidBytes;
constexpr std::size_t kStapABytes =
    1 + 2 + kSequenceParameters.size() + 2 + kPictureParameters.size() + 2 + kUserDataBytes;

/// A keyframe's first packet: its parameter sets, in one aggregate (RFC 6184 §5.7.1). The filling
/// that follows the stamp is a unit of its own.
void write_parameter_sets(ByteWriter& writer, const Stamp& stamp, std::size_t size) {
  constexpr std::uint8_t kSupplemental = 6;
  constexpr std::uint8_t kUserData = 5;
  constexpr std::uint8_t kTrailingBits = 0x80;
  constexpr std::uint8_t kFillerData = 12;
  const auto unit = [&writer](std::span<const std::uint8_t> bytes) {
    writer.u16(static_cast<std::uint16_t>(bytes.size()));
    writer.bytes(std::as_bytes(bytes));
  };
  writer.u8(kStapA);
  unit(kSequenceParameters);
  unit(kPictureParameters);
  writer.u16(static_cast<std::uint16_t>(kUserDataBytes + Stamp::kBytes + 1));
  writer.u8(kSupplemental);
  writer.u8(kUserData);
  writer.u8(static_cast<std::uint8_t>(kUuidBytes + Stamp::kBytes));
  std::ranges::fill(writer.take(kUuidBytes), kFilling);
  write_stamp(writer.take(Stamp::kBytes), stamp);
  writer.u8(kTrailingBits);
  writer.u16(static_cast<std::uint16_t>(size - writer.size() - 2));
  writer.u8(kFillerData);
}

// An IDR slice (H.264 §7.3.3) without deblocking: its header, 59 macroblocks of a byte each that
// lie across two (16 × 16, predicted, no coefficients), and the end.
constexpr std::array<std::uint8_t, 3> kIdrSliceHeader = {0x88, 0x84, 0xA2};
constexpr std::uint8_t kIdrMacroblocks = 0x72;
constexpr std::uint8_t kIdrSliceEnd = 0x78;
constexpr std::size_t kIdrMacroblocksInside = 59;
constexpr std::size_t kIdrSliceBytes = kIdrSliceHeader.size() + kIdrMacroblocksInside + 1;
// A P slice that skips all 60; its frame's number goes in at bit 21.
constexpr std::uint32_t kSkippingSlice = 0x9A0281EC;
constexpr std::size_t kSkippingSliceBytes = 4;

std::size_t slice_bytes(bool key) {
  return key ? kIdrSliceBytes : kSkippingSliceBytes;
}

void write_slice_data(ByteWriter& writer, const Frame& frame) {
  if (!frame.key) {
    writer.u32(kSkippingSlice | ((frame.since_key & 0xFU) << 21U));
    return;
  }
  writer.bytes(std::as_bytes(std::span(kIdrSliceHeader)));
  std::ranges::fill(writer.take(kIdrMacroblocksInside), std::byte{kIdrMacroblocks});
  writer.u8(kIdrSliceEnd);
}

/// A slice, IDR or not, whole (RFC 6184 §5.6) or in fragments (§5.8): `index` of `count` packets.
/// What a decoder reads lies in the first.
void write_slice(ByteWriter& writer, const Frame& frame, unsigned index, unsigned count) {
  constexpr std::uint8_t kReference = 0x60;
  const auto type = static_cast<std::uint8_t>(frame.key ? kIdrSlice : 1U);
  if (count == 1) {
    writer.u8(kReference | type);
  } else {
    const unsigned ends = (index == 0 ? 0x80U : 0U) | (index + 1 == count ? 0x40U : 0U);
    writer.u8(kReference | kFragment);
    writer.u8(static_cast<std::uint8_t>(ends | type));
  }
  if (index == 0) {
    write_slice_data(writer, frame);
  }
}

/// What lies in front of the stamp in a slice's packet.
std::size_t slice_packet_bytes(Bytes payload) {
  const auto octet = [&](std::size_t at) {
    return payload.size() > at ? std::to_integer<unsigned>(payload[at]) : 0U;
  };
  const bool fragment = (octet(0) & kUnitTypeMask) == kFragment;
  const unsigned header = octet(fragment ? 1 : 0);
  const bool begins = !fragment || (header & 0x80U) != 0;
  return (fragment ? 2U : 1U) + (begins ? slice_bytes((header & kUnitTypeMask) == kIdrSlice) : 0U);
}

void write_h264(ByteWriter& writer, const Frame& frame, const Stamp& stamp, std::size_t size) {
  const unsigned before = stamp.key ? 1 : 0;  // The parameter sets have a packet of their own.
  if (stamp.key && stamp.first()) {
    write_parameter_sets(writer, stamp, size);
    return;
  }
  write_slice(writer, frame, stamp.index - before, stamp.count - before);
  write_stamp(writer.take(Stamp::kBytes), stamp);
}

}  // namespace

std::size_t leading_bytes(rtp::CodecName codec, Bytes payload) {
  const std::byte first = payload.empty() ? std::byte{} : payload[0];
  switch (codec) {
    case rtp::CodecName::kVp8: {
      const bool begins = (first & std::byte{kVp8Start}) != std::byte{};
      const bool key = payload.size() > kVp8DescriptorBytes &&
                       (payload[kVp8DescriptorBytes] & std::byte{1}) == std::byte{};
      return vp8_bytes(begins, key);
    }
    case rtp::CodecName::kH264:
      return first == std::byte{kStapA} ? kStapABytes : slice_packet_bytes(payload);
    default: return 0;
  }
}

std::size_t Frame::payload_bytes(std::size_t index) const {
  const std::size_t share = (bytes + packets - 1) / packets;
  return index + 1 < packets ? share : bytes - (share * (packets - 1U));
}

VideoSource::VideoSource(Options options, Random random)
    : options_(options),
      random_(random),
      picture_id_(static_cast<std::uint16_t>(random_.next() & kPictureIdMask)),
      tl0_picture_index_(static_cast<std::uint8_t>(random_.next())) {
  check(options.codec == rtp::CodecName::kVp8 || options.codec == rtp::CodecName::kH264);
}

bool VideoSource::is_keyframe_due(Instant now) const {
  if (options_.keyframe_every > 0) {
    return next_number_ % options_.keyframe_every == 0;
  }
  return key_wanted_ && now >= key_allowed_at_;
}

std::optional<Frame> VideoSource::poll_frame(Instant now) {
  if (now < next_at_) {
    return std::nullopt;
  }
  const Duration interval = Duration(std::chrono::seconds(1)) / options_.frames_per_second;
  if (now - next_at_ > interval) {
    next_at_ = now;  // A camera drops what nobody took in time.
  }
  next_at_ += interval;
  Frame frame;
  frame.key = is_keyframe_due(now);
  if (frame.key) {
    key_wanted_ = false;
    key_allowed_at_ = now + kKeyframeGap;
    ++keyframes_;
  }
  frame.number = next_number_++;
  key_number_ = frame.key ? frame.number : key_number_;
  frame.since_key = frame.number - key_number_;
  picture_id_ = (picture_id_ + 1) & kPictureIdMask;
  frame.picture_id = picture_id_;
  frame.tl0_picture_index = ++tl0_picture_index_;
  frame.captured = now;
  const double spread = 0.75 + (random_.unit() / 2);
  const double mean =
      static_cast<double>(options_.bits_per_second) / 8 / options_.frames_per_second;
  frame.bytes = frame.key ? options_.key_bytes : static_cast<std::size_t>(mean * spread);
  fit(frame);
  return frame;
}

/// Every packet has room for what leads it and for its stamp.
void VideoSource::fit(Frame& frame) const {
  const bool vp8 = options_.codec == rtp::CodecName::kVp8;
  const bool has_parameters = frame.key && !vp8;
  const std::size_t h264 = has_parameters ? kStapABytes : 2 + kSkippingSliceBytes;
  const std::size_t first = Stamp::kBytes + (vp8 ? vp8_bytes(true, frame.key) : h264);
  const std::size_t second = Stamp::kBytes + (has_parameters ? 2 + kIdrSliceBytes : 0);
  frame.bytes = std::max(frame.bytes, has_parameters ? 2 * std::max(first, second) : first);
  frame.packets = static_cast<std::uint16_t>((frame.bytes + kPayloadMax - 1) / kPayloadMax);
  frame.packets = std::max<std::uint16_t>(frame.packets, has_parameters ? 2 : 1);
}

std::size_t VideoSource::write_payload(const Frame& frame, std::uint16_t index,
                                       MutableBytes into) const {
  const Stamp stamp{.source = options_.source,
                    .frame = frame.number,
                    .index = index,
                    .count = frame.packets,
                    .key = frame.key,
                    .captured = frame.captured};
  const std::size_t size = frame.payload_bytes(index);
  ByteWriter writer(into.first(size));
  if (options_.codec == rtp::CodecName::kVp8) {
    write_vp8(writer, frame, stamp.first());
    write_stamp(writer.take(Stamp::kBytes), stamp);
  } else {
    write_h264(writer, frame, stamp, size);
  }
  std::ranges::fill(writer.take(size - writer.size()), kFilling);
  check(writer.ok());
  return size;
}

}  // namespace visavis::testpeer
