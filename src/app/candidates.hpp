#pragma once

#include <span>
#include <vector>

#include "base/address.hpp"

namespace visavis::app {

/// Where browsers are told to send media: for each announced address the ports of the sockets of
/// its family, in the order of the addresses. A socket bound to one address stands for that one
/// alone unless `announced` was chosen by the operator (whose NAT maps another one to it).
[[nodiscard]] std::vector<SocketAddress> media_candidates(std::span<const SocketAddress> sockets,
                                                          std::span<const IpAddress> announced,
                                                          bool chosen);

}  // namespace visavis::app
