#include "sfu/media_worker.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "rtp/rtcp.hpp"
#include "sfu/handshake_line.hpp"
#include "sfu/look_ahead.hpp"
#include "sfu/outlet.hpp"
#include "sfu/router.hpp"
#include "sfu/transport_table.hpp"
#include "sfu/wakeups.hpp"
#include "srtp/seal_batch.hpp"
#include "stun/message.hpp"

namespace visavis::sfu {

namespace {

/// What a datagram costs us beside its bytes, as bytes of a peer's allowance: a flood of small ones
/// is bounded too.
constexpr std::size_t kDatagramPrice = 200;

/// Peers closed between two flushes that are told so: more than a room has. The others hear
/// silence.
constexpr std::size_t kGoodbyesMax = 4'096;

std::unique_ptr<srtp::Cipher> cipher_of(const MediaWorker::Options& options) {
  auto cipher = srtp::make_cipher(options.cipher);
  check(cipher != nullptr);
  return cipher;
}

RouteHash::Key route_secret(Entropy& entropy) {
  RouteHash::Key key{};
  entropy.fill(std::as_writable_bytes(std::span(key)));
  return key;
}

/// RFC 7983 §7.
bool looks_like_dtls(Bytes datagram) {
  const auto first = datagram.empty() ? 0U : std::to_integer<unsigned>(datagram.front());
  return first >= 20 && first <= 63;
}

}  // namespace

class MediaWorker::Core {
 public:
  Core(dtls::Identity identity, Entropy& entropy, const Options& options)
      : identity_(std::move(identity)),
        cipher_(cipher_of(options)),
        early_media_{.bytes_left = options.early_media_bytes_max},
        transports_(route_secret(entropy)),
        router_(options),
        intake_per_second_(static_cast<double>(options.peer_bytes_per_second)),
        seals_(*cipher_) {}

  void handle(Instant now, const OpenPeer& command);
  void handle(Instant now, const UpdatePeer& command);
  void handle(Instant now, const ClosePeer& command);
  void handle(Instant now, const OpenStream& command) { router_.open_stream(now, command); }
  void handle(Instant now, const CloseStream& command) {
    router_.close_stream(now, command.stream);
  }
  void handle(Instant /*now*/, const SetStreamMuted& command) { router_.set_muted(command); }
  void handle(Instant now, const AssignSlot& command) { router_.assign_slot(now, command); }
  void handle(Instant now, const WarmStream& command) { router_.warm_stream(now, command.stream); }
  void handle(Instant now, const ReportPeer& command) { router_.report_peer(now, command); }
  void handle(Instant /*now*/, const ReportWorker& command) {
    router_.report_worker(command.request);
  }

  /// What came, how long it has lain unread, and whose it is if that is known.
  struct Incoming {
    Datagram datagram;
    Duration waited{};
    PeerTransport* sender = nullptr;
  };
  void handle_datagram(Instant now, const Incoming& incoming);
  void handle_datagrams(Instant now, std::span<const Datagram> datagrams, Duration waited);
  void handle_timeout(Instant now);
  bool flush(Instant now, DatagramBatch& out);
  [[nodiscard]] Instant next_timeout() const;
  [[nodiscard]] std::string_view cipher_name() const { return cipher_->name(); }
  [[nodiscard]] Router& router() { return router_; }
  [[nodiscard]] const Router& router() const { return router_; }

 private:
  void receive(Instant now, PeerTransport& transport, const Incoming& incoming);
  [[nodiscard]] PeerTransport* find_peer(const Datagram& datagram);
  void settle(Instant now, PeerTransport& transport);
  void follow(Instant now, PeerTransport& transport, const peer::Event& event);
  [[nodiscard]] bool flush_goodbyes(DatagramBatch& out);
  [[nodiscard]] bool flush_transports(DatagramBatch& out);
  void work_handshake(Instant now);

  dtls::Identity identity_;
  std::unique_ptr<srtp::Cipher> cipher_;  // Before the peers, whose keys it has made.
  peer::EarlyMediaBudget early_media_;    // And before them, as they hold some of it.
  TransportTable transports_;
  Router router_;
  double intake_per_second_;
  Wakeups<PeerId> wakeups_;
  HandshakeLine handshakes_;
  std::vector<PeerTransport*> with_output_;
  std::vector<peer::WaitingDatagram> goodbyes_;  // Of peers that are no more.
  srtp::SealBatch seals_;
};

void MediaWorker::Core::handle(Instant now, const OpenPeer& command) {
  const PeerSetup& setup = command.setup;
  if (transports_.find_by_ufrag(setup.local.ufrag) != nullptr) {
    router_.counters().refuse(RefusalReason::kDuplicateUfrag);
    return;
  }
  RoutedPeer* routed = router_.open_peer(now, setup);
  if (routed == nullptr) {
    return;
  }
  peer::Peer peer(now,
                  {.local = setup.local,
                   .remote = setup.remote,
                   .remote_fingerprint = setup.remote_fingerprint,
                   .role = setup.role,
                   .early_media = &early_media_},
                  identity_, *cipher_);
  auto transport = std::make_unique<PeerTransport>(setup.peer, std::move(peer), intake_per_second_);
  transport->routed = routed;
  settle(now, *transports_.add(std::move(transport), setup.local.ufrag));
}

void MediaWorker::Core::handle(Instant now, const UpdatePeer& command) {
  const PeerSetup& setup = command.setup;
  router_.update_peer(now, setup);
  PeerTransport* transport = transports_.find(setup.peer);
  if (transport == nullptr || transport->ufrags.back() == setup.local.ufrag) {
    return;
  }
  if (!transports_.add_ufrag(*transport, setup.local.ufrag)) {
    router_.counters().refuse(RefusalReason::kDuplicateUfrag);
    return;
  }
  transport->peer.restart_ice(now, setup.local, setup.remote);
  settle(now, *transport);
}

void MediaWorker::Core::handle(Instant now, const ClosePeer& command) {
  if (PeerTransport* transport = transports_.find(command.peer)) {
    std::erase(with_output_, transport);
    handshakes_.forget(*transport);
    auto goodbye = transport->peer.close();
    if (goodbye && goodbyes_.size() < kGoodbyesMax) {
      goodbyes_.push_back(std::move(*goodbye));
    }
  }
  router_.close_peer(now, command.peer);  // First: it may hold the transport's sealer.
  transports_.remove(command.peer);
}

// A check is free, for anybody can write a name into one; everything else comes no faster than one
// peer may.
void MediaWorker::Core::handle_datagram(Instant now, const Incoming& incoming) {
  const MutableBytes bytes = incoming.datagram.bytes;
  ++router_.counters().datagrams_in;
  router_.counters().bytes_in += bytes.size();
  PeerTransport* transport =
      incoming.sender != nullptr ? incoming.sender : find_peer(incoming.datagram);
  if (transport == nullptr) {
    return;
  }
  if (!stun::looks_like_stun(bytes) &&
      !transport->intake.take(now, static_cast<double>(bytes.size() + kDatagramPrice))) {
    router_.counters().drop(DropReason::kPeerTooFast);
    return;
  }
  if (looks_like_dtls(bytes) && !handshakes_.has_room_for(*transport)) {
    router_.counters().drop(DropReason::kTooManyHandshakes);
    return;
  }
  receive(now, *transport, incoming);
}

void MediaWorker::Core::handle_datagrams(Instant now, std::span<const Datagram> datagrams,
                                         Duration waited) {
  while (!datagrams.empty()) {
    const auto turn = datagrams.first(std::min(datagrams.size(), kLookAheadMax));
    datagrams = datagrams.subspan(turn.size());
    const Senders senders = turn.size() > 1 ? look_ahead(transports_, turn) : Senders{};
    const std::uint64_t version = transports_.version();
    for (std::size_t at = 0; at < turn.size(); ++at) {
      // A check before it may have said that the route is another's now.
      const bool valid = transports_.version() == version;
      handle_datagram(
          now, {.datagram = turn[at], .waited = waited, .sender = valid ? senders[at] : nullptr});
    }
  }
}

void MediaWorker::Core::receive(Instant now, PeerTransport& transport, const Incoming& incoming) {
  const auto& [route, bytes] = incoming.datagram;
  const peer::Peer::Received received = transport.peer.handle_datagram(now, route, bytes);
  switch (received.kind) {
    case peer::Peer::Kind::kRtp:
      router_.handle_rtp(now, *transport.routed, received.packet);
      return;  // Media moves nothing in the transport: it costs no look at it.
    case peer::Peer::Kind::kRtcp:
      transport.routed->handle_rtcp(now, received.packet, incoming.waited);
      return;
    case peer::Peer::Kind::kCheck: transports_.update_routes(transport); break;
    case peer::Peer::Kind::kNothing:
      if (received.dropped) {
        router_.counters().drop(*received.dropped);
      }
      break;
  }
  settle(now, transport);
}

// A check names its user; everything else must come over a route that checks have proved.
PeerTransport* MediaWorker::Core::find_peer(const Datagram& datagram) {
  if (stun::looks_like_stun(datagram.bytes)) {
    const auto ufrag = stun::local_ufrag_of(datagram.bytes);
    PeerTransport* transport = ufrag ? transports_.find_by_ufrag(*ufrag) : nullptr;
    if (transport == nullptr) {
      router_.counters().drop(DropReason::kUnknownUfrag);
    }
    return transport;
  }
  PeerTransport* transport = transports_.find(datagram.route);
  if (transport == nullptr) {
    router_.counters().drop(DropReason::kUnknownRoute);
  }
  return transport;
}

void MediaWorker::Core::handle_timeout(Instant now) {
  while (const auto id = wakeups_.poll_due(now)) {
    if (PeerTransport* transport = transports_.find(*id)) {
      transport->booked = kNever;
      transport->peer.handle_timeout(now);
      settle(now, *transport);
    }
  }
  router_.handle_timeout(now);
}

// After anything that may have moved a transport: its events, its way out, its next wake-up.
void MediaWorker::Core::settle(Instant now, PeerTransport& transport) {
  while (const auto event = transport.peer.poll_event()) {
    follow(now, transport, *event);
  }
  handshakes_.update(now, transport);
  if (!transport.has_output) {
    transport.has_output = true;
    with_output_.push_back(&transport);
  }
  wakeups_.book(transport.id, transport.peer.next_timeout(), transport.booked);
}

void MediaWorker::Core::follow(Instant now, PeerTransport& transport, const peer::Event& event) {
  if (std::holds_alternative<peer::Connected>(event) ||
      std::holds_alternative<peer::Resumed>(event)) {
    router_.events().push(PeerConnected{transport.id});
    if (const auto round_trip = transport.peer.handshake_round_trip()) {
      transport.routed->guess_round_trip(*round_trip);
    }
  } else if (std::holds_alternative<peer::Silent>(event)) {
    router_.events().push(PeerSilent{transport.id});
  } else if (const auto* failed = std::get_if<peer::Failed>(&event)) {
    router_.events().push(PeerFailed{.peer = transport.id, .reason = to_string(failed->reason)});
  }
  std::optional<Transport> way_out;
  if (transport.peer.can_send()) {
    way_out = Transport{.route = transport.peer.route(), .sealer = &transport.peer.sealer()};
  }
  transport.routed->set_transport(now, way_out);
}

bool MediaWorker::Core::flush(Instant now, DatagramBatch& out) {
  bool more = flush_goodbyes(out) || flush_transports(out);
  if (!more) {
    Outlet outlet(out, seals_, router_.counters());
    more = router_.flush(now, outlet);
  }
  seals_.flush();
  if (more || handshakes_.empty()) {
    return more;
  }
  if (!out.empty()) {
    return true;  // These are to be sent first.
  }
  work_handshake(now);
  return flush_transports(out);
}

// One a wake-up: what came in the meantime is heard before the next.
void MediaWorker::Core::work_handshake(Instant now) {
  PeerTransport& transport = *handshakes_.take(now);
  ++router_.counters().handshake_turns;
  transport.peer.handle_handshake(now);
  settle(now, transport);
  while (auto early = transport.peer.take_early_media()) {
    receive(now, transport, {.datagram = {.route = early->route, .bytes = early->bytes}});
  }
}

bool MediaWorker::Core::flush_goodbyes(DatagramBatch& out) {
  while (!goodbyes_.empty() && !out.full()) {
    const peer::WaitingDatagram& goodbye = goodbyes_.back();
    std::ranges::copy(goodbye.bytes, out.reserve().begin());
    out.commit(goodbye.route, goodbye.bytes.size());
    ++router_.counters().datagrams_out;
    router_.counters().bytes_out += goodbye.bytes.size();
    goodbyes_.pop_back();
  }
  return !goodbyes_.empty();
}

bool MediaWorker::Core::flush_transports(DatagramBatch& out) {
  Counters& counters = router_.counters();
  while (!with_output_.empty()) {
    PeerTransport& transport = *with_output_.back();
    while (!out.full() && transport.peer.poll_transmit(out)) {
      ++counters.datagrams_out;
      counters.bytes_out += out.cells().back().size;
    }
    if (out.full()) {
      return true;
    }
    transport.has_output = false;
    with_output_.pop_back();
    wakeups_.book(transport.id, transport.peer.next_timeout(), transport.booked);
  }
  return false;
}

Instant MediaWorker::Core::next_timeout() const {
  const Instant at =
      std::min({wakeups_.next(), router_.next_timeout(), handshakes_.next_timeout()});
  return with_output_.empty() && goodbyes_.empty() ? at : Instant{};
}

MediaWorker::MediaWorker(Instant /*now*/, dtls::Identity identity, Entropy& entropy,
                         const Options& options)
    : core_(std::make_unique<Core>(std::move(identity), entropy, options)) {}
MediaWorker::~MediaWorker() = default;
MediaWorker::MediaWorker(MediaWorker&&) noexcept = default;
MediaWorker& MediaWorker::operator=(MediaWorker&&) noexcept = default;

void MediaWorker::handle_command(Instant now, const Command& command) {
  std::visit([&](const auto& typed) { core_->handle(now, typed); }, command);
}

void MediaWorker::handle_datagram(Instant now, const Route& route, MutableBytes datagram) {
  core_->handle_datagram(now, {.datagram = {.route = route, .bytes = datagram}});
}

void MediaWorker::handle_datagrams(Instant now, std::span<const Datagram> datagrams,
                                   Duration waited) {
  core_->handle_datagrams(now, datagrams, waited);
}

void MediaWorker::handle_timeout(Instant now) {
  core_->handle_timeout(now);
}

bool MediaWorker::flush(Instant now, DatagramBatch& out) {
  return core_->flush(now, out);
}

std::optional<Event> MediaWorker::poll_event() {
  return core_->router().events().poll();
}

Instant MediaWorker::next_timeout() const {
  return core_->next_timeout();
}

std::string_view MediaWorker::cipher_name() const {
  return core_->cipher_name();
}

const Counters& MediaWorker::counters() const {
  return core_->router().counters();
}

}  // namespace visavis::sfu
