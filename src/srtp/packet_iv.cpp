#include "srtp/packet_iv.hpp"

#include <cstdint>
#include <cstring>

#include "base/big_endian.hpp"

namespace visavis::srtp {
namespace {

template <class Number>
Number read(const std::byte* at) {
  Number number{};
  std::memcpy(&number, at, sizeof(number));
  return number;
}

// Mixes `number`, most significant byte first, with the salt.
template <class Number>
void mix(std::byte* to, Number salt, Number number) {
  salt ^= big_endian(number);
  std::memcpy(to, &salt, sizeof(salt));
}

}  // namespace

// Each part is written once, from a register: reading what was just written in other pieces waits.
GcmIv gcm_iv(const GcmSalt& salt, const PacketPlace& place) {
  constexpr std::size_t kLowAt = sizeof(std::uint64_t);
  GcmIv iv;
  mix(iv.data(), read<std::uint64_t>(salt.data()),
      (std::uint64_t{place.ssrc} << 16U) | (place.index >> 32U));
  mix(iv.data() + kLowAt, read<std::uint32_t>(salt.data() + kLowAt),
      static_cast<std::uint32_t>(place.index));
  return iv;
}

CounterIv counter_iv(const CounterSalt& salt, const PacketPlace& place) {
  constexpr std::size_t kLowAt = sizeof(std::uint64_t);
  constexpr std::size_t kSaltTailAt = 6;  // The last 8 of 14 bytes.
  CounterIv iv;
  mix(iv.data(), read<std::uint64_t>(salt.data()), std::uint64_t{place.ssrc});
  const std::uint64_t tail = big_endian(read<std::uint64_t>(salt.data() + kSaltTailAt));
  mix(iv.data() + kLowAt, big_endian(tail << 16U), place.index << 16U);
  return iv;
}

}  // namespace visavis::srtp
