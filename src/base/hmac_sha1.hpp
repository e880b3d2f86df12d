#pragma once

#include <array>
#include <initializer_list>
#include <memory>

#include "base/bytes.hpp"

namespace visavis {

/// HMAC-SHA1 under one key (RFC 2104), with the key's two blocks hashed once. OpenSSL's own looks
/// its algorithm up by name for each tag, which costs more than hashing a STUN message.
class HmacSha1 {
 public:
  using Tag = std::array<std::byte, 20>;

  explicit HmacSha1(Bytes key);
  HmacSha1(HmacSha1&&) noexcept;
  HmacSha1& operator=(HmacSha1&&) noexcept;
  HmacSha1(const HmacSha1&) = delete;
  HmacSha1& operator=(const HmacSha1&) = delete;
  ~HmacSha1();

  /// The tag of the parts, one behind the other.
  [[nodiscard]] Tag tag(std::initializer_list<Bytes> parts) const;

 private:
  struct States;
  std::unique_ptr<States> states_;
};

}  // namespace visavis
