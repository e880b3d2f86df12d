#include "socketio/socket_operator.hpp"

#include "socketio/socket.hpp"

namespace visavis::socketio {

void SocketOperator::emit(Payload payload) const {
  socket_->emit(std::move(payload), flags_);
}

void SocketOperator::emit_with_ack(Payload payload, AckHandler handler) const {
  socket_->ask_client(std::move(payload), flags_, timeout_, std::move(handler));
}

}  // namespace visavis::socketio
