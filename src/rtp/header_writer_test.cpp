#include "rtp/header_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "rtp/header_extensions.hpp"

namespace visavis::rtp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr Header kHeader{.payload_type = PayloadType(96),
                         .sequence = SequenceNumber(0x1234),
                         .timestamp = Timestamp(0xDEADBEEF),
                         .ssrc = Ssrc(0xCAFE),
                         .marker = true};

std::vector<std::pair<int, std::string>> extensions_of(const PacketView& packet) {
  std::vector<std::pair<int, std::string>> all;
  for_each_extension(packet, [&all](std::uint8_t id, Bytes value) {
    all.emplace_back(id, std::string(as_text(value)));
  });
  return all;
}

TEST(HeaderWriter, WritesWhatTheParserReads) {
  std::array<std::byte, 64> cell{};
  HeaderWriter writer(cell, kHeader);
  const std::size_t size = writer.finish();
  EXPECT_EQ(size, 12U);
  const auto packet = parse_packet(Bytes(cell).first(size));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->payload_type, kHeader.payload_type);
  EXPECT_EQ(packet->sequence, kHeader.sequence);
  EXPECT_EQ(packet->timestamp, kHeader.timestamp);
  EXPECT_EQ(packet->ssrc, kHeader.ssrc);
  EXPECT_TRUE(packet->marker);
  EXPECT_THAT(extensions_of(*packet), IsEmpty());
}

TEST(HeaderWriter, PadsExtensionsToWholeWords) {
  std::array<std::byte, 64> cell{};
  HeaderWriter writer(cell, kHeader);
  EXPECT_TRUE(writer.extension(1, as_bytes("ab")));
  EXPECT_TRUE(writer.extension(14, as_bytes("0123456789abcdef")));
  const std::size_t size = writer.finish();
  EXPECT_EQ(size % 4, 0U);
  const auto packet = parse_packet(Bytes(cell).first(size));
  ASSERT_TRUE(packet);
  EXPECT_THAT(extensions_of(*packet), ElementsAre(Pair(1, "ab"), Pair(14, "0123456789abcdef")));
  EXPECT_THAT(packet->payload, IsEmpty());
}

TEST(HeaderWriter, TwoByteFormTakesLargeIdsAndEmptyValues) {
  std::array<std::byte, 64> cell{};
  HeaderWriter writer(cell, kHeader, ExtensionForm::kTwoByte);
  EXPECT_TRUE(writer.extension(200, as_bytes("seventeen letters")));
  EXPECT_TRUE(writer.extension(2, {}));
  const auto packet = parse_packet(Bytes(cell).first(writer.finish()));
  ASSERT_TRUE(packet);
  EXPECT_THAT(extensions_of(*packet), ElementsAre(Pair(200, "seventeen letters"), Pair(2, "")));
}

TEST(HeaderWriter, RefusesWhatTheOneByteFormCannotHold) {
  std::array<std::byte, 64> cell{};
  HeaderWriter writer(cell, kHeader);
  EXPECT_FALSE(writer.extension(0, as_bytes("x")));
  EXPECT_FALSE(writer.extension(15, as_bytes("x")));
  EXPECT_FALSE(writer.extension(1, {}));
  EXPECT_FALSE(writer.extension(1, as_bytes("seventeen letters")));
  EXPECT_EQ(writer.finish(), 12U);
}

TEST(HeaderWriter, NeverWritesPastItsCell) {
  for (std::size_t size = 0; size < 40; ++size) {
    Buffer cell(size);
    HeaderWriter writer(cell, kHeader);
    writer.extension(1, as_bytes("abc"));
    writer.extension_u16(2, 7);
    writer.extension_u24(3, 0x123456);
    const std::size_t header = writer.finish();
    EXPECT_LE(header, size);
    EXPECT_EQ(header == 0, size < 12);
  }
}

TEST(HeaderExtensions, ReadNumbersBackFromTheWire) {
  std::array<std::byte, 64> cell{};
  HeaderWriter writer(cell, kHeader);
  writer.extension_u16(3, 0xABCD);
  const std::array level{std::byte{write_audio_level({.below_full_dbov = 30, .voice = true})}};
  writer.extension(1, level);
  const auto packet = parse_packet(Bytes(cell).first(writer.finish()));
  ExtensionMap map;
  map.set(3, Extension::kTransportCc);
  map.set(1, Extension::kAudioLevel);
  const auto sequence = find_extension(*packet, map, Extension::kTransportCc);
  ASSERT_TRUE(sequence);
  EXPECT_EQ(read_transport_cc(*sequence), SequenceNumber(0xABCD));
  EXPECT_EQ(read_audio_level(*find_extension(*packet, map, Extension::kAudioLevel)),
            (AudioLevel{.below_full_dbov = 30, .voice = true}));
  EXPECT_FALSE(find_extension(*packet, map, Extension::kMid));
}

TEST(HeaderExtensions, EndTheWalkWhereTheBlockIsCutOff) {
  PacketView packet;
  packet.extension_profile = kOneByteProfile;
  const std::array cut{std::byte{0x10}, std::byte{'a'}, std::byte{0x23}, std::byte{'b'}};
  packet.extensions = cut;
  EXPECT_THAT(extensions_of(packet), ElementsAre(Pair(1, "a")));
}

TEST(HeaderExtensions, StopAtIdFifteen) {
  PacketView packet;
  packet.extension_profile = kOneByteProfile;
  const std::array block{std::byte{0xF0}, std::byte{'a'}, std::byte{0x10}, std::byte{'b'}};
  packet.extensions = block;
  EXPECT_THAT(extensions_of(packet), IsEmpty());
}

TEST(HeaderExtensions, OfAnUnknownProfileAreSkipped) {
  PacketView packet;
  packet.extension_profile = 0x1234;
  const std::array block{std::byte{0x10}, std::byte{'a'}, std::byte{}, std::byte{}};
  packet.extensions = block;
  EXPECT_THAT(extensions_of(packet), IsEmpty());
}

TEST(HeaderExtensions, RefuseValuesThatAreTooShort) {
  EXPECT_FALSE(read_audio_level({}));
  EXPECT_FALSE(read_transport_cc(as_bytes("x")));
  EXPECT_FALSE(read_id({}));
  EXPECT_FALSE(read_id(as_bytes("a b")));
  EXPECT_FALSE(read_id(as_bytes("seventeen-letters")));
  EXPECT_EQ(read_id(as_bytes("hi")), "hi");
}

TEST(HeaderExtensions, AbsSendTimeWrapsEvery64Seconds) {
  EXPECT_EQ(abs_send_time(Instant(std::chrono::seconds(1))), 1U << 18U);
  EXPECT_EQ(abs_send_time(Instant(std::chrono::seconds(65))), 1U << 18U);
}

}  // namespace
}  // namespace visavis::rtp
