#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hot_memory.hpp"
#include "base/pointer_set.hpp"
#include "base/prefetch.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "ice/lite_agent.hpp"
#include "peer/peer.hpp"
#include "sfu/ids.hpp"
#include "sfu/route_hash.hpp"
#include "sfu/routed_peer.hpp"

namespace visavis::sfu {

struct PeerTransport;

/// A route that leads to a peer.
struct RoutePlace {
  Route route;
  PeerTransport* transport = nullptr;
};

/// A peer's transport, with all by which it is found.
struct alignas(kCacheLineBytes) PeerTransport : InHotMemory {
  /// However little is taken from it in a second, so much is at once: a handshake, and any
  /// datagram.
  static constexpr double kIntakeBurstMin = 65'536;

  PeerTransport(PeerId peer_id, peer::Peer transport, double bytes_per_second)
      : intake(bytes_per_second, std::max(bytes_per_second, kIntakeBurstMin)),
        id(peer_id),
        peer(std::move(transport)) {}

  /// A hint for a datagram of its that comes soon.
  void prefetch_self() const {
    prefetch_line(this);
    peer.prefetch_self();
  }

  // What a report touches comes first: one cache line, and its route the next.
  TokenBucket intake;  ///< Of bytes.
  RoutedPeer* routed = nullptr;
  PeerId id;
  Instant booked = kNever;         ///< `Wakeups`' mark.
  bool has_output = false;         ///< It may have STUN answers or handshake datagrams.
  bool in_handshake_line = false;  ///< `HandshakeLine`'s mark.
  std::uint8_t routes_count = 0;   ///< How many `routes` are in use.
  alignas(kCacheLineBytes) std::array<RoutePlace, ice::LiteAgent::kRoutesMax> routes;
  std::vector<std::string> ufrags;  ///< The newest last; after an ICE restart also the one before.
  peer::Peer peer;
};

/// Finds whose a datagram is: by its route, or for a STUN check by the user it names. Nothing here
/// is made for a stranger: a route is added only when a check over it was authentic.
class TransportTable {
 public:
  explicit TransportTable(const RouteHash::Key& secret) : by_route_(HashPlace{RouteHash(secret)}) {}

  /// Null if there is a peer with this id or one of its fragments already.
  PeerTransport* add(std::unique_ptr<PeerTransport> transport, std::string ufrag);
  /// Another fragment leads to the peer too. False if it leads to somebody already.
  bool add_ufrag(PeerTransport& transport, std::string ufrag);
  /// Follows what `transport.peer.routes()` says.
  void update_routes(PeerTransport& transport);
  void remove(PeerId id);

  /// Another one when what `find()` said of a route may not hold any more.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  [[nodiscard]] PeerTransport* find(PeerId id) const;
  [[nodiscard]] PeerTransport* find(const Route& route) const;
  [[nodiscard]] PeerTransport* find_by_ufrag(std::string_view ufrag) const;
  /// A hint for a `find()` that comes soon.
  void prefetch(const Route& route) const { by_route_.prefetch(route); }

 private:
  /// The fragment in use, and the one before, whose checks may still be on their way.
  static constexpr std::size_t kUfragsMax = 2;

  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard asks it.
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  struct HashPlace {
    RouteHash hash;
    std::size_t operator()(const RoutePlace& place) const { return hash(place.route); }
    std::size_t operator()(const Route& route) const { return hash(route); }
  };
  struct SameRoute {
    bool operator()(const RoutePlace& place, const Route& route) const {
      return place.route == route;
    }
  };

  void claim(RoutePlace& place);
  void forget_routes(PeerTransport& transport);

  std::uint64_t version_ = 0;
  std::unordered_map<PeerId, std::unique_ptr<PeerTransport>> by_id_;
  /// Strangers' datagrams are looked for as well.
  static constexpr std::size_t kTakenPercent = 50;
  PointerSet<RoutePlace, HashPlace, SameRoute, kTakenPercent> by_route_;
  std::unordered_map<std::string, PeerTransport*, TextHash, std::equal_to<>> by_ufrag_;
};

}  // namespace visavis::sfu
