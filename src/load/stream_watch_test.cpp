#include "load/stream_watch.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace visavis::load {
namespace {

using rtp::SequenceNumber;
using rtp::Timestamp;

constexpr int kShift = 1000;         // What the server adds to numbers …
constexpr unsigned kDelay = 90'000;  // … and to timestamps.

Instant at_ms(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

/// A publisher of frames of three packets, and a viewer behind a server that renumbers.
class Viewing : public testing::Test {
 protected:
  struct Packet {
    SequenceNumber sequence;
    Timestamp timestamp;
  };

  /// Sends a frame; its packets as the viewer gets them.
  std::vector<Packet> publish(int ms) {
    std::vector<Packet> packets;
    const Timestamp timestamp(static_cast<std::uint32_t>(ms) * 90);
    for (int index = 0; index < 3; ++index) {
      log_.handle_sent(at_ms(ms), next_, timestamp, index == 2);
      packets.push_back({rtp::advance(next_, kShift), Timestamp(timestamp.value() + kDelay)});
      next_ = rtp::advance(next_, 1);
    }
    return packets;
  }
  StreamWatch::Arrival receive(int ms, const Packet& packet) {
    return watch_.handle_packet(at_ms(ms), packet.sequence, packet.timestamp);
  }
  void learn(const Packet& packet) {
    const auto* const sent = log_.find(rtp::advance(packet.sequence, -kShift));
    ASSERT_NE(sent, nullptr);
    watch_.learn(log_, *sent, packet.sequence, packet.timestamp);
  }
  /// The first frame, whose first packet was opened.
  void begin() {
    const auto packets = publish(0);
    EXPECT_EQ(receive(0, packets[0]).place, StreamWatch::Place::kUnknown);
    learn(packets[0]);
    static_cast<void>(receive(0, packets[1]));
    static_cast<void>(receive(0, packets[2]));
  }

  SequenceNumber next_{65'530};  // Wraps in the third frame.
  SentLog log_{rtp::MediaKind::kVideo};
  StreamWatch watch_;
};

TEST_F(Viewing, LatencyIsFromTheSendingOfThatPacketToItsArrival) {
  begin();
  const auto packets = publish(33);
  EXPECT_EQ(receive(40, packets[0]).latency, Duration(7000));
  EXPECT_EQ(receive(45, packets[1]).latency, Duration(12'000));
}

TEST_F(Viewing, WhatACacheHeldHasNoLatency) {
  const auto old = publish(0);
  static_cast<void>(receive(500, old[0]));
  learn(old[0]);
  EXPECT_EQ(receive(500, old[1]).place, StreamWatch::Place::kKnown);
  EXPECT_EQ(receive(500, old[2]).latency, std::nullopt);
}

TEST_F(Viewing, NothingIsLostOverTheWrapOfSequenceNumbers) {
  begin();
  for (int frame = 1; frame < 50'000; ++frame) {
    for (const Packet& packet : publish(frame * 33)) {
      EXPECT_EQ(receive(frame * 33, packet).place, StreamWatch::Place::kKnown);
    }
  }
  const StreamCounts counts = watch_.counts();
  EXPECT_EQ(counts.expected, 150'000U);
  EXPECT_EQ(counts.received, counts.expected);
  EXPECT_EQ(counts.frames, 50'000U);
}

TEST_F(Viewing, AHoleIsLossAndItsFrameIsNotComplete) {
  begin();
  const auto broken = publish(33);
  static_cast<void>(receive(33, broken[0]));
  static_cast<void>(receive(33, broken[2]));
  for (const Packet& packet : publish(66)) {
    static_cast<void>(receive(66, packet));
  }
  const StreamCounts counts = watch_.counts();
  EXPECT_EQ(counts.expected, 9U);
  EXPECT_EQ(counts.received, 8U);
  EXPECT_EQ(counts.missing(), 1U);
  EXPECT_EQ(counts.frames, 2U);
}

TEST_F(Viewing, ARepairCompletesTheFrameAndStaysLoss) {
  begin();
  const auto broken = publish(33);
  static_cast<void>(receive(33, broken[0]));
  static_cast<void>(receive(33, broken[2]));
  const std::uint64_t frames = watch_.counts().frames;
  watch_.handle_repair(broken[1].sequence);
  watch_.handle_repair(broken[1].sequence);
  const StreamCounts counts = watch_.counts();
  EXPECT_EQ(counts.frames, frames + 1);
  EXPECT_EQ(counts.expected - counts.received, 1U);
  EXPECT_EQ(counts.missing(), 0U);
  EXPECT_EQ(counts.duplicates, 1U);
}

TEST_F(Viewing, ReorderedPacketsAreNeitherLostNorTwice) {
  begin();
  const std::uint64_t frames = watch_.counts().frames;
  const auto packets = publish(33);
  for (const std::size_t index : {2U, 0U, 1U}) {
    EXPECT_TRUE(receive(33, packets[index]).first);
  }
  EXPECT_EQ(watch_.counts().missing(), 0U);
  EXPECT_EQ(watch_.counts().duplicates, 0U);
  EXPECT_EQ(watch_.counts().frames, frames + 1);
}

TEST_F(Viewing, AServerThatRenumbersAnewHasToBeLearntAnew) {
  begin();
  auto packets = publish(33);
  packets[0].timestamp = Timestamp(packets[0].timestamp.value() + 7);
  EXPECT_EQ(receive(33, packets[0]).place, StreamWatch::Place::kUnknown);
}

TEST_F(Viewing, PacketsOlderThanTheWindowAreNotCounted) {
  begin();
  const auto late = publish(33)[0];
  for (int frame = 2; frame < 400; ++frame) {
    for (const Packet& packet : publish(frame * 33)) {
      static_cast<void>(receive(frame * 33, packet));
    }
  }
  EXPECT_EQ(receive(20'000, late).place, StreamWatch::Place::kOld);
  EXPECT_EQ(watch_.counts().duplicates, 0U);
}

TEST(SentLog, FindsAPacketByItsFrameAndPlace) {
  SentLog log(rtp::MediaKind::kVideo);
  log.handle_sent(at_ms(0), SequenceNumber(65'535), Timestamp(10), false);
  log.handle_sent(at_ms(5), SequenceNumber(0), Timestamp(10), true);
  log.handle_sent(at_ms(33), SequenceNumber(1), Timestamp(20), true);
  const SentLog::Packet* sent = log.find(Timestamp(10), 1);
  ASSERT_NE(sent, nullptr);
  EXPECT_EQ(sent->sent, at_ms(5));
  EXPECT_EQ(sent->count, 2);
  EXPECT_EQ(log.find(Timestamp(10), 2), nullptr);
  EXPECT_EQ(log.frames(), 2U);
}

TEST(SentLog, ForgetsWhatIsOlderThanItsRing) {
  SentLog log(rtp::MediaKind::kAudio);
  for (std::uint32_t number = 0; number <= SentLog::kPackets; ++number) {
    log.handle_sent(at_ms(0), SequenceNumber(static_cast<std::uint16_t>(number)), Timestamp(number),
                    false);
  }
  EXPECT_EQ(log.find(SequenceNumber(0)), nullptr);
  EXPECT_NE(log.find(SequenceNumber(1)), nullptr);
}

}  // namespace
}  // namespace visavis::load
