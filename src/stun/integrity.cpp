#include "stun/integrity.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>

#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::stun {

std::array<std::byte, kIntegrityBytes> integrity_of(Bytes before_attribute,
                                                    std::string_view password) {
  check(before_attribute.size() >= kHeaderBytes && before_attribute.size() <= kDatagramBytesMax);
  std::array<std::byte, kDatagramBytesMax> copy{};
  std::ranges::copy(before_attribute, copy.begin());
  ByteWriter length(MutableBytes(copy).subspan(2, 2));
  length.u16(static_cast<std::uint16_t>(before_attribute.size() - kHeaderBytes +
                                        kAttributeHeaderBytes + kIntegrityBytes));

  std::array<std::byte, kIntegrityBytes> tag{};
  const auto* const made =
      HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), as_u8(Bytes(copy)),
           before_attribute.size(), as_u8(MutableBytes(tag)), nullptr);
  check(made != nullptr);
  return tag;
}

std::uint32_t fingerprint_of(Bytes before_attribute) {
  const auto crc = crc32(0, as_u8(before_attribute), static_cast<uInt>(before_attribute.size()));
  return static_cast<std::uint32_t>(crc) ^ kFingerprintXor;
}

}  // namespace visavis::stun
