#include "app/candidates.hpp"

#include <algorithm>

namespace visavis::app {

std::vector<SocketAddress> media_candidates(std::span<const SocketAddress> sockets,
                                            std::span<const IpAddress> announced, bool chosen) {
  std::vector<SocketAddress> candidates;
  const auto add = [&](const SocketAddress& candidate) {
    if (std::ranges::find(candidates, candidate) == candidates.end()) {
      candidates.push_back(candidate);
    }
  };
  for (const IpAddress& ip : announced) {
    for (const SocketAddress& socket : sockets) {
      const bool same_family = socket.ip.is_v4() == ip.is_v4();
      if (same_family && (chosen || socket.ip.is_unspecified() || socket.ip == ip)) {
        add({.ip = ip, .port = socket.port});
      }
    }
  }
  if (!chosen) {
    for (const SocketAddress& socket : sockets) {  // Bound to what is not announced by itself.
      if (!socket.ip.is_unspecified()) {
        add(socket);
      }
    }
  }
  return candidates;
}

}  // namespace visavis::app
