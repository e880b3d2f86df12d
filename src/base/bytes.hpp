#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace visavis {

/// Somebody else's bytes, lent. Whose and for how long, the function that takes or gives them says.
using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
/// Bytes of one's own.
using Buffer = std::vector<std::byte>;

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Points into `bytes`; says nothing about their encoding.
[[nodiscard]] inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Buffer to_buffer(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}
[[nodiscard]] inline Buffer to_buffer(std::string_view text) {
  return to_buffer(as_bytes(text));
}

/// For the C libraries that count in `unsigned char`.
[[nodiscard]] inline const std::uint8_t* as_u8(Bytes bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}
[[nodiscard]] inline std::uint8_t* as_u8(MutableBytes bytes) {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}

}  // namespace visavis
