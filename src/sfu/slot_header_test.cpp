#include "sfu/slot_header.hpp"

#include <gtest/gtest.h>

#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

class SlotHeaderTest : public testing::Test {
 protected:
  /// An entry that carries `value` as this extension.
  void carry(rtp::Extension extension, Buffer value) {
    entry.carried[0] = {extension, static_cast<std::uint8_t>(value.size()), 0};
    entry.carried_count = 1;
    bytes = std::move(value);
    entry.packet = bytes;
  }
  rtp::PacketView write(const SlotHeader& header) {
    const std::size_t size =
        header.write(cell,
                     {rtp::PayloadType(96), rtp::SequenceNumber(0xABCD), rtp::Timestamp(0x12345678),
                      rtp::Ssrc(0x9ABCDEF0), true, 0x0102, 0x030405},
                     entry);
    const auto view = rtp::parse_packet(Bytes(cell).first(size));
    EXPECT_TRUE(view.has_value());
    EXPECT_TRUE(view->payload.empty());
    return *view;
  }
  static std::optional<Buffer> value(const rtp::PacketView& view, std::uint8_t id) {
    const auto found = rtp::find_extension(view, id);
    return found ? std::optional(to_buffer(*found)) : std::nullopt;
  }

  LogEntry entry;
  Buffer bytes;
  Buffer cell = Buffer(1500, std::byte{0xEE});
};

TEST_F(SlotHeaderTest, WritesTheFixedPart) {
  const auto view = write(SlotHeader({}, "", true));
  EXPECT_EQ(view.payload_type, rtp::PayloadType(96));
  EXPECT_EQ(view.sequence, rtp::SequenceNumber(0xABCD));
  EXPECT_EQ(view.timestamp, rtp::Timestamp(0x12345678));
  EXPECT_EQ(view.ssrc, rtp::Ssrc(0x9ABCDEF0));
  EXPECT_TRUE(view.marker);
  EXPECT_TRUE(view.extensions.empty());
}

TEST_F(SlotHeaderTest, LeavesOutNumbersThatDiffer) {
  rtp::ExtensionMap ids = media_of(kViewerNumbers).extensions;
  const auto view = write(SlotHeader(ids, "7", false));
  EXPECT_EQ(value(view, kViewerNumbers.mid), to_buffer("7"));
  EXPECT_EQ(value(view, kViewerNumbers.transport_cc), std::nullopt);
  EXPECT_EQ(value(view, kViewerNumbers.abs_send_time), std::nullopt);
}

TEST_F(SlotHeaderTest, LeavesOutWhatWouldMakeAPacketTooLargeForEthernet) {
  constexpr std::size_t kTagAndRtx = 18;
  rtp::ExtensionMap ids = media_of(kViewerNumbers).extensions;
  ids.set(13, rtp::Extension::kDependencyDescriptor);
  for (const std::size_t value_size : {std::size_t{16}, std::size_t{100}}) {  // Either form.
    std::size_t kept = 0;
    for (std::size_t payload = 1100; payload <= SlotHeader::kPayloadMax; ++payload) {
      carry(rtp::Extension::kDependencyDescriptor, Buffer(value_size + payload));
      entry.carried[0].size = static_cast<std::uint8_t>(value_size);
      entry.payload_at = static_cast<std::uint16_t>(value_size);
      const std::size_t size = SlotHeader(ids, "7", true).write(cell, {}, entry);
      EXPECT_LE(size + payload + kTagAndRtx, SlotHeader::kSealedMax);
      kept += size > value_size + 16 ? 1U : 0U;
    }
    EXPECT_GT(kept, 100U) << "where it fits it is there";
  }
}

TEST_F(SlotHeaderTest, WritesTheTwoByteFormWhenAnIdNeedsIt) {
  rtp::ExtensionMap ids;
  ids.set(200, rtp::Extension::kMid);
  ids.set(3, rtp::Extension::kTransportCc);
  ids.set(4, rtp::Extension::kVideoOrientation);
  carry(rtp::Extension::kVideoOrientation, {std::byte{2}});
  const auto view = write(SlotHeader(ids, "12", true));
  EXPECT_EQ(value(view, 200), to_buffer("12"));
  EXPECT_EQ(value(view, 3), (Buffer{std::byte{1}, std::byte{2}}));
  EXPECT_EQ(value(view, 4), Buffer{std::byte{2}});
}

TEST_F(SlotHeaderTest, WritesTheTwoByteFormForAValueThatNeedsIt) {
  rtp::ExtensionMap ids;
  ids.set(1, rtp::Extension::kMid);
  ids.set(9, rtp::Extension::kDependencyDescriptor);
  carry(rtp::Extension::kDependencyDescriptor, Buffer(60, std::byte{5}));
  const auto view = write(SlotHeader(ids, "12", true));
  EXPECT_EQ(value(view, 9), Buffer(60, std::byte{5}));
  EXPECT_EQ(value(view, 1), to_buffer("12"));
}

TEST_F(SlotHeaderTest, AnExtensionTheViewerDoesNotKnowIsLeftOut) {
  rtp::ExtensionMap ids;
  ids.set(1, rtp::Extension::kMid);
  carry(rtp::Extension::kAudioLevel, {std::byte{5}});
  EXPECT_EQ(write(SlotHeader(ids, "12", true)).extensions.size(), 4U);
}

TEST_F(SlotHeaderTest, StaysWithinItsBoundWhateverIsCarried) {
  rtp::ExtensionMap ids;
  ids.set(1, rtp::Extension::kMid);
  ids.set(9, rtp::Extension::kDependencyDescriptor);
  for (const std::size_t size : {1U, 16U, 17U, 150U, 200U, 255U}) {
    carry(rtp::Extension::kDependencyDescriptor, Buffer(size));
    const auto view = write(SlotHeader(ids, "0123456789abcdef", true));
    EXPECT_LE(view.extensions.size() + 16, SlotHeader::kBytesMax) << size;
  }
}

}  // namespace
}  // namespace visavis::sfu
