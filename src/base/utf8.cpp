#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace visavis {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080U;

/// The length of the well-formed sequence at the front, which is not ASCII; 0 when there is none.
/// The table is Unicode's 3-7: only the second byte's range depends on the first.
std::size_t sequence_length(Bytes text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? std::to_integer<unsigned>(text[i]) : 0U;
  };
  const auto is_tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  const unsigned second = at(1);
  if (first >= 0xC2 && first <= 0xDF) {
    return is_tail(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogates
    return second >= low && second <= high && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // up to U+10FFFF
    return second >= low && second <= high && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(Bytes text) {
  while (!text.empty()) {
    if (text.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), sizeof(word));
      if ((word & kHighBits) == 0) {
        text = text.subspan(sizeof(word));
        continue;
      }
    }
    const bool ascii = std::to_integer<unsigned>(text[0]) < 0x80;
    const std::size_t length = ascii ? 1 : sequence_length(text);
    if (length == 0) {
      return false;
    }
    text = text.subspan(length);
  }
  return true;
}

}  // namespace visavis
