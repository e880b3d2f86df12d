#include "srtp/cm_protection.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"

namespace visavis::srtp {
namespace {

bool same(Bytes tag, const HmacSha1::Tag& ours) {
  return CRYPTO_memcmp(tag.data(), ours.data(), tag.size()) == 0;
}

void copy_tag(const HmacSha1::Tag& tag, MutableBytes to) {
  std::ranges::copy(Bytes(tag).first(to.size()), to.begin());
}

}  // namespace

CmProtection::Key CmProtection::make_key(const SessionKeys& keys, CipherContext context) {
  return {.context = std::move(context), .hmac = HmacSha1(keys.authentication), .salt = keys.salt};
}

CmProtection::CmProtection(const SessionKeys& rtp, const SessionKeys& rtcp)
    : rtp_(make_key(rtp, make_counter_context(rtp.cipher))),
      rtcp_(make_key(rtcp, make_block_context(rtcp.cipher))) {}

void CmProtection::crypt(Key& key, const PacketPlace& place, const std::byte* from,
                         MutableBytes text) {
  add_key_stream(key.context, counter_iv(key.salt, place), from, text);
}

void CmProtection::crypt_rtcp(const PacketPlace& place, MutableBytes text) {
  add_short_key_stream(rtcp_.context, counter_iv(rtcp_.salt, place), text);
}

HmacSha1::Tag CmProtection::rtp_tag(Bytes packet, const PacketPlace& place) const {
  std::array<std::byte, 4> rollover;  // RFC 3711 §4.2: authenticated, not sent.
  ByteWriter(rollover).u32(static_cast<std::uint32_t>(place.index >> 16U));
  return rtp_.hmac.tag({packet, rollover});
}

void CmProtection::seal_rtp(MutableBytes sealed, const PacketPlace& place,
                            const std::byte* payload) {
  const MutableBytes packet = sealed.first(sealed.size() - kTagBytes);
  crypt(rtp_, place, payload, packet.subspan(place.header_size));
  copy_tag(rtp_tag(packet, place), sealed.last(kTagBytes));
}

bool CmProtection::open_rtp(MutableBytes sealed, const PacketPlace& place) {
  const MutableBytes packet = sealed.first(sealed.size() - kTagBytes);
  if (!same(sealed.last(kTagBytes), rtp_tag(packet, place))) {
    return false;
  }
  crypt(rtp_, place, packet.subspan(place.header_size));
  return true;
}

void CmProtection::seal_rtcp(MutableBytes sealed, const PacketPlace& place) {
  const MutableBytes packet = sealed.first(sealed.size() - kRtcpOverhead);
  crypt_rtcp(place, packet.subspan(kRtcpHeaderBytes));
  ByteWriter(sealed.subspan(packet.size(), kRtcpIndexBytes))
      .u32(kRtcpEncryptedBit | static_cast<std::uint32_t>(place.index));
  copy_tag(rtcp_.hmac.tag({sealed.first(sealed.size() - kTagBytes)}), sealed.last(kTagBytes));
}

bool CmProtection::open_rtcp(MutableBytes sealed, const PacketPlace& place) {
  if (!same(sealed.last(kTagBytes), rtcp_.hmac.tag({sealed.first(sealed.size() - kTagBytes)}))) {
    return false;
  }
  if ((ByteReader(rtcp_index(sealed)).u32() & kRtcpEncryptedBit) != 0) {
    const MutableBytes packet = sealed.first(sealed.size() - kRtcpOverhead);
    crypt_rtcp(place, packet.subspan(kRtcpHeaderBytes));
  }
  return true;
}

}  // namespace visavis::srtp
