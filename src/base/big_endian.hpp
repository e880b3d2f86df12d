#pragma once

#include <bit>
#include <concepts>

namespace visavis {

/// The number whose bytes in memory are `number`'s with the most significant first, as the wire has
/// them; and back again.
template <std::unsigned_integral Number>
[[nodiscard]] constexpr Number big_endian(Number number) {
  return std::endian::native == std::endian::little ? std::byteswap(number) : number;
}

}  // namespace visavis
