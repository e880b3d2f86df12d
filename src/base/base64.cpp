#include "base/base64.hpp"

#include <array>

namespace visavis {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();

std::uint32_t word_of(std::byte first, std::byte second, std::byte third) {
  return (std::to_integer<std::uint32_t>(first) << 16U) |
         (std::to_integer<std::uint32_t>(second) << 8U) | std::to_integer<std::uint32_t>(third);
}

char digit(std::uint32_t word) {
  return kAlphabet[word & 63U];
}

}  // namespace

std::string to_base64(Bytes bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  auto to = text.begin();
  for (; bytes.size() >= 3; bytes = bytes.subspan(3)) {
    const std::uint32_t word = word_of(bytes[0], bytes[1], bytes[2]);
    *to++ = digit(word >> 18U);
    *to++ = digit(word >> 12U);
    *to++ = digit(word >> 6U);
    *to++ = digit(word);
  }
  if (!bytes.empty()) {
    const bool two = bytes.size() == 2;
    const std::uint32_t word = word_of(bytes[0], two ? bytes[1] : std::byte{}, std::byte{});
    *to++ = digit(word >> 18U);
    *to++ = digit(word >> 12U);
    *to = two ? digit(word >> 6U) : '=';
  }
  return text;
}

bool is_base64_digit(char letter) {
  return kDigits[static_cast<unsigned char>(letter)] != kNoDigit;
}

std::optional<Buffer> from_base64(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  Buffer bytes;
  bytes.reserve((text.size() / 4 * 3) + 2);
  std::uint32_t word = 0;
  unsigned bits = 0;
  for (const char letter : text) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(letter)];
    if (digit == kNoDigit) {
      return std::nullopt;
    }
    word = (word << 6U) | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<std::byte>((word >> bits) & 0xFFU));
    }
  }
  return bytes;
}

}  // namespace visavis
