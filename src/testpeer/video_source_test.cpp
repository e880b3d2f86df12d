#include "testpeer/video_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/byte_reader.hpp"
#include "rtp/keyframe.hpp"
#include "rtp/vp8_descriptor.hpp"

namespace visavis::testpeer {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1'000s};

TEST(VideoSource, BeginsWithAKeyframeAndHasNoOtherUnasked) {
  VideoSource source({}, Random(1));
  source.start(kStart);
  for (Instant now = kStart; now < kStart + 10s; now += 1ms) {
    if (const auto frame = source.poll_frame(now)) {
      EXPECT_EQ(frame->key, frame->number == 0);
    }
  }
  EXPECT_EQ(source.frames(), 300U);
  EXPECT_EQ(source.keyframes(), 1U);
}

TEST(VideoSource, KeepsItsBitRateWithinATenth) {
  VideoSource source({.bits_per_second = 1'500'000}, Random(1));
  source.start(kStart);
  std::size_t bytes = 0;
  for (Instant now = kStart; now < kStart + 60s; now += 10ms) {
    while (const auto frame = source.poll_frame(now)) {
      bytes += frame->key ? 0 : frame->bytes;
    }
  }
  EXPECT_NEAR(static_cast<double>(bytes) * 8 / 60, 1.5e6, 1.5e5);
}

TEST(VideoSource, AnswersRequestsForKeyframesNoFasterThanAnEncoder) {
  VideoSource source({}, Random(1));
  source.start(kStart);
  for (Instant now = kStart; now < kStart + 3s; now += 1ms) {
    source.request_keyframe();
    static_cast<void>(source.poll_frame(now));
  }
  EXPECT_LE(source.keyframes(), 10U);
  EXPECT_GE(source.keyframes(), 8U);
}

TEST(VideoSource, WritesPayloadsThatParsersUnderstand) {
  for (const auto codec : {rtp::CodecName::kVp8, rtp::CodecName::kH264}) {
    VideoSource source({.source = 9, .codec = codec}, Random(1));
    source.start(kStart);
    Buffer cell(1'500);
    for (int number = 0; number < 20; ++number) {
      const auto frame = source.poll_frame(source.next_frame_at());
      ASSERT_TRUE(frame);
      std::size_t sum = 0;
      for (std::uint16_t index = 0; index < frame->packets; ++index) {
        const std::size_t size = source.write_payload(*frame, index, cell);
        sum += size;
        EXPECT_LE(size, VideoSource::kPayloadMax);
        const Bytes payload = Bytes(cell).first(size);
        // H.264: the parameter sets, and the slice behind them.
        const unsigned starts = codec == rtp::CodecName::kH264 ? 2 : 1;
        EXPECT_EQ(rtp::starts_keyframe({codec}, payload), frame->key && index < starts);
        const auto stamp = read_stamp(payload.subspan(leading_bytes(codec, payload)));
        ASSERT_TRUE(stamp);
        EXPECT_EQ(stamp->frame, frame->number);
        EXPECT_EQ(stamp->count, frame->packets);
      }
      EXPECT_EQ(sum, frame->bytes);
    }
  }
}

TEST(VideoSource, AnH264KeyframeBeginsWithItsParameterSets) {
  VideoSource source({.codec = rtp::CodecName::kH264, .key_bytes = 100}, Random(1));
  source.start(kStart);
  const auto frame = source.poll_frame(kStart);
  ASSERT_TRUE(frame && frame->key);
  ASSERT_EQ(frame->packets, 2);
  Buffer cell(1'500);
  ByteReader reader(Bytes(cell).first(source.write_payload(*frame, 0, cell)));
  EXPECT_EQ(reader.u8() & 0x1FU, 24U);  // STAP-A
  std::vector<unsigned> types;
  while (reader.ok() && !reader.rest().empty()) {
    const Bytes unit = reader.bytes(reader.u16());
    types.push_back(unit.empty() ? 0U : std::to_integer<unsigned>(unit[0]) & 0x1FU);
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(types, (std::vector{7U, 8U, 6U, 12U}));
  static_cast<void>(source.write_payload(*frame, 1, cell));
  EXPECT_EQ(std::to_integer<unsigned>(cell[0]) & 0x1FU, 5U);  // Whole: never both ends of an FU-A.
}

TEST(VideoSource, CountsVp8PictureIdsUpInFifteenBits) {
  VideoSource source({}, Random(1));
  source.start(kStart);
  Buffer cell(1'500);
  std::optional<std::uint16_t> before;
  for (int number = 0; number < 40'000; ++number) {
    const auto frame = source.poll_frame(source.next_frame_at());
    const std::size_t size = source.write_payload(*frame, 0, cell);
    const auto descriptor = rtp::parse_vp8(Bytes(cell).first(size));
    ASSERT_TRUE(descriptor && descriptor->long_picture_id);
    if (before) {
      ASSERT_EQ(*descriptor->picture_id, (*before + 1) & 0x7FFF);
    }
    before = descriptor->picture_id;
  }
}

TEST(VideoSource, DropsTheFramesThatNobodyTookInTime) {
  VideoSource source({}, Random(1));
  source.start(Instant{});
  ASSERT_TRUE(source.poll_frame(Instant{}));
  const Instant late(std::chrono::seconds(2));
  ASSERT_TRUE(source.poll_frame(late));
  EXPECT_FALSE(source.poll_frame(late));
  EXPECT_TRUE(source.poll_frame(late + std::chrono::milliseconds(34)));
}

}  // namespace
}  // namespace visavis::testpeer
