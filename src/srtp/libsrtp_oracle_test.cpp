#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>

#include "base/random.hpp"
#include "rtp/rtp_packet.hpp"
#include "srtp/opener.hpp"
#include "srtp/seal_batch.hpp"
#include "srtp/sealer.hpp"
#include "srtp/test_ciphers.hpp"
#include "srtp/test_packets.hpp"

// libsrtp2 and this module open what the other sealed.
namespace visavis::srtp {
namespace {

/// One direction of a libsrtp2 session.
class Oracle {
 public:
  Oracle(Profile profile, srtp_ssrc_type_t direction) {
    static const srtp_err_status_t started = srtp_init();
    EXPECT_EQ(started, srtp_err_status_ok);
    srtp_policy_t policy{};
    if (profile == Profile::kAeadAes128Gcm) {
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    Buffer key = test::key_of();
    const Buffer salt = test::salt_of(profile);
    key.insert(key.end(), salt.begin(), salt.end());
    policy.key = as_u8(MutableBytes(key));
    policy.ssrc.type = direction;
    policy.window_size = 1024;
    EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
  }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;
  ~Oracle() { srtp_dealloc(session_); }

  using Call = srtp_err_status_t (*)(srtp_t, void*, int*);
  Buffer apply(Call call, Buffer packet) {
    int size = static_cast<int>(packet.size());
    packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN + 4);
    EXPECT_EQ(call(session_, packet.data(), &size), srtp_err_status_ok);
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

 private:
  srtp_t session_ = nullptr;
};

/// A packet of any shape: contributing sources, an extension, any payload.
Buffer any_packet(Random& random, std::uint16_t sequence) {
  const std::uint64_t shape = random.next();
  const std::size_t sources = shape % 3;
  const bool extended = (shape >> 8U & 1U) != 0;
  Buffer packet(12 + sources * 4 + (extended ? 12 : 0) + (shape >> 16U) % 1'150);
  for (std::byte& octet : packet) {
    octet = static_cast<std::byte>(random.next());
  }
  ByteWriter writer(packet);
  writer.u8(static_cast<std::uint8_t>(0x80U | sources | (extended ? 0x10U : 0U)));
  writer.u8(96);
  writer.u16(sequence);
  writer.u32(static_cast<std::uint32_t>(random.next()));
  writer.u32(static_cast<std::uint32_t>(0xF000 + (shape >> 4U) % 3));
  writer.zeros(sources * 4);
  if (extended) {
    writer.u16(0xBEDE);
    writer.u16(2);
  }
  return packet;
}

class OracleTest : public ::testing::TestWithParam<test::CipherCase> {
 protected:
  const Profile profile = GetParam().profile;
  const std::unique_ptr<Cipher> cipher = make_cipher(GetParam().choice);
  Sealer sealer{profile, test::key_of(), test::salt_of(profile), *cipher};
  Opener opener{profile, test::key_of(), test::salt_of(profile), *cipher};
};

TEST_P(OracleTest, LibsrtpOpensWhatWeSeal) {
  Random random(1);
  Oracle oracle(profile, ssrc_any_inbound);
  for (int index = 0; index < 3'000; ++index) {
    const Buffer packet = any_packet(random, static_cast<std::uint16_t>(index * 50));
    Buffer cell = packet;
    cell.resize(packet.size() + sealer.overhead_rtp());
    sealer.seal_rtp(cell, packet.size());
    ASSERT_EQ(oracle.apply(srtp_unprotect, cell), packet) << index;
  }
}

TEST_P(OracleTest, WeOpenWhatLibsrtpSeals) {
  Random random(2);
  Oracle oracle(profile, ssrc_any_outbound);
  for (int index = 0; index < 3'000; ++index) {
    const Buffer packet = any_packet(random, static_cast<std::uint16_t>(index * 50));
    Buffer sealed = oracle.apply(srtp_protect, packet);
    const auto opened = opener.open_rtp(sealed);
    ASSERT_TRUE(opened) << index;
    ASSERT_EQ(to_buffer(*opened), packet);
  }
}

TEST_P(OracleTest, RtcpGoesBothWays) {
  Oracle outbound(profile, ssrc_any_outbound);
  Oracle inbound(profile, ssrc_any_inbound);
  for (std::uint32_t index = 0; index < 300; ++index) {
    const Buffer packet = test::rtcp_packet(index % 4);
    Buffer cell = packet;
    cell.resize(packet.size() + sealer.overhead_rtcp());
    sealer.seal_rtcp(cell, packet.size());
    ASSERT_EQ(inbound.apply(srtp_unprotect_rtcp, cell), packet);
    Buffer sealed = outbound.apply(srtp_protect_rtcp, packet);
    const auto opened = opener.open_rtcp(sealed);
    ASSERT_TRUE(opened);
    ASSERT_EQ(to_buffer(*opened), packet);
  }
}

/// Batches of 1 to 100 packets of any size: some fill the lanes of a multi-buffer cipher, some
/// leave them half empty, some are below what it takes there. Every other payload is read from
/// elsewhere, and its place in the cell holds rubbish.
TEST_P(OracleTest, LibsrtpOpensWhatLeavesInBatches) {
  Random random(3);
  Oracle oracle(profile, ssrc_any_inbound);
  SealBatch batch(*cipher);
  std::uint16_t sequence = 0;
  for (std::size_t count = 1; count <= 100; ++count) {
    std::vector<Buffer> packets;
    std::vector<Buffer> cells;
    for (std::size_t index = 0; index < count; ++index) {
      packets.push_back(any_packet(random, sequence += 3));
      cells.push_back(packets.back());
      cells.back().resize(packets.back().size() + sealer.overhead_rtp());
    }
    for (std::size_t index = 0; index < count; ++index) {
      SealJob job{.sealer = &sealer, .cell = cells[index], .size = packets[index].size()};
      if (index % 2 == 1) {
        job.payload = rtp::parse_packet(packets[index])->payload;
        std::ranges::fill(job.cell.subspan(job.size - job.payload.size()), std::byte{0xEE});
      }
      batch.add(job);
    }
    batch.flush();
    for (std::size_t index = 0; index < count; ++index) {
      ASSERT_EQ(oracle.apply(srtp_unprotect, cells[index]), packets[index])
          << count << ' ' << index;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllCiphers, OracleTest, ::testing::ValuesIn(test::cipher_cases()),
                         [](const auto& named) { return test::name_of(named.param); });

}  // namespace
}  // namespace visavis::srtp
