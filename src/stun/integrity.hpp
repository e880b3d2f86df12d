#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "stun/attributes.hpp"

/// The two checksums of a message, the same for reader and writer.
namespace visavis::stun {

/// HMAC-SHA1 with a short-term password as its key (RFC 8489 §14.5) over the message up to
/// MESSAGE-INTEGRITY, whose header's length counts as if that attribute were the last.
[[nodiscard]] std::array<std::byte, kIntegrityBytes> integrity_of(Bytes before_attribute,
                                                                  std::string_view password);
/// CRC-32 over the message up to FINGERPRINT (RFC 8489 §14.7). The header's length must count it.
[[nodiscard]] std::uint32_t fingerprint_of(Bytes before_attribute);

}  // namespace visavis::stun
