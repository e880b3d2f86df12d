#include "socketio/broadcast_operator.hpp"

#include <memory>
#include <utility>

#include "socketio/namespace.hpp"
#include "socketio/remote_socket.hpp"

namespace visavis::socketio {

BroadcastOperator BroadcastOperator::to(std::string_view room) const {
  BroadcastOperator other = *this;
  other.audience_.rooms.emplace_back(room);
  return other;
}

BroadcastOperator BroadcastOperator::except(std::string_view room) const {
  BroadcastOperator other = *this;
  other.audience_.except.emplace_back(room);
  return other;
}

BroadcastOperator BroadcastOperator::local() const {
  BroadcastOperator other = *this;
  other.flags_.local = true;
  return other;
}

BroadcastOperator BroadcastOperator::volatile_() const {
  BroadcastOperator other = *this;
  other.flags_.is_volatile = true;
  return other;
}

void BroadcastOperator::emit(Payload payload) const {
  namespace_->broadcast(std::move(payload), audience_, flags_);
}

void BroadcastOperator::emit_with_ack(Payload payload, Duration timeout,
                                      BroadcastAckHandler handler) const {
  namespace_->broadcast_with_ack(std::move(payload), {.audience = audience_, .flags = flags_},
                                 timeout, std::move(handler));
}

void BroadcastOperator::fetch_sockets(FetchHandler handler) const {
  std::vector<RemoteSocket> sockets;
  for (const auto& socket : namespace_->select(audience_)) {
    sockets.emplace_back(*socket);
  }
  handler(std::move(sockets));
}

void BroadcastOperator::sockets_join(std::string_view room) const {
  for (const auto& socket : namespace_->select(audience_)) {
    socket->join(room);
  }
}

void BroadcastOperator::sockets_leave(std::string_view room) const {
  for (const auto& socket : namespace_->select(audience_)) {
    socket->leave(room);
  }
}

void BroadcastOperator::disconnect_sockets(bool close) const {
  for (const auto& socket : namespace_->select(audience_)) {
    socket->disconnect(close);
  }
}

}  // namespace visavis::socketio
