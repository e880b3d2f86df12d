#include "sfu/look_ahead.hpp"

#include <algorithm>
#include <array>

namespace visavis::sfu {
namespace {

bool is_media(Bytes datagram) {
  const auto first = datagram.empty() ? 0U : std::to_integer<unsigned>(datagram.front());
  return first >= 128 && first <= 191;
}

}  // namespace

// What each step asks for is where the step before it has looked.
Senders look_ahead(const TransportTable& transports, std::span<const Datagram> datagrams) {
  const std::span turn = datagrams.first(std::min(datagrams.size(), kLookAheadMax));
  for (const Datagram& datagram : turn) {
    transports.prefetch(datagram.route);
  }
  Senders senders{};
  std::array<const PeerTransport*, kLookAheadMax> all;
  std::size_t count = 0;
  for (std::size_t at = 0; at < turn.size(); ++at) {
    if (is_media(turn[at].bytes)) {
      senders[at] = transports.find(turn[at].route);
    }
    if (senders[at] != nullptr) {
      senders[at]->prefetch_self();
      all[count++] = senders[at];
    }
  }
  const std::span found = std::span(all).first(count);
  for (const PeerTransport* transport : found) {
    transport->routed->prefetch_feedback();
    transport->peer.prefetch_opener();
  }
  for (const PeerTransport* transport : found) {
    transport->peer.prefetch_open_key();
  }
  return senders;
}

}  // namespace visavis::sfu
