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
void look_ahead(const TransportTable& transports, std::span<const Datagram> datagrams) {
  std::array<const PeerTransport*, kLookAheadMax> all;
  std::size_t count = 0;
  for (const Datagram& datagram : datagrams.first(std::min(datagrams.size(), all.size()))) {
    const PeerTransport* transport =
        is_media(datagram.bytes) ? transports.find(datagram.route) : nullptr;
    if (transport != nullptr) {
      transport->prefetch_self();
      all[count++] = transport;
    }
  }
  const std::span found = std::span(all).first(count);
  for (const PeerTransport* transport : found) {
    transport->routed->prefetch_feedback();
    transport->peer.prefetch_ciphers();
  }
  for (const PeerTransport* transport : found) {
    transport->peer.prefetch_opener();
  }
  for (const PeerTransport* transport : found) {
    transport->peer.prefetch_open_key();
  }
}

}  // namespace visavis::sfu
