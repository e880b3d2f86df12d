#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"

namespace visavis::websocket {

/// RFC 6455 §5.2
enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

/// RFC 6455 §7.4.1
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  ///< never on the wire: a close frame without a body
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kMessageTooBig = 1009,
  kInternalError = 1011,
};

/// Four bytes that a client draws anew for each frame (RFC 6455 §5.3).
using Mask = std::array<std::byte, 4>;

inline constexpr std::size_t kFrameHeaderMax = 14;
/// The longest payload of a control frame (RFC 6455 §5.5).
inline constexpr std::size_t kControlPayloadMax = 125;

/// The size of a server's frame header in front of `payload_size` bytes.
[[nodiscard]] std::size_t frame_header_size(std::size_t payload_size);
/// Appends the header of an unmasked final frame. `compressed` sets RSV1 (RFC 7692 §6).
void append_frame_header(Buffer& to, Opcode opcode, std::size_t payload_size,
                         bool compressed = false);

/// A server's frame, made once for all who get it.
[[nodiscard]] SharedBytes encode_frame(Opcode opcode, Bytes payload, bool compressed = false);
/// A client's frame (RFC 6455 §5.3).
[[nodiscard]] Buffer encode_masked_frame(Opcode opcode, Bytes payload, Mask mask,
                                         bool compressed = false);
/// The body of a close frame; empty for `kNoStatus`. `reason` is cut at 123 bytes.
[[nodiscard]] Buffer close_payload(CloseCode code, std::string_view reason = {});

/// XORs `bytes` with the mask as if they began `offset` bytes into the payload; 8 bytes at a time.
void apply_mask(MutableBytes bytes, Mask mask, std::size_t offset = 0);

}  // namespace visavis::websocket
