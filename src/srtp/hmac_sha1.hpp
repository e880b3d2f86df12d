#pragma once

#include <array>
#include <initializer_list>
#include <memory>

#include "base/bytes.hpp"

namespace visavis::srtp {

/// HMAC-SHA1 under one key (RFC 2104), with the key's two blocks hashed once.
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

}  // namespace visavis::srtp
