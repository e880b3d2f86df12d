#pragma once

#include <variant>

#include "srtp/aead_protection.hpp"
#include "srtp/cm_protection.hpp"

namespace visavis::srtp {

/// The two transforms behind one name; chosen once per key, not per packet.
using Protection = std::variant<AeadProtection, CmProtection>;

[[nodiscard]] inline Protection make_protection(const KeySet& keys, Direction direction) {
  if (keys.profile == Profile::kAeadAes128Gcm) {
    return AeadProtection(keys.rtp, keys.rtcp, direction);
  }
  return CmProtection(keys.rtp, keys.rtcp);
}

}  // namespace visavis::srtp
