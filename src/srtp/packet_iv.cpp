#include "srtp/packet_iv.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace visavis::srtp {
namespace {

// Mixes `number`, most significant byte first, with the salt behind `at`.
template <class Number>
void mix(MutableBytes iv, std::size_t at, Number number) {
  if constexpr (std::endian::native == std::endian::little) {
    number = std::byteswap(number);
  }
  Number salt{};
  std::memcpy(&salt, iv.data() + at, sizeof(salt));
  salt ^= number;
  std::memcpy(iv.data() + at, &salt, sizeof(salt));
}

}  // namespace

GcmIv gcm_iv(const GcmSalt& salt, const PacketPlace& place) {
  GcmIv iv = salt;
  mix(iv, 0, (std::uint64_t{place.ssrc} << 16U) | (place.index >> 32U));
  mix(iv, sizeof(std::uint64_t), static_cast<std::uint32_t>(place.index));
  return iv;
}

CounterIv counter_iv(const CounterSalt& salt, const PacketPlace& place) {
  CounterIv iv{};
  std::memcpy(iv.data(), salt.data(), salt.size());
  mix(iv, 0, std::uint64_t{place.ssrc});
  mix(iv, sizeof(std::uint64_t), place.index << 16U);
  return iv;
}

}  // namespace visavis::srtp
