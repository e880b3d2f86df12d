#include "stun/integrity.hpp"

#include <zlib.h>

#include <algorithm>

#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "base/hmac_sha1.hpp"

namespace visavis::stun {

std::array<std::byte, kIntegrityBytes> integrity_of(Bytes before_attribute,
                                                    std::string_view password) {
  check(before_attribute.size() >= kHeaderBytes && before_attribute.size() <= kDatagramBytesMax);
  std::array<std::byte, kDatagramBytesMax> copy{};
  std::ranges::copy(before_attribute, copy.begin());
  ByteWriter length(MutableBytes(copy).subspan(2, 2));
  length.u16(static_cast<std::uint16_t>(before_attribute.size() - kHeaderBytes +
                                        kAttributeHeaderBytes + kIntegrityBytes));
  return HmacSha1(as_bytes(password)).tag({Bytes(copy).first(before_attribute.size())});
}

std::uint32_t fingerprint_of(Bytes before_attribute) {
  const auto crc = crc32(0, as_u8(before_attribute), static_cast<uInt>(before_attribute.size()));
  return static_cast<std::uint32_t>(crc) ^ kFingerprintXor;
}

}  // namespace visavis::stun
