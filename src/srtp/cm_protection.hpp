#pragma once

#include <array>

#include "base/bytes.hpp"
#include "base/hmac_sha1.hpp"
#include "srtp/cipher_context.hpp"
#include "srtp/key_derivation.hpp"
#include "srtp/packet_iv.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {

/// AES_CM_128_HMAC_SHA1_80 (RFC 3711 §4.1.1, §4.2): seals and opens in place.
class CmProtection {
 public:
  static constexpr std::size_t kTagBytes = 10;
  static constexpr std::size_t kRtcpOverhead = kTagBytes + kRtcpIndexBytes;

  CmProtection(const SessionKeys& rtp, const SessionKeys& rtcp);

  /// `sealed` ends in `kTagBytes` of room. `payload` is the plain one, there or elsewhere.
  void seal_rtp(MutableBytes sealed, const PacketPlace& place, const std::byte* payload);
  [[nodiscard]] bool open_rtp(MutableBytes sealed, const PacketPlace& place);
  /// `sealed` ends in `kRtcpOverhead` of room.
  void seal_rtcp(MutableBytes sealed, const PacketPlace& place);
  [[nodiscard]] bool open_rtcp(MutableBytes sealed, const PacketPlace& place);

  /// E and index, where they lie in an SRTCP packet: before its tag (RFC 3711 §3.4).
  [[nodiscard]] static Bytes rtcp_index(Bytes sealed) {
    return sealed.subspan(sealed.size() - kRtcpOverhead, kRtcpIndexBytes);
  }

 private:
  struct Key {
    CipherContext context;
    HmacSha1 hmac;
    CounterSalt salt;
  };
  static Key make_key(const SessionKeys& keys, CipherContext context);
  static void crypt(Key& key, const PacketPlace& place, const std::byte* from, MutableBytes text);
  static void crypt(Key& key, const PacketPlace& place, MutableBytes text) {
    crypt(key, place, text.data(), text);
  }
  void crypt_rtcp(const PacketPlace& place, MutableBytes text);
  [[nodiscard]] HmacSha1::Tag rtp_tag(Bytes packet, const PacketPlace& place) const;

  Key rtp_;
  Key rtcp_;
};

}  // namespace visavis::srtp
