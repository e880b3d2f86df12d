#include "testpeer/video_source.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::testpeer {
namespace {

constexpr std::uint16_t kPictureIdMask = 0x7FFF;
constexpr std::size_t kVp8Bytes = 16;  // Descriptor 6, frame header 10.
constexpr std::size_t kH264Bytes = 2;  // FU-A indicator and header.

/// RFC 7741 §4.2 with a 15-bit picture id, TL0PICIDX and TID, as Chromium writes it; then what a
/// keyframe's header looks like (RFC 6386 §9.1), or an inter frame's.
void write_vp8(ByteWriter& writer, const Frame& frame, bool first) {
  constexpr std::uint8_t kExtended = 0x80;
  constexpr std::uint8_t kStart = 0x10;
  constexpr std::uint8_t kFields = 0xE0;  // I, L and T
  writer.u8(static_cast<std::uint8_t>(kExtended | (first ? kStart : 0)));
  writer.u8(kFields);
  writer.u16(static_cast<std::uint16_t>(0x8000U | frame.picture_id));
  writer.u8(frame.tl0_picture_index);
  writer.u8(0);
  writer.u8(frame.key ? 0x10 : 0x11);
  writer.u16(0);
  writer.u32(frame.key ? 0x9D012A80U : 0U);
  writer.u8(0x02);
  writer.u16(0xE001);
}

// Constrained baseline at level 3.1 (42e01f), 640 × 480, one reference (H.264 §7.3.2.1, §7.3.2.2).
constexpr std::array<std::uint8_t, 9> kSequenceParameters = {0x67, 0x42, 0xE0, 0x1F, 0xDA,
                                                             0x02, 0x80, 0xF6, 0x40};
constexpr std::array<std::uint8_t, 4> kPictureParameters = {0x68, 0xCE, 0x3C, 0x80};
constexpr std::uint8_t kStapA = 0x78;
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
  writer.zeros(kUuidBytes);
  write_stamp(writer.take(Stamp::kBytes), stamp);
  writer.u8(kTrailingBits);
  writer.u16(static_cast<std::uint16_t>(size - writer.size() - 2));
  writer.u8(kFillerData);
}

/// A slice, IDR or not, whole (RFC 6184 §5.6) or in fragments (§5.8): `index` of `count` packets.
void write_slice(ByteWriter& writer, bool key, unsigned index, unsigned count) {
  constexpr std::uint8_t kReference = 0x60;
  constexpr std::uint8_t kFragment = 28;
  const auto type = static_cast<std::uint8_t>(key ? 5U : 1U);
  if (count == 1) {
    writer.u8(kReference | type);
    writer.u8(0x88);  // The first macroblock, an I or P slice.
    return;
  }
  const unsigned ends = (index == 0 ? 0x80U : 0U) | (index + 1 == count ? 0x40U : 0U);
  writer.u8(kReference | kFragment);
  writer.u8(static_cast<std::uint8_t>(ends | type));
}

void write_h264(ByteWriter& writer, const Stamp& stamp, std::size_t size) {
  const unsigned before = stamp.key ? 1 : 0;  // The parameter sets have a packet of their own.
  if (stamp.key && stamp.first()) {
    write_parameter_sets(writer, stamp, size);
    return;
  }
  write_slice(writer, stamp.key, stamp.index - before, stamp.count - before);
  write_stamp(writer.take(Stamp::kBytes), stamp);
}

}  // namespace

std::size_t descriptor_bytes(rtp::CodecName codec, Bytes payload) {
  switch (codec) {
    case rtp::CodecName::kVp8: return kVp8Bytes;
    case rtp::CodecName::kH264: {
      const bool aggregate = !payload.empty() && payload[0] == std::byte{kStapA};
      return aggregate ? kStapABytes : kH264Bytes;
    }
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
  picture_id_ = (picture_id_ + 1) & kPictureIdMask;
  frame.picture_id = picture_id_;
  frame.tl0_picture_index = ++tl0_picture_index_;
  frame.captured = now;
  const double spread = 0.75 + (random_.unit() / 2);
  const double mean =
      static_cast<double>(options_.bits_per_second) / 8 / options_.frames_per_second;
  const bool has_parameters = frame.key && options_.codec == rtp::CodecName::kH264;
  const std::size_t least =
      (has_parameters ? kStapABytes : descriptor_bytes(options_.codec, {})) + Stamp::kBytes;
  frame.bytes =
      std::max(least, frame.key ? options_.key_bytes : static_cast<std::size_t>(mean * spread));
  frame.packets = static_cast<std::uint16_t>((frame.bytes + kPayloadMax - 1) / kPayloadMax);
  frame.packets = std::max<std::uint16_t>(frame.packets, has_parameters ? 2 : 1);
  // Room for descriptor and stamp in the last packet too.
  frame.bytes = std::max(frame.bytes, frame.packets * least * 2);
  return frame;
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
    write_h264(writer, stamp, size);
  }
  writer.zeros(size - writer.size());
  check(writer.ok());
  return size;
}

}  // namespace visavis::testpeer
