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

peer::Peer make_peer(const Ends& ends) {
  return {Instant(),
          {.local = {.ufrag = "server", .pwd = "server-password-of-24-chr"},
           .remote = {.ufrag = "client", .pwd = "client-password-of-24-chr"},
           .remote_fingerprint = ends.theirs.fingerprint()},
          ends.ours};
}

void work(peer::Peer& peer, Instant now) {
  while (peer.has_handshake()) {
    peer.handle_handshake(now);
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

void shake_hands(peer::Peer& peer, const Ends& ends) {
  dtls::Session client(dtls::Role::kClient, ends.theirs, ends.ours.fingerprint());
  client.start({});
  DatagramBatch out(32);
  for (int round = 0; round < 3; ++round) {
    for (Bytes bytes = client.poll_transmit(); !bytes.empty(); bytes = client.poll_transmit()) {
      Buffer copy = to_buffer(bytes);
      static_cast<void>(peer.handle_datagram({}, kRoute, copy));
    }
    work(peer, {});
    while (peer.poll_transmit(out)) {
      client.handle_datagram({}, out.bytes(out.cells().back()));
    }
  }
  check(peer.can_send());
}

}  // namespace

// The first byte says how far the peer is (nothing, an authenticated check, connected); then
// datagrams, each behind its length. Whatever they are, the peer stays whole: what it opens lies
// inside the datagram, and it sends nothing that fits no cell.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Ends ends = make_ends();
  const dtls::SeededOpenssl openssl(2);  // The same keys each time, so that the corpus opens.
  ByteReader reader(std::as_bytes(std::span(data, size)));
  peer::Peer peer = make_peer(ends);
  const unsigned stage = reader.u8() % 3U;
  if (stage >= 1) {
    give_check(peer);
  }
  if (stage == 2) {
    shake_hands(peer, ends);
  }
  Instant now;
  while (!reader.rest().empty()) {
    const std::size_t length = std::min<std::size_t>(reader.u16(), reader.rest().size());
    Buffer datagram = to_buffer(reader.bytes(length));
    const auto received = peer.handle_datagram(now, kRoute, datagram);
    check(received.packet.size() <= datagram.size());
    work(peer, now);
    now = std::min(peer.next_timeout(), now + std::chrono::seconds(1));
    peer.handle_timeout(now);
    flush(peer);
  }
  while (peer.poll_event()) {
  }
  return 0;
}
