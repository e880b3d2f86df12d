#pragma once

#include <array>

#include "base/bytes.hpp"
#include "srtp/cipher_context.hpp"
#include "srtp/key_derivation.hpp"
#include "srtp/packet_iv.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {

/// AEAD_AES_128_GCM (RFC 7714): seals and opens in place, one direction.
class AeadProtection {
 public:
  static constexpr std::size_t kTagBytes = 16;
  static constexpr std::size_t kRtcpOverhead = kTagBytes + kRtcpIndexBytes;

  AeadProtection(const SessionKeys& rtp, const SessionKeys& rtcp, Direction direction);

  /// `sealed` ends in `kTagBytes` of room. `payload` is the plain one, there or elsewhere.
  void seal_rtp(MutableBytes sealed, const PacketPlace& place, const std::byte* payload);
  [[nodiscard]] bool open_rtp(MutableBytes sealed, const PacketPlace& place);
  /// `sealed` ends in `kRtcpOverhead` of room.
  void seal_rtcp(MutableBytes sealed, const PacketPlace& place);
  [[nodiscard]] bool open_rtcp(MutableBytes sealed, const PacketPlace& place);

  /// E and index, where they lie in an SRTCP packet: at its end (RFC 7714 §9.2).
  [[nodiscard]] static Bytes rtcp_index(Bytes sealed) { return sealed.last(kRtcpIndexBytes); }

 private:
  struct Key {
    CipherContext context;
    GcmSalt salt;
  };
  static Key make_key(const SessionKeys& keys, Direction direction);

  Key rtp_;
  Key rtcp_;
};

}  // namespace visavis::srtp
