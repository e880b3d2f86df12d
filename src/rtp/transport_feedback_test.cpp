#include "rtp/transport_feedback.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>

#include "base/byte_writer.hpp"
#include "base/random.hpp"
#include "rtp/transport_feedback_walk.hpp"

namespace visavis::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{seconds(1'000)};

/// What a sender learns: the newest word about each packet.
struct Learned {
  std::map<std::uint16_t, std::optional<Duration>> arrivals;
  int feedbacks = 0;
};

void drain(TransportFeedbackRecorder& recorder, Instant now, Learned& learned) {
  for (;;) {
    std::array<std::byte, 1'200> bytes{};
    RtcpWriter writer(bytes);
    if (!recorder.write(now, writer, Ssrc(1), Ssrc(2))) {
      return;
    }
    ++learned.feedbacks;
    const auto read = for_each_rtcp(writer.written(), [&](const TransportFeedback& feedback) {
      feedback.for_each([&](SequenceNumber sequence, std::optional<Duration> at) {
        auto& known = learned.arrivals[sequence.value()];
        known = at ? at : known;
      });
    });
    EXPECT_TRUE(read);
  }
}

void expect_near(std::optional<Duration> told, Instant arrived) {
  ASSERT_TRUE(told);
  const Duration off = (arrived.time_since_epoch() - *told) % (milliseconds(64) * (1 << 24));
  EXPECT_LE(std::abs(off.count()), 250) << told->count();
}

TEST(TransportFeedback, TellsArrivalsToAQuarterMillisecond) {
  TransportFeedbackRecorder recorder;
  Learned learned;
  for (int index = 0; index < 20; ++index) {
    recorder.handle_packet(kStart + milliseconds(5 * index),
                           SequenceNumber(static_cast<std::uint16_t>(65'530 + index)));
  }
  EXPECT_EQ(recorder.next_timeout(), kStart + TransportFeedbackRecorder::kInterval);
  drain(recorder, kStart + milliseconds(100), learned);
  EXPECT_EQ(learned.feedbacks, 1);
  ASSERT_EQ(learned.arrivals.size(), 20U);
  for (int index = 0; index < 20; ++index) {
    expect_near(learned.arrivals[static_cast<std::uint16_t>(65'530 + index)],
                kStart + milliseconds(5 * index));
  }
}

TEST(TransportFeedback, TellsTheHolesToo) {
  TransportFeedbackRecorder recorder;
  Learned learned;
  recorder.handle_packet(kStart, SequenceNumber(10));
  recorder.handle_packet(kStart, SequenceNumber(13));
  drain(recorder, kStart, learned);
  recorder.handle_packet(kStart + milliseconds(1), SequenceNumber(16));
  drain(recorder, kStart + milliseconds(1), learned);
  ASSERT_EQ(learned.arrivals.size(), 7U);
  for (const std::uint16_t lost : std::array<std::uint16_t, 4>{11, 12, 14, 15}) {
    EXPECT_FALSE(learned.arrivals[lost]);
  }
}

TEST(TransportFeedback, SurvivesReorderingLossAndLargeGapsInTime) {
  Random random(7);
  TransportFeedbackRecorder recorder;
  Learned learned;
  std::map<std::uint16_t, Instant> arrived;
  Instant now = kStart;
  for (int index = 0; index < 20'000; ++index) {
    now += Duration(static_cast<std::int64_t>(random.unit() * 2'000));
    if (random.unit() < 0.001) {
      now += seconds(9);  // Farther than one delta reaches.
    }
    const auto sequence = static_cast<std::uint16_t>(index + (random.unit() < 0.1 ? 3 : 0));
    if (random.unit() < 0.2 || arrived.contains(sequence)) {
      continue;
    }
    recorder.handle_packet(now, SequenceNumber(sequence));
    arrived[sequence] = now;
    if (recorder.due(now)) {
      drain(recorder, now, learned);
    }
  }
  drain(recorder, now, learned);
  for (const auto& [sequence, at] : arrived) {
    expect_near(learned.arrivals[sequence], at);
  }
}

TEST(TransportFeedback, TellsALatePacketAfterItsHole) {
  TransportFeedbackRecorder recorder;
  Learned learned;
  recorder.handle_packet(kStart, SequenceNumber(1));
  recorder.handle_packet(kStart, SequenceNumber(3));
  drain(recorder, kStart, learned);
  EXPECT_FALSE(learned.arrivals[2]);
  recorder.handle_packet(kStart + milliseconds(3), SequenceNumber(2));
  drain(recorder, kStart + milliseconds(3), learned);
  expect_near(learned.arrivals[2], kStart + milliseconds(3));
}

TEST(TransportFeedback, SplitsAFloodIntoPacketsThatFitADatagram) {
  TransportFeedbackRecorder recorder;
  Learned learned;
  for (int index = 0; index < 10'000; ++index) {
    recorder.handle_packet(kStart + Duration(100 * index),
                           SequenceNumber(static_cast<std::uint16_t>(index)));
  }
  drain(recorder, kStart + seconds(1), learned);
  EXPECT_EQ(learned.arrivals.size(), TransportFeedbackRecorder::kArrivalsMax);
  EXPECT_EQ(recorder.next_timeout(), kNever);
}

TEST(TransportFeedback, StartsAnewAfterALongHole) {
  TransportFeedbackRecorder recorder;
  Learned learned;
  recorder.handle_packet(kStart, SequenceNumber(1));
  drain(recorder, kStart, learned);
  recorder.handle_packet(kStart, SequenceNumber(20'000));
  drain(recorder, kStart, learned);
  EXPECT_EQ(learned.arrivals.size(), 2U);
}

TEST(TransportFeedback, IgnoresADuplicate) {
  TransportFeedbackRecorder recorder;
  Learned learned;
  recorder.handle_packet(kStart, SequenceNumber(1));
  recorder.handle_packet(kStart + milliseconds(9), SequenceNumber(1));
  drain(recorder, kStart + milliseconds(9), learned);
  expect_near(learned.arrivals[1], kStart);
}

TEST(TransportFeedback, ReadsVectorChunksOfBothWidths) {
  // The chunks of the draft's §3.1.4 figures: 14 one-bit symbols, then 7 two-bit
  // ones, of which one is the reserved symbol, which has no delta.
  const std::array<unsigned char, 40> wire{
      0x8F, 205,  0,    9,    0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 21, 0, 0, 1, 0,
      0x9F, 0x1C, 0xCD, 0x50, 4, 4, 4, 4, 4, 4, 4, 4, 0, 4, 4, 4,  4, 0, 0, 0};
  int arrived = 0;
  int spoken_of = 0;
  const auto read =
      for_each_rtcp(std::as_bytes(std::span(wire)), [&](const TransportFeedback& feedback) {
        feedback.for_each([&](SequenceNumber, std::optional<Duration> at) {
          ++spoken_of;
          arrived += at ? 1 : 0;
        });
      });
  ASSERT_TRUE(read);
  EXPECT_EQ(spoken_of, 21);
  EXPECT_EQ(arrived, 8 + 3);
}

TEST(TransportFeedback, IsReadInAsManyStepsAsItHasChunksHoweverManyPacketsTheyStandFor) {
  // A datagram holds 30 feedbacks of 40 bytes about 65,535 missing packets each. Read one by one,
  // 300 of them a second kept a core busy.
  std::array<std::byte, 20> chunks{};  // And room for the delta.
  ByteWriter writer(chunks);
  for (int i = 0; i < 8; ++i) {
    writer.u16(8'191);
  }
  writer.u16(0xC000U | 1U);  // Seven two-bit symbols, the last a small delta.
  StatusSymbols symbols(chunks);
  std::size_t steps = 0;
  std::size_t told = 0;
  while (told < 8 * 8'191 + 7) {
    told += symbols.next_run(std::size_t{8} * 8'191 + 7 - told).count;
    ++steps;
  }
  EXPECT_TRUE(symbols.ok());
  EXPECT_EQ(steps, 8U + 7U);
  EXPECT_EQ(symbols.next_run(2).count, 2U);
  EXPECT_FALSE(symbols.ok());
  EXPECT_TRUE(receive_deltas(chunks, 65'535));
  EXPECT_FALSE(receive_deltas(Bytes(chunks).first(14), 65'535));
}

TEST(TransportFeedback, RefusesChunksAndDeltasThatAreCutOff) {
  std::array<std::byte, 200> bytes{};
  RtcpWriter writer(bytes);
  TransportFeedback feedback;
  feedback.status_count = 3;
  const std::array one_run{std::byte{0x20}, std::byte{0x03}};  // Three deltas, and none follows.
  feedback.chunks = one_run;
  writer.transport_feedback(feedback);
  EXPECT_FALSE(for_each_rtcp(writer.written().first(writer.size() - 4), [](const Pli&) {}));
  std::array<std::byte, 200> other{};
  RtcpWriter second(other);
  feedback.status_count = 3'000;
  second.transport_feedback(feedback);
  EXPECT_FALSE(for_each_rtcp(second.written(), [](const Pli&) {}));
}

}  // namespace
}  // namespace visavis::rtp
