#include "rtp/keyframe.hpp"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>

#include "rtp/vp8_descriptor.hpp"
#include "rtp/vp9_descriptor.hpp"

namespace visavis::rtp {
namespace {

Buffer bytes_of(std::initializer_list<unsigned> octets) {
  Buffer bytes;
  for (const unsigned octet : octets) {
    bytes.push_back(static_cast<std::byte>(octet));
  }
  return bytes;
}

constexpr Format kVp8{CodecName::kVp8};
constexpr Format kVp9{CodecName::kVp9};
constexpr Format kH264{CodecName::kH264};
constexpr Format kAv1{CodecName::kAv1};

TEST(Keyframe, OfVp8IsTheFirstPacketOfAFrameWithPZero) {
  EXPECT_TRUE(starts_keyframe(kVp8, bytes_of({0x10, 0x00})));
  EXPECT_FALSE(starts_keyframe(kVp8, bytes_of({0x10, 0x01})));  // Inter frame.
  EXPECT_FALSE(starts_keyframe(kVp8, bytes_of({0x00, 0x00})));  // Not a start.
  EXPECT_FALSE(starts_keyframe(kVp8, bytes_of({0x11, 0x00})));  // Another partition.
  EXPECT_TRUE(starts_keyframe(kVp8, bytes_of({0x90, 0xE0, 0x81, 0x02, 0x07, 0x40, 0x00})));
}

TEST(Keyframe, OfVp9IsNotPredictedAndOfTheLowestLayer) {
  EXPECT_TRUE(starts_keyframe(kVp9, bytes_of({0x88, 0x05})));
  EXPECT_FALSE(starts_keyframe(kVp9, bytes_of({0xC8, 0x05})));              // P
  EXPECT_FALSE(starts_keyframe(kVp9, bytes_of({0x80, 0x05})));              // Not B
  EXPECT_FALSE(starts_keyframe(kVp9, bytes_of({0xA8, 0x05, 0x02, 0x00})));  // SID 1
}

TEST(Keyframe, OfH264IsItsParameterSetsOrItsIdrSlice) {
  EXPECT_TRUE(starts_keyframe(kH264, bytes_of({0x67, 0x42})));  // SPS
  EXPECT_TRUE(starts_keyframe(kH264, bytes_of({0x65, 0x88})));  // IDR
  EXPECT_FALSE(starts_keyframe(kH264, bytes_of({0x41, 0x9A})));
  EXPECT_FALSE(starts_keyframe(kH264, bytes_of({0x68, 0xCE})));  // PPS alone
}

TEST(Keyframe, OfH264IsFoundInsideAnAggregate) {
  EXPECT_TRUE(starts_keyframe(kH264, bytes_of({0x78, 0, 1, 0x06, 0, 2, 0x67, 0x42})));
  EXPECT_FALSE(starts_keyframe(kH264, bytes_of({0x78, 0, 1, 0x06, 0, 2, 0x41, 0x42})));
  EXPECT_FALSE(starts_keyframe(kH264, bytes_of({0x78, 0, 9, 0x67})));  // Cut off.
}

TEST(Keyframe, OfH264IsTheFirstFragmentOnly) {
  EXPECT_TRUE(starts_keyframe(kH264, bytes_of({0x7C, 0x85, 0x88})));
  EXPECT_FALSE(starts_keyframe(kH264, bytes_of({0x7C, 0x05, 0x88})));
  EXPECT_FALSE(starts_keyframe(kH264, bytes_of({0x7C, 0x81, 0x88})));
}

TEST(Keyframe, OfAv1BeginsACodedSequence) {
  EXPECT_TRUE(starts_keyframe(kAv1, bytes_of({0x18, 0x0A})));                          // N
  EXPECT_TRUE(starts_keyframe(kAv1, bytes_of({0x10, 0x0A, 0x01})));                    // W=1
  EXPECT_TRUE(starts_keyframe(kAv1, bytes_of({0x00, 0x01, 0x30, 0x02, 0x0A, 0x01})));  // W=0
  EXPECT_TRUE(starts_keyframe(kAv1, bytes_of({0x20, 0x01, 0x30, 0x0A})));  // W=2, second
  EXPECT_FALSE(starts_keyframe(kAv1, bytes_of({0x10, 0x30, 0x01})));       // A frame.
  EXPECT_FALSE(starts_keyframe(kAv1, bytes_of({0x98, 0x0A})));             // Continued.
  EXPECT_FALSE(starts_keyframe(kAv1, bytes_of({0x00, 0x7F, 0x0A})));       // Cut off.
}

TEST(Keyframe, IsNeverFoundInAudioOrNothing) {
  EXPECT_FALSE(starts_keyframe({CodecName::kOpus}, bytes_of({0x10, 0x00})));
  for (const Format& format : {kVp8, kVp9, kH264, kAv1}) {
    EXPECT_FALSE(starts_keyframe(format, {}));
    EXPECT_FALSE(starts_picture(format, {}));
  }
}

TEST(Keyframe, IsLookedForInFrontOfThePadding) {
  PacketView packet;
  packet.padded = true;
  const Buffer only_padding = bytes_of({0x10, 0x00, 0x03});
  packet.payload = only_padding;
  EXPECT_FALSE(is_keyframe_packet(kVp8, packet));
  const Buffer padded = bytes_of({0x10, 0x00, 0x00, 0x02});
  packet.payload = padded;
  EXPECT_TRUE(is_keyframe_packet(kVp8, packet));
}

TEST(Vp8Descriptor, ReadsEveryField) {
  const Buffer payload = bytes_of({0xB0, 0xF0, 0x92, 0x34, 0x56, 0x65, 0x01});
  const auto descriptor = parse_vp8(payload);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->starts_picture());
  EXPECT_TRUE(descriptor->non_reference);
  EXPECT_EQ(descriptor->picture_id, 0x1234);
  EXPECT_TRUE(descriptor->long_picture_id);
  EXPECT_EQ(descriptor->tl0_picture_index, 0x56);
  EXPECT_EQ(descriptor->temporal_layer, 1);
  EXPECT_TRUE(descriptor->layer_sync);
  EXPECT_EQ(descriptor->key_index, 5);
  EXPECT_EQ(descriptor->size, 6U);
  EXPECT_EQ(descriptor->picture_id_at, 2U);
  EXPECT_EQ(descriptor->tl0_picture_index_at, 4U);
}

TEST(Vp8Descriptor, RefusesEveryTruncation) {
  const Buffer payload = bytes_of({0xB0, 0xF0, 0x92, 0x34, 0x56, 0x65});
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(parse_vp8(Bytes(payload).first(size))) << size;
  }
  EXPECT_TRUE(parse_vp8(payload));
}

TEST(Vp8Descriptor, IsRewrittenInTheWidthThatItHas) {
  Buffer wide = bytes_of({0x90, 0xC0, 0x80, 0x01, 0x02, 0x00});
  rewrite_vp8(wide, *parse_vp8(wide), {.picture_id = 0x7FFF, .tl0_picture_index = 9});
  EXPECT_EQ(wide, bytes_of({0x90, 0xC0, 0xFF, 0xFF, 0x09, 0x00}));
  Buffer narrow = bytes_of({0x90, 0x80, 0x01, 0x00});
  rewrite_vp8(narrow, *parse_vp8(narrow), {.picture_id = 0x0185, .tl0_picture_index = 9});
  EXPECT_EQ(narrow, bytes_of({0x90, 0x80, 0x05, 0x00}));
  Buffer bare = bytes_of({0x10, 0x00});
  rewrite_vp8(bare, *parse_vp8(bare), {.picture_id = 1, .tl0_picture_index = 9});
  EXPECT_EQ(bare, bytes_of({0x10, 0x00}));
}

TEST(Vp9Descriptor, ReadsLayersAndNumbers) {
  const Buffer payload = bytes_of({0xAE, 0x92, 0x34, 0x35, 0x77, 0x00});
  const auto descriptor = parse_vp9(payload);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->picture_id, 0x1234);
  EXPECT_TRUE(descriptor->starts_frame);
  EXPECT_TRUE(descriptor->ends_frame);
  EXPECT_TRUE(descriptor->has_structure);
  EXPECT_EQ(descriptor->temporal_layer, 1);
  EXPECT_TRUE(descriptor->switching_up);
  EXPECT_EQ(descriptor->spatial_layer, 2);
  EXPECT_EQ(descriptor->tl0_picture_index, 0x77);
}

TEST(Vp9Descriptor, RefusesEveryTruncation) {
  const Buffer payload = bytes_of({0xAE, 0x92, 0x34, 0x35, 0x77});
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(parse_vp9(Bytes(payload).first(size))) << size;
  }
}

TEST(Vp9Descriptor, IsRewrittenInPlace) {
  Buffer payload = bytes_of({0xA8, 0x92, 0x34, 0x30, 0x77, 0x00});
  rewrite_vp9(payload, *parse_vp9(payload), 0x0001, 0x78);
  EXPECT_EQ(payload, bytes_of({0xA8, 0x80, 0x01, 0x30, 0x78, 0x00}));
}

}  // namespace
}  // namespace visavis::rtp
