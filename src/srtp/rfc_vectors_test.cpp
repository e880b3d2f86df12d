#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/hmac_sha1.hpp"
#include "srtp/aead_protection.hpp"
#include "srtp/cipher.hpp"
#include "srtp/cipher_context.hpp"
#include "srtp/cm_protection.hpp"
#include "srtp/key_derivation.hpp"
#include "srtp/test_packets.hpp"

namespace visavis::srtp {
namespace {

using test::from_hex;

TEST(RfcVectors, CounterModeKeyStream) {  // RFC 3711 B.2
  CipherContext context = make_counter_context(from_hex("2B7E151628AED2A6ABF7158809CF4F3C"));
  Buffer stream(std::size_t{16} * 0xFF02);
  add_key_stream(context, from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"), stream);
  EXPECT_EQ(to_buffer(Bytes(stream).first(48)), from_hex("E03EAD0935C95E80E166B16DD92B4EB4"
                                                         "D23513162B02D0F72A43A2FE4A5F97AB"
                                                         "41E95B3BB0A2E8DD477901E4FCA894C0"));
  EXPECT_EQ(to_buffer(Bytes(stream).last(48)), from_hex("EC8CDF7398607CB0F2D21675EA9EA1E4"
                                                        "362B7C3C6773516318A077D7FC5073AE"
                                                        "6A2CC3787889374FBEB4C81B17BA6C44"));
}

TEST(RfcVectors, TheShortKeyStreamIsTheSame) {  // RFC 3711 B.2
  const Buffer key = from_hex("2B7E151628AED2A6ABF7158809CF4F3C");
  const Buffer iv = from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
  CipherContext counters = make_counter_context(key);
  CipherContext blocks = make_block_context(key);
  for (std::size_t size = 0; size < 600; ++size) {
    Buffer expected(size, std::byte{0x5A});
    Buffer stream = expected;
    add_key_stream(counters, iv, expected);
    add_short_key_stream(blocks, iv, stream);
    EXPECT_EQ(stream, expected) << size;
  }
}

TEST(RfcVectors, KeyDerivation) {  // RFC 3711 B.3
  const SessionKeys keys = derive_keys(Profile::kAes128CmSha1_80, test::key_of(),
                                       test::salt_of(Profile::kAes128CmSha1_80), KeyUse::kRtp);
  EXPECT_EQ(to_buffer(keys.cipher), from_hex("C61E7A93744F39EE10734AFE3FF7A087"));
  EXPECT_EQ(to_buffer(keys.salt), from_hex("30CBBC08863D8C85D49DB34A9AE1"));
  EXPECT_EQ(to_buffer(keys.authentication), from_hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

TEST(RfcVectors, HmacSha1) {  // RFC 2202 §3, cases 1, 2 and 6
  EXPECT_EQ(
      to_buffer(HmacSha1(Buffer(20, std::byte{0x0B})).tag({as_bytes("Hi "), as_bytes("There")})),
      from_hex("b617318655057264e28bc0b6fb378c8ef146be00"));
  EXPECT_EQ(to_buffer(HmacSha1(as_bytes("Jefe")).tag({as_bytes("what do ya want for nothing?")})),
            from_hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
  const Bytes text = as_bytes("Test Using Larger Than Block-Size Key - Hash Key First");
  EXPECT_EQ(to_buffer(HmacSha1(Buffer(80, std::byte{0xAA})).tag({text})),
            from_hex("aa4ae5e15272d00e95705637ce8a3b55ed402112"));
}

/// The vectors that a whole packet goes through, under each cipher.
class CipherVectors : public ::testing::TestWithParam<CipherChoice> {
 protected:
  void SetUp() override {
    if (cipher == nullptr) {
      GTEST_SKIP() << "not in this build";
    }
  }
  const std::unique_ptr<Cipher> cipher = make_cipher(GetParam());
};

constexpr PacketPlace kPlaceOf7714{.ssrc = 0x5501a0b2, .index = 0xf17b, .header_size = 12};

KeySet keys_of_7714() {
  KeySet keys;
  std::ranges::copy(from_hex("000102030405060708090a0b0c0d0e0f"), keys.rtp.cipher.begin());
  std::ranges::copy(from_hex("517569642070726f2071756f"), keys.rtp.salt.begin());
  keys.rtcp = keys.rtp;
  return keys;
}

TEST_P(CipherVectors, GcmSealsRtp) {  // RFC 7714 §16.1.1
  const auto key = cipher->make_key(keys_of_7714(), Direction::kSeal);
  Buffer packet = from_hex(
      "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120"
      " 696e2070 61727465 73207472 6573");
  packet.resize(packet.size() + AeadProtection::kTagBytes);
  const CipherJob job{key.get(), packet, kPlaceOf7714};
  cipher->seal_rtp({&job, 1});
  EXPECT_EQ(packet, from_hex("8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca"
                             " be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1"
                             " 6a9152cf 765ee439 0cce"));
}

TEST_P(CipherVectors, GcmOpensRtp) {  // RFC 7714 §16.1.2
  const auto key = cipher->make_key(keys_of_7714(), Direction::kOpen);
  Buffer packet = from_hex(
      "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f"
      " 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce");
  EXPECT_TRUE(cipher->open_rtp({key.get(), packet, kPlaceOf7714}));
  EXPECT_EQ(as_text(Bytes(packet).subspan(12, 38)), "Gallia est omnis divisa in partes tres");
}

constexpr PacketPlace kRtcpPlaceOf7714{.ssrc = 0x4d617273, .index = 0x5d4, .header_size = 8};

Buffer compound_of_7714() {
  return from_hex(
      "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef"
      " deadbeef deadbeef deadbeef deadbeef");
}

TEST_P(CipherVectors, GcmSealsAndOpensRtcp) {  // RFC 7714 §17.1, §17.2
  const Buffer sealed = from_hex(
      "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1"
      " 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
  Buffer packet = compound_of_7714();
  packet.resize(packet.size() + AeadProtection::kRtcpOverhead);
  const auto sealing = cipher->make_key(keys_of_7714(), Direction::kSeal);
  cipher->seal_rtcp({sealing.get(), packet, kRtcpPlaceOf7714});
  EXPECT_EQ(packet, sealed);

  const auto opening = cipher->make_key(keys_of_7714(), Direction::kOpen);
  EXPECT_TRUE(cipher->open_rtcp({opening.get(), packet, kRtcpPlaceOf7714}));
  packet.resize(packet.size() - AeadProtection::kRtcpOverhead);
  EXPECT_EQ(packet, compound_of_7714());
}

TEST_P(CipherVectors, GcmOpensRtcpThatIsNotEncrypted) {  // RFC 7714 §17.3
  Buffer packet = from_hex(
      "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef"
      " deadbeef deadbeef deadbeef deadbeef 841dd968 3dd78ec9 2ae58790 125f62b3 000005d4");
  Buffer forged = packet;
  forged[9] ^= std::byte{1};
  const auto key = cipher->make_key(keys_of_7714(), Direction::kOpen);
  EXPECT_TRUE(cipher->open_rtcp({key.get(), packet, kRtcpPlaceOf7714}));
  packet.resize(packet.size() - AeadProtection::kRtcpOverhead);
  EXPECT_EQ(packet, compound_of_7714());
  EXPECT_FALSE(cipher->open_rtcp({key.get(), forged, kRtcpPlaceOf7714}));
}

TEST_P(CipherVectors, CounterModeSealsABatchOfPackets) {  // RFC 3711 B.2, RFC 2104
  KeySet keys{.profile = Profile::kAes128CmSha1_80, .rtp = {}, .rtcp = {}};
  std::ranges::copy(from_hex("2B7E151628AED2A6ABF7158809CF4F3C"), keys.rtp.cipher.begin());
  std::ranges::copy(from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"), keys.rtp.salt.begin());
  const auto key = cipher->make_key(keys, Direction::kSeal);
  constexpr std::size_t kPlainBytes = 12 + 48;
  constexpr std::size_t kPackets = 23;  // More than the lanes, and no multiple of them.
  std::vector<Buffer> packets(kPackets, Buffer(kPlainBytes + kCmTagBytes));
  std::vector<CipherJob> jobs;
  for (Buffer& packet : packets) {
    jobs.push_back({key.get(), packet, {.ssrc = 0, .index = 0, .header_size = 12}});
  }
  cipher->seal_rtp(jobs);
  const HmacSha1 hmac(keys.rtp.authentication);
  for (const Buffer& packet : packets) {
    const Bytes text = Bytes(packet).first(kPlainBytes);
    EXPECT_EQ(to_buffer(text.subspan(12)), from_hex("E03EAD0935C95E80E166B16DD92B4EB4"
                                                    "D23513162B02D0F72A43A2FE4A5F97AB"
                                                    "41E95B3BB0A2E8DD477901E4FCA894C0"));
    const HmacSha1::Tag tag = hmac.tag({text, Buffer(4)});
    EXPECT_EQ(to_buffer(Bytes(packet).last(10)), to_buffer(Bytes(tag).first(10)));
  }
}

/// An RTCP compound of any size, with room behind it.
Buffer report_of(std::size_t size, std::size_t overhead) {
  Buffer packet = compound_of_7714();
  while (packet.size() < size) {
    packet.push_back(static_cast<std::byte>(packet.size()));
  }
  packet.resize(size);
  packet.resize(size + overhead);
  return packet;
}

TEST_P(CipherVectors, RtcpOfAnySizeIsWhatOpensslMakesOfIt) {
  for (const Profile profile : test::kProfiles) {
    const KeySet keys = derive_key_set(profile, test::key_of(), test::salt_of(profile));
    const auto ours = cipher->make_key(keys, Direction::kSeal);
    const auto theirs = openssl_cipher().make_key(keys, Direction::kSeal);
    const auto opening = cipher->make_key(keys, Direction::kOpen);
    for (std::size_t size = kRtcpHeaderBytes; size < 400; ++size) {
      const Buffer plain = report_of(size, rtcp_overhead_bytes(profile));
      Buffer sealed = plain;
      Buffer expected = plain;
      cipher->seal_rtcp({ours.get(), sealed, kRtcpPlaceOf7714});
      openssl_cipher().seal_rtcp({theirs.get(), expected, kRtcpPlaceOf7714});
      ASSERT_EQ(sealed, expected) << size;
      ASSERT_TRUE(cipher->open_rtcp({opening.get(), sealed, kRtcpPlaceOf7714})) << size;
      ASSERT_TRUE(std::ranges::equal(Bytes(sealed).first(size), Bytes(plain).first(size))) << size;
    }
  }
}

TEST_P(CipherVectors, CounterModeOpensRtcpThatIsNotEncrypted) {  // RFC 3711 §3.4
  KeySet keys{.profile = Profile::kAes128CmSha1_80, .rtp = {}, .rtcp = {}};
  keys.rtcp.authentication.fill(std::byte{0x17});
  const Buffer plain = compound_of_7714();
  Buffer packet = report_of(plain.size(), kCmRtcpOverhead);
  ByteWriter(MutableBytes(packet).subspan(plain.size()))
      .u32(static_cast<std::uint32_t>(kRtcpPlaceOf7714.index));  // E is 0.
  const Bytes tagged = Bytes(packet).first(packet.size() - kCmTagBytes);
  const HmacSha1::Tag tag = HmacSha1(keys.rtcp.authentication).tag({tagged});
  std::ranges::copy(Bytes(tag).first(kCmTagBytes), MutableBytes(packet).last(kCmTagBytes).begin());
  Buffer forged = packet;
  forged[9] ^= std::byte{1};
  const auto key = cipher->make_key(keys, Direction::kOpen);
  EXPECT_TRUE(cipher->open_rtcp({key.get(), packet, kRtcpPlaceOf7714}));
  packet.resize(plain.size());
  EXPECT_EQ(packet, plain);
  EXPECT_FALSE(cipher->open_rtcp({key.get(), forged, kRtcpPlaceOf7714}));
}

INSTANTIATE_TEST_SUITE_P(AllCiphers, CipherVectors,
                         ::testing::Values(CipherChoice::kOpenssl, CipherChoice::kIpsecMb),
                         [](const auto& named) {
                           return named.param == CipherChoice::kOpenssl ? "Openssl" : "IpsecMb";
                         });

TEST(AutomaticChoice, IsIpsecMbWhereverThatIs) {
  const auto automatic = make_cipher(CipherChoice::kAutomatic);
  const auto forced = make_cipher(CipherChoice::kIpsecMb);
  ASSERT_NE(automatic, nullptr);
  EXPECT_EQ(automatic->name(), forced == nullptr ? "openssl" : forced->name());
  EXPECT_EQ(make_cipher(CipherChoice::kOpenssl)->name(), "openssl");
}

}  // namespace
}  // namespace visavis::srtp
