#include "rtp/media_parameters.hpp"

#include <gtest/gtest.h>

namespace visavis::rtp {
namespace {

TEST(CodecName, IsReadWithoutRegardToCase) {
  EXPECT_EQ(codec_named("vp8"), CodecName::kVp8);
  EXPECT_EQ(codec_named("OPUS"), CodecName::kOpus);
  EXPECT_EQ(codec_named("h264"), CodecName::kH264);
  EXPECT_FALSE(codec_named("red"));
  EXPECT_FALSE(codec_named(""));
}

TEST(CodecName, HasTheClockOfItsPayloadFormat) {
  EXPECT_EQ(clock_rate(CodecName::kOpus), 48'000U);
  EXPECT_EQ(clock_rate(CodecName::kAv1), 90'000U);
  EXPECT_EQ(kind_of(CodecName::kOpus), MediaKind::kAudio);
  EXPECT_EQ(kind_of(CodecName::kVp9), MediaKind::kVideo);
}

TEST(MediaParameters, FindsALineByEachOfItsNames) {
  MediaParameters media;
  media.codecs = {
      {.format = {CodecName::kOpus}, .payload_type = PayloadType(111), .rtx = {}},
      {.format = {CodecName::kVp8}, .payload_type = PayloadType(96), .rtx = PayloadType(97)}};
  EXPECT_EQ(media.find(PayloadType(96)), &media.codecs[1]);
  EXPECT_EQ(media.find_by_rtx(PayloadType(97)), &media.codecs[1]);
  EXPECT_EQ(media.find(Format{CodecName::kOpus}), media.codecs.data());
  EXPECT_EQ(media.find(PayloadType(97)), nullptr);
  EXPECT_EQ(media.find(Format{CodecName::kVp8, 1}), nullptr);
}

}  // namespace
}  // namespace visavis::rtp
