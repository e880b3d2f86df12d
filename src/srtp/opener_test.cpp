#include "srtp/opener.hpp"

#include <gtest/gtest.h>

#include "srtp/seal_batch.hpp"
#include "srtp/sealer.hpp"
#include "srtp/test_ciphers.hpp"
#include "srtp/test_packets.hpp"

namespace visavis::srtp {
namespace {

/// One direction of a connection.
class SrtpTest : public ::testing::TestWithParam<test::CipherCase> {
 protected:
  Buffer seal(const Buffer& packet) {
    Buffer cell = packet;
    cell.resize(packet.size() + sealer.overhead_rtp());
    EXPECT_EQ(sealer.seal_rtp(cell, packet.size()), cell.size());
    return cell;
  }
  Buffer seal_rtcp(const Buffer& packet) {
    Buffer cell = packet;
    cell.resize(packet.size() + sealer.overhead_rtcp());
    EXPECT_EQ(sealer.seal_rtcp(cell, packet.size()), cell.size());
    return cell;
  }
  std::expected<Buffer, OpenError> open(Buffer datagram) { return copy(opener.open_rtp(datagram)); }
  std::expected<Buffer, OpenError> open_rtcp(Buffer datagram) {
    return copy(opener.open_rtcp(datagram));
  }
  static std::expected<Buffer, OpenError> copy(std::expected<MutableBytes, OpenError> plain) {
    if (!plain) {
      return std::unexpected(plain.error());
    }
    return to_buffer(*plain);
  }

  const Profile profile = GetParam().profile;
  const std::unique_ptr<Cipher> cipher = make_cipher(GetParam().choice);
  Sealer sealer{profile, test::key_of(), test::salt_of(profile), *cipher};
  Opener opener{profile, test::key_of(), test::salt_of(profile), *cipher};
};

TEST_P(SrtpTest, OpensWhatWasSealed) {
  const Buffer packet = test::rtp_packet(1, 10, "a frame");
  const Buffer sealed = seal(packet);
  EXPECT_EQ(sealed.size(), packet.size() + tag_bytes(profile));
  EXPECT_NE(as_text(Bytes(sealed).subspan(12, 7)), "a frame");
  EXPECT_EQ(open(sealed), packet);
}

TEST_P(SrtpTest, OpensAnEmptyPayload) {
  const Buffer packet = test::rtp_packet(1, 10, "");
  EXPECT_EQ(open(seal(packet)), packet);
}

TEST_P(SrtpTest, RefusesAPacketThatComesTwice) {
  const Buffer sealed = seal(test::rtp_packet(1, 10, "x"));
  EXPECT_TRUE(open(sealed));
  EXPECT_EQ(open(sealed).error(), OpenError::kReplayed);
}

TEST_P(SrtpTest, RefusesEveryFlippedBit) {
  const Buffer sealed = seal(test::rtp_packet(1, 10, "payload"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Buffer forged = sealed;
    forged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_FALSE(open(forged)) << bit;
  }
  EXPECT_TRUE(open(sealed));
}

TEST_P(SrtpTest, RefusesEveryTruncation) {
  const Buffer sealed = seal(test::rtp_packet(1, 10, "payload"));
  const Buffer sealed_rtcp = seal_rtcp(test::rtcp_packet(1));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(open(to_buffer(Bytes(sealed).first(size)))) << size;
  }
  for (std::size_t size = 0; size < sealed_rtcp.size(); ++size) {
    EXPECT_FALSE(open_rtcp(to_buffer(Bytes(sealed_rtcp).first(size)))) << size;
  }
}

TEST_P(SrtpTest, FollowsTheRolloverOverLossAndReordering) {
  for (int index = 997; index < 200'000; index += 997) {
    const auto late = static_cast<std::uint16_t>(index - 3);
    const Buffer held = seal(test::rtp_packet(1, late, "late"));
    EXPECT_TRUE(open(seal(test::rtp_packet(1, static_cast<std::uint16_t>(index), "now")))) << index;
    EXPECT_TRUE(open(held)) << index;
  }
}

TEST_P(SrtpTest, KeepsSourcesApart) {
  EXPECT_TRUE(open(seal(test::rtp_packet(1, 10, "x"))));
  EXPECT_TRUE(open(seal(test::rtp_packet(2, 10, "x"))));
}

TEST_P(SrtpTest, EachOfManySourcesHasItsOwnRollover) {
  constexpr std::uint32_t kSources = 5;
  for (std::uint32_t index = 0; index < 70'000; index += 7'000) {
    for (std::uint32_t ssrc = 1; ssrc <= kSources; ++ssrc) {
      const auto sequence = static_cast<std::uint16_t>(index + (ssrc * 100));
      EXPECT_TRUE(open(seal(test::rtp_packet(ssrc, sequence, "x")))) << ssrc << ' ' << index;
    }
  }
  // One that has sent nothing yet begins at no rollover.
  EXPECT_TRUE(open(seal(test::rtp_packet(kSources + 1, 10, "x"))));
}

TEST_P(SrtpTest, LearnsASourceOnlyFromAnAuthenticPacket) {
  for (std::uint32_t ssrc = 0; ssrc < 1'000; ++ssrc) {
    Buffer forged = test::rtp_packet(ssrc, 1, "garbage of some length or other");
    EXPECT_EQ(open(forged).error(), OpenError::kForged);
  }
  EXPECT_TRUE(open(seal(test::rtp_packet(7, 1, "x"))));
}

TEST_P(SrtpTest, RefusesMoreSourcesThanItsTableHolds) {
  for (std::uint32_t ssrc = 0; ssrc < SourceWindows::kSourcesMax; ++ssrc) {
    EXPECT_TRUE(open(seal(test::rtp_packet(ssrc, 1, "x"))));
    EXPECT_TRUE(open_rtcp(seal_rtcp(test::rtcp_packet(ssrc))));
  }
  EXPECT_EQ(open(seal(test::rtp_packet(9'999, 1, "x"))).error(), OpenError::kTooManySources);
  EXPECT_EQ(open_rtcp(seal_rtcp(test::rtcp_packet(9'999))).error(), OpenError::kTooManySources);
  EXPECT_TRUE(open(seal(test::rtp_packet(5, 2, "x"))));
}

TEST_P(SrtpTest, OpensRtcpOnceAndRefusesEveryFlippedBit) {
  const Buffer packet = test::rtcp_packet(3);
  const Buffer sealed = seal_rtcp(packet);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Buffer forged = sealed;
    forged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_FALSE(open_rtcp(forged)) << bit;
  }
  EXPECT_EQ(open_rtcp(sealed), packet);
  EXPECT_EQ(open_rtcp(sealed).error(), OpenError::kReplayed);
}

TEST_P(SrtpTest, AnotherKeyOpensNothing) {
  Buffer other = test::key_of();
  other[0] ^= std::byte{1};
  Opener stranger(profile, other, test::salt_of(profile), *cipher);
  Buffer sealed = seal(test::rtp_packet(1, 1, "x"));
  EXPECT_EQ(stranger.open_rtp(sealed).error(), OpenError::kForged);
}

TEST_P(SrtpTest, ABatchSealsOverManySealersInOrder) {
  Sealer alone(profile, test::key_of(), test::salt_of(profile), *cipher);
  SealBatch batch(*cipher);
  std::vector<Buffer> cells;
  for (std::uint16_t sequence = 0; sequence < 3 * SealBatch::kWaitingMax / 2; ++sequence) {
    cells.push_back(test::rtp_packet(1, sequence, "batched"));
    cells.back().resize(cells.back().size() + sealer.overhead_rtp());
  }
  for (Buffer& cell : cells) {
    const std::size_t size = cell.size() - sealer.overhead_rtp();
    EXPECT_EQ(batch.add({.sealer = &sealer, .cell = cell, .size = size}), cell.size());
  }
  batch.flush();
  for (std::uint16_t sequence = 0; sequence < cells.size(); ++sequence) {
    EXPECT_EQ(open(cells[sequence]), test::rtp_packet(1, sequence, "batched"));
  }
}

INSTANTIATE_TEST_SUITE_P(AllCiphers, SrtpTest, ::testing::ValuesIn(test::cipher_cases()),
                         [](const auto& named) { return test::name_of(named.param); });

TEST(Profile, IsKnownByItsDtlsNumber) {
  EXPECT_EQ(profile_of(7), Profile::kAeadAes128Gcm);
  EXPECT_EQ(profile_of(1), Profile::kAes128CmSha1_80);
  EXPECT_FALSE(profile_of(2));
}

TEST(MasterKeys, AreSplitInTheExportersOrder) {
  Buffer exported;
  for (std::size_t at = 0; at < exported_bytes(Profile::kAeadAes128Gcm); ++at) {
    exported.push_back(static_cast<std::byte>(at));
  }
  const auto keys = split_keys(Profile::kAeadAes128Gcm, exported);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->client.key.front(), std::byte{0});
  EXPECT_EQ(keys->server.key.front(), std::byte{16});
  EXPECT_EQ(keys->client.salt.front(), std::byte{32});
  EXPECT_EQ(keys->server.salt.front(), std::byte{44});
  exported.pop_back();
  EXPECT_FALSE(split_keys(Profile::kAeadAes128Gcm, exported));
}

}  // namespace
}  // namespace visavis::srtp
