#pragma once

#include <variant>

#include "srtp/aead_protection.hpp"
#include "srtp/cm_protection.hpp"

namespace visavis::srtp {

/// The two transforms behind one name; chosen once per key, not per packet.
using Protection = std::variant<AeadProtection, CmProtection>;

[[nodiscard]] inline Protection make_protection(Profile profile, Bytes key, Bytes salt,
                                                Direction direction) {
  const SessionKeys rtp = derive_keys(profile, key, salt, KeyUse::kRtp);
  const SessionKeys rtcp = derive_keys(profile, key, salt, KeyUse::kRtcp);
  if (profile == Profile::kAeadAes128Gcm) {
    return AeadProtection(rtp, rtcp, direction);
  }
  return CmProtection(rtp, rtcp);
}

}  // namespace visavis::srtp
