#pragma once

#include <vector>

#include "base/address.hpp"

namespace visavis::load {

/// The IPv4 addresses that a client without NAT has, for its host candidates: first the one from
/// which the kernel sends to `server`, then those of all interfaces. Loopback's only as the first:
/// a server whose HTTP is on loopback may have its media elsewhere on this machine.
[[nodiscard]] std::vector<IpAddress> local_addresses(const SocketAddress& server);

}  // namespace visavis::load
