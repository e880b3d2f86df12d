#include "srtp/aead_protection.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::srtp {
namespace {

void begin(CipherContext& context, const GcmIv& iv) {
  check(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, as_u8(Bytes(iv)), -1) == 1);
}

void authenticate(CipherContext& context, Bytes clear) {
  int size = 0;
  check(EVP_CipherUpdate(context.get(), nullptr, &size, as_u8(clear),
                         static_cast<int>(clear.size())) == 1);
}

void crypt(CipherContext& context, const std::byte* from, MutableBytes text) {
  int size = 0;
  if (!text.empty()) {  // OpenSSL takes an update without bytes for the end.
    check(EVP_CipherUpdate(context.get(), as_u8(text), &size, as_u8(Bytes(from, text.size())),
                           static_cast<int>(text.size())) == 1);
  }
}

void crypt(CipherContext& context, MutableBytes text) {
  crypt(context, text.data(), text);
}

void write_tag(CipherContext& context, MutableBytes tag) {
  int size = 0;
  check(EVP_CipherFinal_ex(context.get(), as_u8(tag), &size) == 1);
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                            tag.data()) == 1);
}

bool tag_is(CipherContext& context, MutableBytes tag) {
  int size = 0;
  std::array<unsigned char, AeadProtection::kTagBytes> nothing{};
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                            tag.data()) == 1);
  return EVP_CipherFinal_ex(context.get(), nothing.data(), &size) == 1;
}

}  // namespace

AeadProtection::Key AeadProtection::make_key(const SessionKeys& keys, Direction direction) {
  Key key{.context = make_gcm_context(keys.cipher, direction), .salt = {}};
  std::ranges::copy(std::span(keys.salt).first<12>(), key.salt.begin());
  return key;
}

AeadProtection::AeadProtection(const SessionKeys& rtp, const SessionKeys& rtcp, Direction direction)
    : rtp_(make_key(rtp, direction)), rtcp_(make_key(rtcp, direction)) {}

void AeadProtection::seal_rtp(MutableBytes sealed, const PacketPlace& place,
                              const std::byte* payload) {
  const MutableBytes plain = sealed.first(sealed.size() - kTagBytes);
  begin(rtp_.context, gcm_iv(rtp_.salt, place));
  authenticate(rtp_.context, plain.first(place.header_size));
  crypt(rtp_.context, payload, plain.subspan(place.header_size));
  write_tag(rtp_.context, sealed.last(kTagBytes));
}

bool AeadProtection::open_rtp(MutableBytes sealed, const PacketPlace& place) {
  const MutableBytes packet = sealed.first(sealed.size() - kTagBytes);
  begin(rtp_.context, gcm_iv(rtp_.salt, place));
  authenticate(rtp_.context, packet.first(place.header_size));
  crypt(rtp_.context, packet.subspan(place.header_size));
  return tag_is(rtp_.context, sealed.last(kTagBytes));
}

void AeadProtection::seal_rtcp(MutableBytes sealed, const PacketPlace& place) {
  const MutableBytes plain = sealed.first(sealed.size() - kRtcpOverhead);
  const MutableBytes index = sealed.last(kRtcpIndexBytes);
  ByteWriter(index).u32(kRtcpEncryptedBit | static_cast<std::uint32_t>(place.index));
  begin(rtcp_.context, gcm_iv(rtcp_.salt, place));
  authenticate(rtcp_.context, plain.first(kRtcpHeaderBytes));
  authenticate(rtcp_.context, index);
  crypt(rtcp_.context, plain.subspan(kRtcpHeaderBytes));
  write_tag(rtcp_.context, sealed.subspan(plain.size(), kTagBytes));
}

bool AeadProtection::open_rtcp(MutableBytes sealed, const PacketPlace& place) {
  const MutableBytes packet = sealed.first(sealed.size() - kRtcpOverhead);
  const MutableBytes index = sealed.last(kRtcpIndexBytes);
  const bool encrypted = (ByteReader(index).u32() & kRtcpEncryptedBit) != 0;
  // RFC 7714 §9.2, §9.3: what is not encrypted is authenticated as it is.
  const std::size_t clear = encrypted ? kRtcpHeaderBytes : packet.size();
  begin(rtcp_.context, gcm_iv(rtcp_.salt, place));
  authenticate(rtcp_.context, packet.first(clear));
  authenticate(rtcp_.context, index);
  crypt(rtcp_.context, packet.subspan(clear));
  return tag_is(rtcp_.context, sealed.subspan(packet.size(), kTagBytes));
}

}  // namespace visavis::srtp
