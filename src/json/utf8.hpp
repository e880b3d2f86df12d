#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace visavis::json {

/// One character of a text, and the bytes that it takes there.
struct Character {
  char32_t code = 0;
  std::size_t size = 0;  ///< 0: these bytes are no character

  /// Of the surrogates, which UTF-8 has no place for (RFC 3629 §3) and WTF-8 has.
  [[nodiscard]] bool is_surrogate() const { return code >= 0xD800 && code <= 0xDFFF; }
};

/// The character at the front of `text` (not empty), overlong forms refused, surrogates let through
/// (WTF-8); a reader of UTF-8 asks `is_surrogate()`.
[[nodiscard]] Character first_character(std::string_view text);
void append_character(std::string& to, char32_t code);

[[nodiscard]] constexpr bool is_high_surrogate(char32_t code) {
  return code >= 0xD800 && code <= 0xDBFF;
}
[[nodiscard]] constexpr bool is_low_surrogate(char32_t code) {
  return code >= 0xDC00 && code <= 0xDFFF;
}
[[nodiscard]] constexpr char32_t join_surrogates(char32_t high, char32_t low) {
  return 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
}

}  // namespace visavis::json
