#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/address.hpp"

namespace visavis {

/// What counts as one address where limits are per address: the subscriber of an IPv6 network has a
/// /64 at least (RFC 6177 §2), and as many addresses as he likes.
[[nodiscard]] inline IpAddress subscriber_network(const IpAddress& address) {
  if (address.is_v4()) {
    return address;
  }
  std::array<std::uint8_t, 16> network = address.mapped();
  std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return IpAddress::v6(network);
}

}  // namespace visavis
