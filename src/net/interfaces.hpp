#pragma once

#include <span>
#include <vector>

#include "base/address.hpp"

namespace visavis::net {

/// The addresses at which peers may reach this machine, in the order in which to announce them:
/// global and private IPv4, global and unique-local IPv6, and 127.0.0.1 last (a page on the same
/// machine; Firefox never uses it). No link-local address: it needs a zone. Each once.
[[nodiscard]] std::vector<IpAddress> interface_addresses();

/// Whether this machine has IPv6 at all: containers often have none, not even loopback.
[[nodiscard]] bool has_ipv6();

/// The same rule for a given list, as it came from the system.
[[nodiscard]] std::vector<IpAddress> in_announced_order(std::span<const IpAddress> addresses);

}  // namespace visavis::net
