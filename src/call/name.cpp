#include "call/name.hpp"

#include <algorithm>

namespace visavis::call {

std::size_t count_characters(std::string_view text) {
  // Bytes of the form 10xxxxxx continue a character (RFC 3629 §3).
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char letter) { return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U; }));
}

bool is_presentable(std::string_view name) {
  const bool controls = std::ranges::any_of(name, [](char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    return byte < 0x20U || byte == 0x7FU;
  });
  return !controls && name.find_first_not_of(' ') != std::string_view::npos;
}

}  // namespace visavis::call
