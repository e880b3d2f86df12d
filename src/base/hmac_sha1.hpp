#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.hpp"

namespace visavis {

/// HMAC-SHA1 under one key (RFC 2104), with the key's two blocks hashed once. OpenSSL's own looks
/// its algorithm up by name for each tag, which costs more than hashing a STUN message.
class HmacSha1 {
 public:
  using Tag = std::array<std::byte, 20>;

  explicit HmacSha1(Bytes key);

  /// The tag of the parts, one behind the other.
  [[nodiscard]] Tag tag(std::initializer_list<Bytes> parts) const;

 private:
  /// SHA-1 behind one block.
  using State = std::array<std::uint32_t, 5>;

  [[nodiscard]] static State state_after(Bytes key, unsigned char pad);

  State inner_;
  State outer_;
};

}  // namespace visavis
