#pragma once

#include <compare>

#include "base/address.hpp"

namespace visavis {

/// The two ends of a datagram. `local` is the address that was asked (IP_PKTINFO), never a
/// wildcard: an answer must leave from it, or ICE fails (RFC 8445 §7.3).
struct Route {
  SocketAddress local;
  SocketAddress remote;

  friend auto operator<=>(const Route&, const Route&) = default;
};

}  // namespace visavis
