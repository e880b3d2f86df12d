#pragma once

#include <array>
#include <string_view>

#include "base/byte_writer.hpp"
#include "base/bytes.hpp"
#include "srtp/profile.hpp"

/// What the tests of this module share.
namespace visavis::srtp::test {

inline constexpr std::array kProfiles{Profile::kAeadAes128Gcm, Profile::kAes128CmSha1_80};

inline Buffer from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  Buffer bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    if (hex[at] == ' ') {
      --at;
      continue;
    }
    bytes.push_back(static_cast<std::byte>(digit(hex[at]) << 4 | digit(hex[at + 1])));
  }
  return bytes;
}

inline Buffer key_of() {
  return from_hex("E1F97A0D3E018BE0D64FA32C06DE4139");
}
inline Buffer salt_of(Profile profile) {
  Buffer salt = from_hex("0EC675AD498AFEEBB6960B3AABE6");
  salt.resize(salt_bytes(profile));
  return salt;
}

inline Buffer rtp_packet(std::uint32_t ssrc, std::uint16_t sequence, std::string_view payload) {
  Buffer packet(12 + payload.size());
  ByteWriter writer(packet);
  writer.u16(0x8060);
  writer.u16(sequence);
  writer.u32(1'000);
  writer.u32(ssrc);
  writer.bytes(as_bytes(payload));
  return packet;
}

/// A receiver report without blocks, and a PLI.
inline Buffer rtcp_packet(std::uint32_t ssrc) {
  Buffer packet(20);
  ByteWriter writer(packet);
  writer.u32(0x80C9'0001);
  writer.u32(ssrc);
  writer.u32(0x81CE'0002);
  writer.u32(ssrc);
  writer.u32(7);
  return packet;
}

}  // namespace visavis::srtp::test
