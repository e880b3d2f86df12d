#include "srtp/cm_protection.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace visavis::srtp {
namespace {

bool same(Bytes tag, const HmacSha1::Tag& ours) {
  return CRYPTO_memcmp(tag.data(), ours.data(), tag.size()) == 0;
}

void copy_tag(const HmacSha1::Tag& tag, MutableBytes to) {
  std::ranges::copy(Bytes(tag).first(to.size()), to.begin());
}

}  // namespace

CmRtp::CmRtp(const SessionKeys& keys)
    : context_(make_counter_context(keys.cipher)), hmac_(keys.authentication), salt_(keys.salt) {}

HmacSha1::Tag CmRtp::tag(Bytes packet, const PacketPlace& place) const {
  std::array<std::byte, 4> rollover;  // RFC 3711 §4.2: authenticated, not sent.
  ByteWriter(rollover).u32(static_cast<std::uint32_t>(place.index >> 16U));
  return hmac_.tag({packet, rollover});
}

void CmRtp::seal(MutableBytes sealed, const PacketPlace& place, const std::byte* payload) {
  const MutableBytes packet = sealed.first(sealed.size() - kCmTagBytes);
  add_key_stream(context_, counter_iv(salt_, place), payload, packet.subspan(place.header_size));
  copy_tag(tag(packet, place), sealed.last(kCmTagBytes));
}

bool CmRtp::open(MutableBytes sealed, const PacketPlace& place) {
  const MutableBytes packet = sealed.first(sealed.size() - kCmTagBytes);
  if (!same(sealed.last(kCmTagBytes), tag(packet, place))) {
    return false;
  }
  add_key_stream(context_, counter_iv(salt_, place), packet.subspan(place.header_size));
  return true;
}

bool CmRtcp::has_tag(Bytes sealed) const {
  return same(sealed.last(kCmTagBytes), hmac_.tag({sealed.first(sealed.size() - kCmTagBytes)}));
}

void CmRtcp::write_tag(MutableBytes sealed) const {
  copy_tag(hmac_.tag({sealed.first(sealed.size() - kCmTagBytes)}), sealed.last(kCmTagBytes));
}

CmProtection::CmProtection(const SessionKeys& rtp, const SessionKeys& rtcp)
    : rtp_(rtp), rtcp_(rtcp), rtcp_context_(make_block_context(rtcp.cipher)) {}

void CmProtection::seal_rtcp(MutableBytes sealed, const PacketPlace& place) {
  rtcp_.seal(sealed, place, [this](const CounterIv& iv, MutableBytes text) {
    add_short_key_stream(rtcp_context_, iv, text);
  });
}

bool CmProtection::open_rtcp(MutableBytes sealed, const PacketPlace& place) {
  return rtcp_.open(sealed, place, [this](const CounterIv& iv, MutableBytes text) {
    add_short_key_stream(rtcp_context_, iv, text);
  });
}

}  // namespace visavis::srtp
