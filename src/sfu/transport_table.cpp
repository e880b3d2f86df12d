#include "sfu/transport_table.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace visavis::sfu {

PeerTransport* TransportTable::add(std::unique_ptr<PeerTransport> transport, std::string ufrag) {
  if (by_id_.contains(transport->id) || by_ufrag_.contains(ufrag)) {
    return nullptr;
  }
  PeerTransport* added = transport.get();
  by_id_.emplace(transport->id, std::move(transport));
  add_ufrag(*added, std::move(ufrag));
  return added;
}

bool TransportTable::add_ufrag(PeerTransport& transport, std::string ufrag) {
  if (!by_ufrag_.try_emplace(ufrag, &transport).second) {
    return false;
  }
  transport.ufrags.push_back(std::move(ufrag));
  if (transport.ufrags.size() > kUfragsMax) {
    by_ufrag_.erase(transport.ufrags.front());
    transport.ufrags.erase(transport.ufrags.begin());
  }
  return true;
}

// The newest route comes first: whoever proved to be there last has it. An older one, which another
// may have by now, is not taken back.
void TransportTable::update_routes(PeerTransport& transport) {
  const auto routes = transport.peer.routes();
  const auto known = std::span(transport.routes).first(transport.routes_count);
  if (std::ranges::equal(routes, known, {}, {}, &RoutePlace::route)) {
    if (!known.empty() && by_route_.find(routes.front()) != &known.front()) {
      claim(known.front());
    }
    return;
  }
  forget_routes(transport);
  for (const Route& route : routes) {
    RoutePlace& place = transport.routes.at(transport.routes_count++);
    place = {.route = route, .transport = &transport};
    if (&place == transport.routes.data() || by_route_.find(route) == nullptr) {
      claim(place);
    }
  }
}

void TransportTable::claim(RoutePlace& place) {
  ++version_;
  if (RoutePlace* other = by_route_.find(place.route)) {
    by_route_.erase(*other);
  }
  by_route_.insert(place);
}

void TransportTable::remove(PeerId id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) {
    return;
  }
  forget_routes(*at->second);
  for (const std::string& ufrag : at->second->ufrags) {
    by_ufrag_.erase(ufrag);
  }
  by_id_.erase(at);
}

PeerTransport* TransportTable::find(PeerId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second.get();
}

PeerTransport* TransportTable::find(const Route& route) const {
  const RoutePlace* place = by_route_.find(route);
  return place == nullptr ? nullptr : place->transport;
}

PeerTransport* TransportTable::find_by_ufrag(std::string_view ufrag) const {
  const auto at = by_ufrag_.find(ufrag);
  return at == by_ufrag_.end() ? nullptr : at->second;
}

void TransportTable::forget_routes(PeerTransport& transport) {
  ++version_;
  for (RoutePlace& place : std::span(transport.routes).first(transport.routes_count)) {
    if (by_route_.find(place.route) == &place) {
      by_route_.erase(place);
    }
  }
  transport.routes_count = 0;
}

}  // namespace visavis::sfu
