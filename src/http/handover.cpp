#include <utility>

#include "http/connection.hpp"
#include "http/server.hpp"

// How a connection goes from one server to another: with the request whose header has just shown
// that it belongs there, half-read as it is.

namespace visavis::http {

Server::Handover::Handover(std::unique_ptr<Connection> connection,
                           std::shared_ptr<AddressCounter> counted_by)
    : connection_(std::move(connection)), counted_by_(std::move(counted_by)) {}
Server::Handover::Handover(Handover&& other) noexcept = default;
Server::Handover& Server::Handover::operator=(Handover&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(counted_by_, other.counted_by_);
  return *this;
}
Server::Handover::~Handover() {
  if (connection_ && counted_by_) {
    counted_by_->leave(connection_->remote.ip);  // it has not arrived
  }
}

std::size_t Server::Handover::held_bytes() const {
  const Requests& requests = *connection_->requests;
  const Request& head = requests.reader->head();
  return head.method.size() + head.target.size() + head.headers.written_bytes() + head.body.size() +
         requests.input.size() + connection_->unsent_bytes;
}

void Server::leave(Instant now, Connection& connection, std::size_t to) {
  connection.state = Connection::State::kLeaving;
  connection.requests->leaves_for = to;
  wait_for(now, connection, Wait::kNothing);
  mark(connection);
}

std::optional<Server::Handover> Server::release(Instant now, ConnectionId id) {
  Connection* const connection = find(id);
  if (connection == nullptr || connection->state != Connection::State::kLeaving) {
    return std::nullopt;
  }
  wait_for(now, *connection, Wait::kNothing);
  bodies_bytes_ -= connection->requests->body_bytes;
  ++counters_.left;
  if (!limits_.addresses) {
    addresses_->leave(connection->remote.ip);
  }
  return Handover(connections_.extract(id), limits_.addresses);
}

void Server::adopt(Instant now, ConnectionId id, Handover handover) {
  const bool counted = handover.counted_by_ != nullptr && handover.counted_by_ == addresses_;
  const bool fits = counted ? has_room() : admits(now, handover.connection_->remote.ip);
  if (!fits) {
    refused_.push_back(id);
    return;
  }
  ++counters_.adopted;
  handover.connection_->id = id;
  Connection& connection = connections_.insert(std::move(handover.connection_));
  connection.changed = false;
  connection.close_told = false;
  connection.state = Connection::State::kReading;
  connection.requests->route = route_of(connection.requests->reader->head().path());
  bodies_bytes_ += connection.requests->body_bytes;
  // Not asked again whose it is: two servers that disagree would play ball with it.
  handle_own_head(now, connection);
  const Buffer input = std::exchange(connection.requests->input, {});
  keep_rest(now, connection, advance(now, connection, input));
}

}  // namespace visavis::http
