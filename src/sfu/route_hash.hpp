#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/route.hpp"

namespace visavis::sfu {

/// Of routes, under a key that nobody outside knows: who has an IPv6 network chooses among 2^64
/// addresses, and could prove thousands of routes that lie in one place of a table. Each datagram
/// that is looked for there, a stranger's too, would walk past them all.
class RouteHash {
 public:
  using Key = std::array<std::uint64_t, 3>;

  explicit RouteHash(const Key& key) : key_(key) {}

  std::size_t operator()(const Route& route) const noexcept {
    const auto [high, low] = route.remote.ip.halves();
    const std::uint64_t address = fold(high ^ key_[0], low ^ key_[1]);
    const std::uint64_t ports = (std::uint64_t{route.local.port} << 16U) | route.remote.port;
    // Our own end is one of a few, and not for others to choose: its half tells it from the others.
    return fold(address ^ route.local.ip.halves()[1], ports ^ key_[2]);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }

  Key key_;
};

}  // namespace visavis::sfu
