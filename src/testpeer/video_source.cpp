#include "testpeer/video_source.hpp"

#include <algorithm>

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

/// RFC 6184 §5.8: every frame one IDR or non-IDR slice in fragments.
void write_h264(ByteWriter& writer, const Frame& frame, bool first, bool last) {
  constexpr std::uint8_t kIndicator = 0x7C;
  const unsigned type = frame.key ? 5U : 1U;
  writer.u8(kIndicator);
  writer.u8(static_cast<std::uint8_t>((first ? 0x80U : 0U) | (last ? 0x40U : 0U) | type));
}

}  // namespace

std::size_t descriptor_bytes(rtp::CodecName codec) {
  switch (codec) {
    case rtp::CodecName::kVp8: return kVp8Bytes;
    case rtp::CodecName::kH264: return kH264Bytes;
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
  frame.key = key_wanted_ && now >= key_allowed_at_;
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
  const std::size_t least = descriptor_bytes(options_.codec) + Stamp::kBytes;
  frame.bytes =
      std::max(least, frame.key ? options_.key_bytes : static_cast<std::size_t>(mean * spread));
  frame.packets = static_cast<std::uint16_t>((frame.bytes + kPayloadMax - 1) / kPayloadMax);
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
  } else {
    write_h264(writer, frame, stamp.first(), stamp.last());
  }
  write_stamp(writer.take(Stamp::kBytes), stamp);
  writer.zeros(size - writer.size());
  check(writer.ok());
  return size;
}

}  // namespace visavis::testpeer
