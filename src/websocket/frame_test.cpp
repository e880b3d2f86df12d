#include "websocket/frame.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/random.hpp"
#include "websocket/handshake.hpp"

namespace visavis::websocket {
namespace {

Buffer bytes_of(std::initializer_list<unsigned> values) {
  Buffer bytes;
  for (const unsigned value : values) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

TEST(FrameTest, TheSpecificationsExamplesComeOutAsTheyStand) {  // RFC 6455 §5.7
  EXPECT_EQ(*encode_frame(Opcode::kText, as_bytes("Hello")),
            bytes_of({0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F}));
  const Mask mask = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
  EXPECT_EQ(encode_masked_frame(Opcode::kText, as_bytes("Hello"), mask),
            bytes_of({0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58}));
}

TEST(FrameTest, TheLengthTakesItsShortestForm) {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    const SharedBytes frame = encode_frame(Opcode::kBinary, Buffer(size));
    EXPECT_EQ(frame->size(), size + frame_header_size(size));
  }
  const SharedBytes middle = encode_frame(Opcode::kBinary, Buffer(256));
  EXPECT_EQ(to_buffer(Bytes(*middle).first(4)), bytes_of({0x82, 0x7E, 0x01, 0x00}));
  const SharedBytes large = encode_frame(Opcode::kBinary, Buffer(65'536));
  EXPECT_EQ(to_buffer(Bytes(*large).first(10)), bytes_of({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(FrameTest, ACompressedFrameBearsTheFirstReservedBit) {
  EXPECT_EQ(encode_frame(Opcode::kText, {}, true)->front(), std::byte{0xC1});
}

TEST(FrameTest, AClosePayloadHoldsTheCodeAndAShortReason) {
  EXPECT_TRUE(close_payload(CloseCode::kNoStatus, "unsaid").empty());
  EXPECT_EQ(close_payload(CloseCode::kMessageTooBig, "x"), bytes_of({0x03, 0xF1, 'x'}));
  EXPECT_EQ(close_payload(CloseCode::kNormal, std::string(200, 'r')).size(), kControlPayloadMax);
}

TEST(MaskTest, EveryLengthAndOffsetComesOutAsByteByByte) {
  Random random(7);
  const Mask mask = {std::byte{1}, std::byte{2}, std::byte{0xF0}, std::byte{0x80}};
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t offset = 0; offset < 9; ++offset) {
      Buffer bytes(size);
      for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random.next() & 0xFFU);
      }
      Buffer expected = bytes;
      for (std::size_t i = 0; i < size; ++i) {
        expected[i] ^= mask.at((i + offset) % 4);
      }
      apply_mask(bytes, mask, offset);
      EXPECT_EQ(bytes, expected) << size << "+" << offset;
    }
  }
}

TEST(HandshakeTest, TheSpecificationsKeyGivesItsAnswer) {  // RFC 6455 §1.3
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(HandshakeTest, AKeyIsBase64OfSixteenBytes) {
  EXPECT_TRUE(is_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const std::string_view bad :
       {"", "abc", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZWU=", "dGhlIHNhbXBsZSBub25j!!=="}) {
    EXPECT_FALSE(is_key(bad)) << bad;
  }
}

}  // namespace
}  // namespace visavis::websocket
