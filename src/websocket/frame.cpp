#include "websocket/frame.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/byte_writer.hpp"

namespace visavis::websocket {
namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kCompressed = 0x40;  // RSV1, RFC 7692 §6
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kReasonMax = kControlPayloadMax - 2;

void append_header(Buffer& to, std::uint8_t first, std::size_t payload_size,
                   std::uint8_t mask_bit) {
  std::array<std::byte, kFrameHeaderMax> header{};
  ByteWriter writer(header);
  writer.u8(first);
  if (payload_size < kLength16) {
    writer.u8(static_cast<std::uint8_t>(mask_bit | payload_size));
  } else if (payload_size <= 0xFFFF) {
    writer.u8(mask_bit | kLength16);
    writer.u16(static_cast<std::uint16_t>(payload_size));
  } else {
    writer.u8(mask_bit | kLength64);
    writer.u64(payload_size);
  }
  const MutableBytes written = writer.written();
  to.insert(to.end(), written.begin(), written.end());
}

std::uint8_t first_byte(Opcode opcode, bool compressed) {
  return static_cast<std::uint8_t>(kFinal | (compressed ? kCompressed : 0U) |
                                   static_cast<std::uint8_t>(opcode));
}

}  // namespace

std::size_t frame_header_size(std::size_t payload_size) {
  if (payload_size < kLength16) {
    return 2;
  }
  return payload_size <= 0xFFFF ? 4 : 10;
}

void append_frame_header(Buffer& to, Opcode opcode, std::size_t payload_size, bool compressed) {
  append_header(to, first_byte(opcode, compressed), payload_size, 0);
}

SharedBytes encode_frame(Opcode opcode, Bytes payload, bool compressed) {
  Buffer frame;
  frame.reserve(frame_header_size(payload.size()) + payload.size());
  append_frame_header(frame, opcode, payload.size(), compressed);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return share(std::move(frame));
}

Buffer encode_masked_frame(Opcode opcode, Bytes payload, Mask mask, bool compressed) {
  Buffer frame;
  frame.reserve(frame_header_size(payload.size()) + mask.size() + payload.size());
  append_header(frame, first_byte(opcode, compressed), payload.size(), kMasked);
  frame.insert(frame.end(), mask.begin(), mask.end());
  const std::size_t start = frame.size();
  frame.insert(frame.end(), payload.begin(), payload.end());
  apply_mask(MutableBytes(frame).subspan(start), mask);
  return frame;
}

Buffer close_payload(CloseCode code, std::string_view reason) {
  if (code == CloseCode::kNoStatus) {
    return {};
  }
  reason = reason.substr(0, kReasonMax);
  Buffer payload(2 + reason.size());
  ByteWriter writer(payload);
  writer.u16(static_cast<std::uint16_t>(code));
  writer.bytes(as_bytes(reason));
  return payload;
}

void apply_mask(MutableBytes bytes, Mask mask, std::size_t offset) {
  std::array<std::byte, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) {
    turned.at(i) = mask.at((offset + i) % mask.size());
  }
  std::uint64_t wide_mask = 0;
  std::memcpy(&wide_mask, turned.data(), sizeof(wide_mask));
  while (bytes.size() >= sizeof(wide_mask)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    word ^= wide_mask;
    std::memcpy(bytes.data(), &word, sizeof(word));
    bytes = bytes.subspan(sizeof(word));
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= turned.at(i);
  }
}

}  // namespace visavis::websocket
