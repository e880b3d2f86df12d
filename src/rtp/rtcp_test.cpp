#include "rtp/rtcp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "rtp/rtcp_writer.hpp"

namespace visavis::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

struct Wire {
  std::array<std::byte, 1'400> bytes{};
  RtcpWriter writer{bytes};
};

std::vector<RtcpPacket> read_all(Bytes datagram) {
  std::vector<RtcpPacket> all;
  RtcpReader reader(datagram);
  for (;;) {
    const auto packet = reader.next();
    if (!packet || !*packet) {
      EXPECT_TRUE(packet.has_value());
      return all;
    }
    all.push_back(**packet);
  }
}

template <class Packet>
Packet read_one(Bytes datagram) {
  const auto all = read_all(datagram);
  EXPECT_EQ(all.size(), 1U);
  return std::get<Packet>(all.at(0));
}

std::vector<std::uint16_t> numbers(const Nack& nack) {
  std::vector<std::uint16_t> all;
  nack.for_each([&all](SequenceNumber number) { all.push_back(number.value()); });
  return all;
}

constexpr ReportBlock kBlock{.ssrc = Ssrc(7),
                             .fraction_lost = 12,
                             .cumulative_lost = -5,
                             .highest_sequence = 0x1'0002,
                             .jitter = 33,
                             .last_sender_report = 0xABCD,
                             .delay_since_sender_report = 0x100};

TEST(Rtcp, SenderReportComesBackAsWritten) {
  Wire wire;
  SenderReport report;
  report.sender = Ssrc(1);
  report.ntp = NtpTime{0x1234'5678'9ABC'DEF0};
  report.timestamp = Timestamp(99);
  report.packets = 3;
  report.octets = 4'000;
  const std::array blocks{kBlock, kBlock};
  ASSERT_TRUE(wire.writer.sender_report(report, blocks));
  const auto read = read_one<SenderReport>(wire.writer.written());
  EXPECT_EQ(read.sender, report.sender);
  EXPECT_EQ(read.ntp, report.ntp);
  EXPECT_EQ(read.timestamp, report.timestamp);
  EXPECT_EQ(read.packets, 3U);
  EXPECT_EQ(read.octets, 4'000U);
  ASSERT_EQ(read.blocks.size(), 2U);
  EXPECT_EQ(read.blocks[1], kBlock);
}

TEST(Rtcp, ACompoundIsReadInItsOrder) {
  Wire wire;
  wire.writer.receiver_report(Ssrc(1), std::array{kBlock});
  wire.writer.cname(Ssrc(1), "somebody");
  wire.writer.pli(Ssrc(1), Ssrc(2));
  wire.writer.bye(std::array{Ssrc(1), Ssrc(3)});
  const auto all = read_all(wire.writer.written());
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(std::get<ReceiverReport>(all[0]).blocks[0], kBlock);
  EXPECT_EQ(std::get<Sdes>(all[1]).cname, "somebody");
  EXPECT_EQ(std::get<Pli>(all[2]).media, Ssrc(2));
  const Bye bye = std::get<Bye>(all[3]);
  ASSERT_EQ(bye.size(), 2U);
  EXPECT_EQ(bye[1], Ssrc(3));
}

TEST(Rtcp, AVisitorMayLeaveTypesOut) {
  Wire wire;
  wire.writer.receiver_report(Ssrc(1));
  wire.writer.pli(Ssrc(1), Ssrc(2));
  int plis = 0;
  const auto result =
      for_each_rtcp(wire.writer.written(), Overloaded{[&plis](const Pli&) { ++plis; }});
  EXPECT_TRUE(result);
  EXPECT_EQ(plis, 1);
}

TEST(Rtcp, NackPacksNearNumbersIntoOneItem) {
  Wire wire;
  std::vector<SequenceNumber> missing;
  for (const int number : {65'530, 65'535, 3, 10, 11, 27, 28}) {
    missing.emplace_back(static_cast<std::uint16_t>(number));
  }
  ASSERT_TRUE(wire.writer.nack(Ssrc(1), Ssrc(2), missing));
  EXPECT_EQ(wire.writer.size(), 12U + 3 * 4U);
  EXPECT_THAT(numbers(read_one<Nack>(wire.writer.written())),
              ElementsAre(65'530, 65'535, 3, 10, 11, 27, 28));
}

TEST(Rtcp, AnEmptyNackIsReadAsNone) {
  Wire wire;
  wire.writer.nack(Ssrc(1), Ssrc(2), {});
  EXPECT_TRUE(numbers(read_one<Nack>(wire.writer.written())).empty());
}

TEST(Rtcp, FirWithSeveralEntriesIsToldOneByOne) {
  const std::array<unsigned char, 28> fir{0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                                          0,    2,   9, 0, 0, 0, 0, 0, 0, 3, 8, 0, 0, 0};
  const auto all = read_all(std::as_bytes(std::span(fir)));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(std::get<Fir>(all[0]).media, Ssrc(2));
  EXPECT_EQ(std::get<Fir>(all[0]).request, 9);
  EXPECT_EQ(std::get<Fir>(all[1]).media, Ssrc(3));
}

TEST(Rtcp, FirComesBackAsWritten) {
  Wire wire;
  wire.writer.fir({.sender = Ssrc(1), .media = Ssrc(2), .request = 200});
  const auto read = read_one<Fir>(wire.writer.written());
  EXPECT_EQ(read.media, Ssrc(2));
  EXPECT_EQ(read.request, 200);
}

TEST(Rtcp, RembKeepsEighteenBitsOfPrecision) {
  for (const std::uint64_t rate : {0ULL, 1ULL, 262'143ULL, 1'500'000ULL, 10'000'000'000ULL}) {
    Wire wire;
    wire.writer.remb({.sender = Ssrc(1), .bits_per_second = rate}, std::array{Ssrc(2)});
    const auto read = read_one<Remb>(wire.writer.written());
    EXPECT_LE(read.bits_per_second, rate);
    EXPECT_GE(static_cast<double>(read.bits_per_second), static_cast<double>(rate) * 0.9999);
  }
}

TEST(Rtcp, UnknownTypesArePassedOver) {
  const std::array<unsigned char, 8> xr{0x80, 207, 0, 1, 0, 0, 0, 1};
  EXPECT_EQ(read_one<OtherRtcp>(std::as_bytes(std::span(xr))).packet_type, 207);
}

TEST(Rtcp, EveryTruncationInsideAPacketIsRefused) {
  Wire wire;
  SenderReport report;
  wire.writer.sender_report(report, std::array{kBlock});
  wire.writer.cname(Ssrc(1), "name");
  wire.writer.nack(Ssrc(1), Ssrc(2), std::array{SequenceNumber(5)});
  wire.writer.fir({.sender = Ssrc(1), .media = Ssrc(2), .request = 1});
  wire.writer.remb({.sender = Ssrc(1), .bits_per_second = 5}, std::array{Ssrc(2)});
  const Bytes whole = wire.writer.written();
  ASSERT_TRUE(for_each_rtcp(whole, [](const OtherRtcp&) {}));
  int accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Buffer cut = to_buffer(whole.first(size));
    accepted += for_each_rtcp(cut, [](const OtherRtcp&) {}) ? 1 : 0;
  }
  EXPECT_EQ(accepted, 5);  // Nothing, and the ends of the first four packets.
}

TEST(Rtcp, ABodyTooShortForItsTypeIsRefused) {
  for (const unsigned type : {200U, 201U, 205U, 206U}) {
    const std::array bytes{std::byte{0x81}, std::byte(type), std::byte{0}, std::byte{0}};
    RtcpReader reader(bytes);
    const auto packet = reader.next();
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error(), RtcpError::kTruncated);
  }
}

TEST(Rtcp, OtherVersionsAreRefused) {
  const std::array bytes{std::byte{0x41}, std::byte{201}, std::byte{0}, std::byte{0}};
  EXPECT_EQ(RtcpReader(bytes).next().error(), RtcpError::kWrongVersion);
}

TEST(Rtcp, PaddingIsTakenOffAndCheckedAgainstTheBody) {
  const std::array<unsigned char, 12> good{0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4};
  EXPECT_EQ(read_one<ReceiverReport>(std::as_bytes(std::span(good))).sender, Ssrc(1));
  const std::array<unsigned char, 12> bad{0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9};
  EXPECT_EQ(RtcpReader(std::as_bytes(std::span(bad))).next().error(), RtcpError::kBadPadding);
}

TEST(Rtcp, IsToldFromRtpByItsPacketType) {
  const std::array rtcp{std::byte{0x80}, std::byte{200}};
  const std::array rtp{std::byte{0x80}, std::byte{96 | 0x80}};
  EXPECT_TRUE(is_rtcp(rtcp));
  EXPECT_FALSE(is_rtcp(rtp));
  EXPECT_FALSE(is_rtcp({}));
}

TEST(RtcpWriter, LeavesNoTraceOfAPacketThatDoesNotFit) {
  std::array<std::byte, 20> small{};
  RtcpWriter writer(small);
  EXPECT_TRUE(writer.pli(Ssrc(1), Ssrc(2)));
  EXPECT_FALSE(writer.pli(Ssrc(1), Ssrc(2)));
  EXPECT_EQ(writer.size(), 12U);
  EXPECT_EQ(read_all(writer.written()).size(), 1U);
}

TEST(RtcpWriter, RefusesMoreBlocksThanAReportHolds) {
  Wire wire;
  const std::vector<ReportBlock> blocks(32);
  EXPECT_FALSE(wire.writer.receiver_report(Ssrc(1), blocks));
  EXPECT_TRUE(wire.writer.empty());
}

TEST(RoundTrip, IsWhatPassedLessTheReportersDelay) {
  const Instant sent(seconds(100));
  ReportBlock block;
  block.last_sender_report = ntp_time(sent).middle();
  block.delay_since_sender_report = to_short_ntp(milliseconds(300));
  const auto trip = round_trip(sent + milliseconds(380), block);
  ASSERT_TRUE(trip);
  EXPECT_NEAR(static_cast<double>(trip->count()), 80'000, 100);
}

TEST(RoundTrip, IsUnknownWithoutASenderReportOrBeforeItsTime) {
  const Instant sent(seconds(100));
  ReportBlock block;
  EXPECT_FALSE(round_trip(sent, block));
  block.last_sender_report = ntp_time(sent).middle();
  block.delay_since_sender_report = to_short_ntp(milliseconds(300));
  EXPECT_FALSE(round_trip(sent + milliseconds(100), block));
}

}  // namespace
}  // namespace visavis::rtp
