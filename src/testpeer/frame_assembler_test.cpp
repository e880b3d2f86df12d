#include "testpeer/frame_assembler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace visavis::testpeer {
namespace {

using namespace std::chrono_literals;

/// A stream as a server without fault would send it, to be spoilt by the tests.
class FrameAssemblerTest : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kPackets = 3;

  /// The packets of the next frame.
  std::vector<ReceivedPacket> frame(bool key, std::uint32_t source = 1) {
    const std::uint32_t number = numbers_[source]++;
    now += 33ms;
    timestamp_ += 2'970;
    ++picture_;
    std::vector<ReceivedPacket> packets;
    for (std::uint16_t index = 0; index < kPackets; ++index) {
      packets.push_back({.sequence = rtp::SequenceNumber(sequence_++),
                         .timestamp = rtp::Timestamp(timestamp_),
                         .stamp = {.source = source,
                                   .frame = number,
                                   .index = index,
                                   .count = kPackets,
                                   .key = key,
                                   .captured = now},
                         .marker = index + 1 == kPackets,
                         .picture_id = picture_ & 0x7FFF});
    }
    return packets;
  }
  void receive(const std::vector<ReceivedPacket>& packets) {
    for (const ReceivedPacket& packet : packets) {
      frames.handle_packet(now, packet);
    }
  }
  void receive_frames(int count) {
    for (int number = 0; number < count; ++number) {
      receive(frame(false));
    }
  }

  Instant now{100s};
  FrameAssembler frames;

  std::uint16_t sequence_ = 65'500;

 private:
  std::array<std::uint32_t, 10> numbers_{};
  std::uint32_t timestamp_ = 0xFFFF'0000;
  std::uint16_t picture_ = 0x7FF0;
};

TEST_F(FrameAssemblerTest, CountsFramesOverAllWraps) {
  receive(frame(true));
  receive_frames(100);
  EXPECT_EQ(frames.report().frames, 101U);
  EXPECT_EQ(frames.report().keyframes, 1U);
  EXPECT_EQ(frames.report().breaks, 0U);
  EXPECT_EQ(frames.report().freezes, 0U);
}

TEST_F(FrameAssemblerTest, WaitsForTheFirstKeyframeAndAsksForOne) {
  receive(frame(false));
  EXPECT_FALSE(frames.poll_keyframe_request(now));
  EXPECT_TRUE(frames.poll_keyframe_request(now + FrameAssembler::kPatience));
  EXPECT_FALSE(frames.poll_keyframe_request(now + FrameAssembler::kPatience + 1ms));
  EXPECT_TRUE(
      frames.poll_keyframe_request(now + FrameAssembler::kPatience + FrameAssembler::kPliGap));
  receive(frame(true));
  EXPECT_EQ(frames.report().frames, 1U);
  EXPECT_EQ(frames.next_timeout(), kNever);
}

TEST_F(FrameAssemblerTest, HoldsFramesBackUntilAMissingPacketComes) {
  receive(frame(true));
  auto broken = frame(false);
  const ReceivedPacket late = broken[1];
  broken.erase(broken.begin() + 1);
  receive(broken);
  receive_frames(3);
  EXPECT_EQ(frames.report().frames, 1U);
  frames.handle_packet(now, late);
  EXPECT_EQ(frames.report().frames, 5U);
  EXPECT_EQ(frames.report().breaks, 0U);
}

TEST_F(FrameAssemblerTest, GoesOnAtAKeyframeWhenAPacketStaysAway) {
  receive(frame(true));
  auto broken = frame(false);
  broken.pop_back();
  receive(broken);
  receive_frames(10);
  receive(frame(true));
  receive_frames(2);
  EXPECT_EQ(frames.report().frames, 4U);
  EXPECT_EQ(frames.report().skipped, 1U);
  EXPECT_EQ(frames.report().breaks, 0U);
}

TEST_F(FrameAssemblerTest, GoesOnAtOnceWhenAKeyframeCutsAFrameShort) {
  receive(frame(true));
  auto cut = frame(false);
  cut.pop_back();
  receive(cut);
  sequence_ -= 1;
  receive(frame(true, 2));
  EXPECT_EQ(frames.report().frames, 2U);
  EXPECT_EQ(frames.report().cut, 1U);
  EXPECT_EQ(frames.report().breaks, 0U);
}

TEST_F(FrameAssemblerTest, AFrameCutShortWithoutAKeyframeIsMissed) {
  receive(frame(true));
  auto cut = frame(false);
  cut.pop_back();
  receive(cut);
  sequence_ -= 1;
  receive_frames(5);
  EXPECT_EQ(frames.report().frames, 1U);
  EXPECT_TRUE(frames.poll_keyframe_request(now + FrameAssembler::kStuckMax));
}

TEST_F(FrameAssemblerTest, AsksForAKeyframeOnceAPacketIsKnownToBeLost) {
  receive(frame(true));
  static_cast<void>(frame(false));
  receive(frame(false));
  EXPECT_FALSE(frames.poll_keyframe_request(now));
  frames.handle_loss(now);
  EXPECT_TRUE(frames.poll_keyframe_request(now));
}

TEST_F(FrameAssemblerTest, TakesPacketsInAnyOrderAndTwice) {
  receive(frame(true));
  auto packets = frame(false);
  const auto next = frame(false);
  packets.insert(packets.end(), next.begin(), next.end());
  std::ranges::reverse(packets);
  receive(packets);
  receive(packets);
  EXPECT_EQ(frames.report().frames, 3U);
  EXPECT_EQ(frames.report().breaks, 0U);
}

TEST_F(FrameAssemblerTest, ASwitchAtAKeyframeIsNoBreak) {
  receive(frame(true, 1));
  receive(frame(true, 2));
  receive(frame(false, 2));
  EXPECT_EQ(frames.report().switches, 1U);
  EXPECT_EQ(frames.report().source, 2U);
  EXPECT_EQ(frames.report().breaks, 0U);
}

TEST_F(FrameAssemblerTest, ASwitchWithoutAKeyframeIsABreak) {
  receive(frame(true, 1));
  receive(frame(false, 2));
  EXPECT_EQ(frames.report().breaks, 1U);
}

TEST_F(FrameAssemblerTest, AFrameThatTheServerLeftOutIsABreak) {
  receive(frame(true));
  const auto left_out = frame(false);
  auto next = frame(false);
  for (std::size_t index = 0; index < next.size(); ++index) {
    next[index].sequence = left_out[index].sequence;
    next[index].picture_id = left_out[index].picture_id;
  }
  receive(next);
  EXPECT_EQ(frames.report().frames, 2U);
  EXPECT_EQ(frames.report().breaks, 1U);
}

TEST_F(FrameAssemblerTest, ATimestampThatFallsBackIsABreak) {
  receive(frame(true));
  auto next = frame(false);
  for (ReceivedPacket& packet : next) {
    packet.timestamp = rtp::Timestamp(packet.timestamp.value() - 100'000);
  }
  receive(next);
  EXPECT_EQ(frames.report().breaks, 1U);
}

TEST_F(FrameAssemblerTest, APictureIdThatJumpsIsABreak) {
  receive(frame(true));
  auto next = frame(false);
  for (ReceivedPacket& packet : next) {
    packet.picture_id = static_cast<std::uint16_t>((*packet.picture_id + 5) & 0x7FFF);
  }
  receive(next);
  EXPECT_EQ(frames.report().breaks, 1U);
}

TEST_F(FrameAssemblerTest, AMissingMarkerIsABreak) {
  auto first = frame(true);
  first.back().marker = false;
  receive(first);
  EXPECT_EQ(frames.report().breaks, 1U);
}

TEST_F(FrameAssemblerTest, APauseThatAViewerSeesIsAFreeze) {
  receive(frame(true));
  receive_frames(60);
  now += 100ms;
  receive(frame(false));
  EXPECT_EQ(frames.report().freezes, 0U);
  now += 500ms;
  receive(frame(false));
  EXPECT_EQ(frames.report().freezes, 1U);
}

}  // namespace
}  // namespace visavis::testpeer
