#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "dtls/seeded_openssl.hpp"
#include "peer/peer.hpp"
#include "peer/test_browser.hpp"

namespace visavis::peer {

inline const ice::Credentials kServer{.ufrag = "server", .pwd = "server-password-of-24-chr"};
inline const ice::Credentials kClient{.ufrag = "client", .pwd = "client-password-of-24-chr"};

inline Buffer sealed(srtp::Sealer& sealer, Buffer packet) {
  const std::size_t size = packet.size();
  packet.resize(size + sealer.overhead_rtp());
  packet.resize(sealer.seal_rtp(packet, size));
  return packet;
}

/// For tests: a peer of ours in the DTLS role `ours`, and the identities of both sides.
class OnePeer : public testing::Test {
 protected:
  explicit OnePeer(dtls::Role ours)
      : peer_(now_,
              {.local = kServer,
               .remote = kClient,
               .remote_fingerprint = theirs_.fingerprint(),
               .role = ours,
               .early_media = &early_media_},
              ours_) {}

  Peer::Received receive(Buffer datagram) { return receive_over(route_, std::move(datagram)); }
  Peer::Received receive_over(const Route& route, Buffer datagram) {
    last_ = std::move(datagram);
    const Peer::Received received = peer_.handle_datagram(now_, route, last_);
    while (works_handshakes_ && peer_.has_handshake()) {
      peer_.handle_handshake(now_);
    }
    return received;
  }

  std::vector<Event> events() {
    std::vector<Event> all;
    while (auto event = peer_.poll_event()) {
      all.push_back(*event);
    }
    return all;
  }

  dtls::SeededOpenssl openssl_{1};
  Instant now_;
  Route route_{.local = *SocketAddress::parse("192.0.2.1:7000"),
               .remote = *SocketAddress::parse("198.51.100.1:5000")};
  Route other_route_{.local = route_.local, .remote = *SocketAddress::parse("203.0.113.9:99")};
  dtls::Identity ours_ = make_identity(1);
  dtls::Identity theirs_ = make_identity(2);
  EarlyMediaBudget early_media_{.bytes_left = 1'000'000};
  Peer peer_;
  Buffer last_;  ///< What was received, opened in place.
  bool works_handshakes_ = true;
};

}  // namespace visavis::peer
