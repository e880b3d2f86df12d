#pragma once

#include <array>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/bytes.hpp"
#include "base/hmac_sha1.hpp"
#include "srtp/cipher_context.hpp"
#include "srtp/key_derivation.hpp"
#include "srtp/packet_iv.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {

/// What AES_CM_128_HMAC_SHA1_80 adds (RFC 3711 §4.2).
inline constexpr std::size_t kCmTagBytes = 10;
inline constexpr std::size_t kCmRtcpOverhead = kCmTagBytes + kRtcpIndexBytes;

/// SRTP with AES_CM_128_HMAC_SHA1_80 (RFC 3711 §4.1.1, §4.2): seals and opens in place.
class CmRtp {
 public:
  explicit CmRtp(const SessionKeys& keys);

  /// `sealed` ends in `kCmTagBytes` of room. `payload` is the plain one, there or elsewhere.
  void seal(MutableBytes sealed, const PacketPlace& place, const std::byte* payload);
  [[nodiscard]] bool open(MutableBytes sealed, const PacketPlace& place);

 private:
  [[nodiscard]] HmacSha1::Tag tag(Bytes packet, const PacketPlace& place) const;

  CipherContext context_;
  HmacSha1 hmac_;
  CounterSalt salt_;
};

/// SRTCP with the same, whoever computes AES: `crypt(iv, text)` adds the key stream.
class CmRtcp {
 public:
  explicit CmRtcp(const SessionKeys& keys) : hmac_(keys.authentication), salt_(keys.salt) {}

  /// `sealed` ends in `kCmRtcpOverhead` of room.
  template <class Crypt>
  void seal(MutableBytes sealed, const PacketPlace& place, Crypt&& crypt) const {
    const std::size_t size = sealed.size() - kCmRtcpOverhead;
    crypt(counter_iv(salt_, place), text_of(sealed));
    ByteWriter(sealed.subspan(size, kRtcpIndexBytes))
        .u32(kRtcpEncryptedBit | static_cast<std::uint32_t>(place.index));
    write_tag(sealed);
  }
  template <class Crypt>
  [[nodiscard]] bool open(MutableBytes sealed, const PacketPlace& place, Crypt&& crypt) const {
    if (!has_tag(sealed)) {
      return false;
    }
    if ((ByteReader(index(sealed)).u32() & kRtcpEncryptedBit) != 0) {
      crypt(counter_iv(salt_, place), text_of(sealed));
    }
    return true;
  }

  /// E and index, where they lie in an SRTCP packet: before its tag (RFC 3711 §3.4).
  [[nodiscard]] static Bytes index(Bytes sealed) {
    return sealed.subspan(sealed.size() - kCmRtcpOverhead, kRtcpIndexBytes);
  }

 private:
  static MutableBytes text_of(MutableBytes sealed) {
    return sealed.first(sealed.size() - kCmRtcpOverhead).subspan(kRtcpHeaderBytes);
  }
  [[nodiscard]] bool has_tag(Bytes sealed) const;
  void write_tag(MutableBytes sealed) const;

  HmacSha1 hmac_;
  CounterSalt salt_;
};

/// Both, computed by OpenSSL.
class CmProtection {
 public:
  CmProtection(const SessionKeys& rtp, const SessionKeys& rtcp);

  void seal_rtp(MutableBytes sealed, const PacketPlace& place, const std::byte* payload) {
    rtp_.seal(sealed, place, payload);
  }
  [[nodiscard]] bool open_rtp(MutableBytes sealed, const PacketPlace& place) {
    return rtp_.open(sealed, place);
  }
  void seal_rtcp(MutableBytes sealed, const PacketPlace& place);
  [[nodiscard]] bool open_rtcp(MutableBytes sealed, const PacketPlace& place);

 private:
  CmRtp rtp_;
  CmRtcp rtcp_;
  CipherContext rtcp_context_;
};

}  // namespace visavis::srtp
