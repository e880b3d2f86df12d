#include "json/utf8.hpp"

#include <bit>

namespace visavis::json {

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto size = static_cast<std::size_t>(std::countl_one(byte(0)));
  if (size == 0) {
    return {.code = byte(0), .size = 1};
  }
  if (size == 1 || size > 4 || size > text.size()) {
    return {};
  }
  char32_t code = byte(0) & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return {};
    }
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  // RFC 3629 §3: the shortest form, and nothing above U+10FFFF.
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // NOLINT(*-avoid-c-arrays)
  if (code < kSmallest[size] || code > 0x10FFFF) {
    return {};
  }
  return {.code = code, .size = size};
}

void append_character(std::string& to, char32_t code) {
  const auto put = [&](char32_t bits) { to.push_back(static_cast<char>(bits)); };
  const auto tail = [&](unsigned shift) { put(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    tail(6);
    tail(0);
  } else {
    put(0xF0U | (code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace visavis::json
