#include <gtest/gtest.h>

#include "srtp/aead_protection.hpp"
#include "srtp/cipher_context.hpp"
#include "srtp/hmac_sha1.hpp"
#include "srtp/key_derivation.hpp"
#include "srtp/test_packets.hpp"

namespace visavis::srtp {
namespace {

using test::from_hex;

TEST(RfcVectors, CounterModeKeyStream) {  // RFC 3711 B.2
  CipherContext context = make_counter_context(from_hex("2B7E151628AED2A6ABF7158809CF4F3C"));
  Buffer stream(48);
  add_key_stream(context, from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"), stream);
  EXPECT_EQ(stream, from_hex("E03EAD0935C95E80E166B16DD92B4EB4"
                             "D23513162B02D0F72A43A2FE4A5F97AB"
                             "41E95B3BB0A2E8DD477901E4FCA894C0"));
}

TEST(RfcVectors, KeyDerivation) {  // RFC 3711 B.3
  const SessionKeys keys = derive_keys(Profile::kAes128CmSha1_80, test::key_of(),
                                       test::salt_of(Profile::kAes128CmSha1_80), KeyUse::kRtp);
  EXPECT_EQ(to_buffer(keys.cipher), from_hex("C61E7A93744F39EE10734AFE3FF7A087"));
  EXPECT_EQ(to_buffer(keys.salt), from_hex("30CBBC08863D8C85D49DB34A9AE1"));
  EXPECT_EQ(to_buffer(keys.authentication), from_hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

TEST(RfcVectors, HmacSha1) {  // RFC 2202 §3, cases 1 and 2
  EXPECT_EQ(
      to_buffer(HmacSha1(Buffer(20, std::byte{0x0B})).tag({as_bytes("Hi "), as_bytes("There")})),
      from_hex("b617318655057264e28bc0b6fb378c8ef146be00"));
  EXPECT_EQ(to_buffer(HmacSha1(as_bytes("Jefe")).tag({as_bytes("what do ya want for nothing?")})),
            from_hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
}

SessionKeys keys_of_7714() {
  SessionKeys keys;
  std::ranges::copy(from_hex("000102030405060708090a0b0c0d0e0f"), keys.cipher.begin());
  std::ranges::copy(from_hex("517569642070726f2071756f"), keys.salt.begin());
  return keys;
}

TEST(RfcVectors, GcmSealsRtp) {  // RFC 7714 §16.1.1
  AeadProtection protection(keys_of_7714(), {}, Direction::kSeal);
  Buffer packet = from_hex(
      "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120"
      " 696e2070 61727465 73207472 6573");
  packet.resize(packet.size() + AeadProtection::kTagBytes);
  protection.seal_rtp(packet, {.ssrc = 0x5501a0b2, .index = 0xf17b, .header_size = 12});
  EXPECT_EQ(packet, from_hex("8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca"
                             " be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1"
                             " 6a9152cf 765ee439 0cce"));
}

TEST(RfcVectors, GcmOpensRtp) {  // RFC 7714 §16.1.2
  AeadProtection protection(keys_of_7714(), {}, Direction::kOpen);
  Buffer packet = from_hex(
      "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f"
      " 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce");
  EXPECT_TRUE(
      protection.open_rtp(packet, {.ssrc = 0x5501a0b2, .index = 0xf17b, .header_size = 12}));
  EXPECT_EQ(as_text(Bytes(packet).subspan(12, 38)), "Gallia est omnis divisa in partes tres");
}

}  // namespace
}  // namespace visavis::srtp
