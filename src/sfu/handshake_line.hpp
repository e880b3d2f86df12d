#pragma once

#include <cstddef>
#include <deque>

#include "base/time.hpp"
#include "sfu/transport_table.hpp"

namespace visavis::sfu {

/// The peers whose handshakes wait until media has left, each with one turn after another: a
/// handshake costs what a thousand packets cost, and 200 peers may join within a second.
class HandshakeLine {
 public:
  /// Half a second's work at a millisecond a turn: who would wait longer asks again by himself. Of
  /// those whom we are to greet each stands here once, however many they are.
  static constexpr std::size_t kPeersMax = 512;

  /// Whether a handshake datagram of this peer may still be taken.
  [[nodiscard]] bool has_room_for(const PeerTransport& transport) const {
    return transport.in_handshake_line || line_.size() < kPeersMax;
  }
  /// The peer stands in the line if and while something of it waits.
  void update(Instant now, PeerTransport& transport) {
    if (transport.in_handshake_line || !transport.peer.has_handshake()) {
      return;
    }
    transport.in_handshake_line = true;
    line_.push_back(&transport);
    due_at_ = now;
  }
  /// Whose turn it is, out of the line; null when nobody waits.
  [[nodiscard]] PeerTransport* take(Instant now) {
    if (line_.empty()) {
      return nullptr;
    }
    PeerTransport* const transport = line_.front();
    line_.pop_front();
    transport->in_handshake_line = false;
    due_at_ = now;
    return transport;
  }
  /// Must be called before the peer dies.
  void forget(PeerTransport& transport) {
    transport.in_handshake_line = false;
    std::erase(line_, &transport);
  }

  [[nodiscard]] bool empty() const { return line_.empty(); }
  /// At once, while somebody waits.
  [[nodiscard]] Instant next_timeout() const { return line_.empty() ? kNever : due_at_; }

 private:
  std::deque<PeerTransport*> line_;
  Instant due_at_;
};

}  // namespace visavis::sfu
