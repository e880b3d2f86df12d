#pragma once

#include <array>

#include "base/bytes.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {

using GcmSalt = std::array<std::byte, 12>;
using GcmIv = std::array<std::byte, 12>;
using CounterSalt = std::array<std::byte, 14>;
using CounterIv = std::array<std::byte, 16>;

/// RFC 7714 §8.1, §9.1: two zero bytes, SSRC, then 48 bits of index, mixed with the salt.
[[nodiscard]] GcmIv gcm_iv(const GcmSalt& salt, const PacketPlace& place);
/// RFC 3711 §4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16.
[[nodiscard]] CounterIv counter_iv(const CounterSalt& salt, const PacketPlace& place);

}  // namespace visavis::srtp
