#pragma once

#include <cstddef>

namespace visavis::sfu {

/// What one worker may hold. Each limit bounds memory; a core carries less than the first.
struct RouterLimits {
  std::size_t peers_max = 5'000;         ///< Twice what a core carries of one picture for each.
  std::size_t streams_per_peer_max = 8;  ///< The call protocol's own limit.
  std::size_t slots_per_peer_max = 128;  ///< 49 seats of two, and audio-only ones.
  /// What a peer may send: 100 Mbit/s, more than any camera and screen together. A datagram costs
  /// its bytes and 200; as much as in a second may come at once, and 64 KiB always. The rest is
  /// not even opened, so that who floods costs the others little.
  std::size_t peer_bytes_per_second = 12'500'000;
  std::size_t log_bytes_max = std::size_t{4} << 20U;   ///< A layer: over 10 s of 3 Mbit/s.
  std::size_t logs_bytes_max = std::size_t{1} << 30U;  ///< All of them together.
  /// Kept of all peers together that are DTLS servers, until their last handshake message is
  /// worked: 160 large keyframes. What finds no room is dropped.
  std::size_t early_media_bytes_max = std::size_t{16} << 20U;
  std::size_t events_max = 16'384;  ///< That nobody has fetched yet.
};

}  // namespace visavis::sfu
