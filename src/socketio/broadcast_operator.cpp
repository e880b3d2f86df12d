#include "socketio/broadcast_operator.hpp"

#include <memory>
#include <utility>

#include "socketio/cluster.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server.hpp"

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

BroadcastOperator BroadcastOperator::compress(bool yes) const {
  BroadcastOperator other = *this;
  other.flags_.compress = yes;
  return other;
}

BroadcastOperator BroadcastOperator::timeout(Duration timeout) const {
  BroadcastOperator other = *this;
  other.timeout_ = timeout;
  return other;
}

void BroadcastOperator::emit(Payload payload) const {
  namespace_->broadcast(std::move(payload), audience_, flags_);
}

void BroadcastOperator::emit_with_ack(Payload payload, Duration timeout,
                                      BroadcastAckHandler handler) const {
  namespace_->broadcast_with_ack(std::move(payload), audience_,
                                 {.flags = flags_, .timeout = timeout}, std::move(handler));
}

void BroadcastOperator::emit_with_ack(Payload payload, BroadcastAckHandler handler) const {
  emit_with_ack(std::move(payload), timeout_.value_or(namespace_->server().options().ack_timeout),
                std::move(handler));
}

void BroadcastOperator::fetch_sockets(FetchHandler handler) const {
  namespace_->fetch(audience_, flags_, std::move(handler));
}

void BroadcastOperator::sockets_join(std::string_view room) const {
  namespace_->act({.type = ClusterMessage::Type::kSocketsJoin,
                   .audience = audience_,
                   .flags = flags_,
                   .rooms = {std::string(room)}});
}

void BroadcastOperator::sockets_leave(std::string_view room) const {
  namespace_->act({.type = ClusterMessage::Type::kSocketsLeave,
                   .audience = audience_,
                   .flags = flags_,
                   .rooms = {std::string(room)}});
}

void BroadcastOperator::disconnect_sockets(bool close) const {
  namespace_->act({.type = ClusterMessage::Type::kDisconnectSockets,
                   .audience = audience_,
                   .flags = flags_,
                   .close = close});
}

}  // namespace visavis::socketio
