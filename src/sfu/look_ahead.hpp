#pragma once

#include <array>
#include <span>

#include "base/datagram.hpp"
#include "sfu/transport_table.hpp"

namespace visavis::sfu {

/// At most so many datagrams are looked ahead to: what they need must still be near when they are
/// worked.
inline constexpr std::size_t kLookAheadMax = 16;

/// Whose the datagrams are, in their order; null for what is no media, or a stranger's.
using Senders = std::array<PeerTransport*, kLookAheadMax>;

/// For media (RFC 7983 §7) of many peers that is worked next: finds them, and brings near what
/// opens it. A report is small, so its price would be waiting for one line of memory after another;
/// so the lines of all are asked for at once, step by step.
[[nodiscard]] Senders look_ahead(const TransportTable& transports,
                                 std::span<const Datagram> datagrams);

}  // namespace visavis::sfu
