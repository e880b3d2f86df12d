#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/byte_reader.hpp"
#include "dtls/seeded_openssl.hpp"
#include "peer/peer.hpp"
#include "peer/test_browser.hpp"
#include "stun/message.hpp"

namespace {

using namespace visavis;  // NOLINT(google-build-using-namespace): one function for the fuzzer.

const Route kRoute{.local = *SocketAddress::parse("192.0.2.1:7000"),
                   .remote = *SocketAddress::parse("198.51.100.1:5000")};

struct Ends {
  dtls::Identity ours = peer::make_identity(1);
  dtls::Identity theirs = peer::make_identity(2);
};

Ends make_ends() {
  const dtls::SeededOpenssl openssl(1);
  return {};
}

peer::Peer make_peer(const Ends& ends, dtls::Role role) {
  return {Instant(),
          {.local = {.ufrag = "server", .pwd = "server-password-of-24-chr"},
           .remote = {.ufrag = "client", .pwd = "client-password-of-24-chr"},
           .remote_fingerprint = ends.theirs.fingerprint(),
           .role = role},
          ends.ours};
}

void give(peer::Peer& peer, Instant now, const Route& route, MutableBytes datagram) {
  const auto received = peer.handle_datagram(now, route, datagram);
  check(received.packet.size() <= datagram.size());
}

void work(peer::Peer& peer, Instant now) {
  while (peer.has_handshake()) {
    peer.handle_handshake(now);
    while (auto early = peer.take_early_media()) {
      give(peer, now, early->route, early->bytes);
    }
  }
}

void flush(peer::Peer& peer) {
  DatagramBatch out(32);
  while (!out.full() && peer.poll_transmit(out)) {
  }
}

void give_check(peer::Peer& peer) {
  Buffer bytes(stun::kMessageBytesMax);
  bytes.resize(stun::write_request(
      bytes, {.username = "server:client", .controlling = 7, .use_candidate = true},
      "server-password-of-24-chr"));
  check(peer.handle_datagram({}, kRoute, bytes).kind == peer::Peer::Kind::kCheck);
  flush(peer);
}

/// A flight of the other side, and what the peer says to it.
void pass_flights(peer::Peer& peer, dtls::Session& other, Instant now) {
  for (Bytes bytes = other.poll_transmit(); !bytes.empty(); bytes = other.poll_transmit()) {
    Buffer copy = to_buffer(bytes);
    give(peer, now, kRoute, copy);
  }
  work(peer, now);
  DatagramBatch out(32);
  while (!out.full() && peer.poll_transmit(out)) {
    other.handle_datagram(now, out.bytes(out.cells().back()));
  }
}

/// All of the handshake but the other side's last flight, which waits in `other`.
void begin_handshake(peer::Peer& peer, dtls::Session& other, dtls::Role others) {
  if (others == dtls::Role::kClient) {
    other.start({});
  } else {
    pass_flights(peer, other, {});
  }
  pass_flights(peer, other, {});
}

}  // namespace

// The first byte says how far the peer is (nothing, an authenticated check, connected, or connected
// but for the other side's last flight, which comes at the end) and which DTLS role it has; then
// datagrams, each behind its length. Whatever they are, the peer stays whole: what it opens lies
// inside the datagram, and it sends nothing that fits no cell.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Ends ends = make_ends();
  const dtls::SeededOpenssl openssl(2);  // The same keys each time, so that the corpus opens.
  ByteReader reader(std::as_bytes(std::span(data, size)));
  const unsigned first = reader.u8();
  const unsigned stage = first % 4U;
  const bool begins = first / 4U % 2U == 1;
  const dtls::Role others = begins ? dtls::Role::kServer : dtls::Role::kClient;
  peer::Peer peer = make_peer(ends, begins ? dtls::Role::kClient : dtls::Role::kServer);
  dtls::Session other(others, ends.theirs, ends.ours.fingerprint());
  if (stage >= 1) {
    give_check(peer);
  }
  if (stage >= 2) {
    begin_handshake(peer, other, others);
  }
  if (stage == 2) {
    pass_flights(peer, other, {});
    check(peer.can_send());
  }
  Instant now;
  while (!reader.rest().empty()) {
    const std::size_t length = std::min<std::size_t>(reader.u16(), reader.rest().size());
    Buffer datagram = to_buffer(reader.bytes(length));
    give(peer, now, kRoute, datagram);
    work(peer, now);
    now = std::min(peer.next_timeout(), now + std::chrono::seconds(1));
    peer.handle_timeout(now);
    flush(peer);
  }
  if (stage == 3) {
    pass_flights(peer, other, now);
  }
  while (peer.poll_event()) {
  }
  static_cast<void>(peer.close());
  return 0;
}
