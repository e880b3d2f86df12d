#include "engineio/websocket_stream.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "websocket/frame.hpp"

namespace visavis::engineio {

using websocket::CloseCode;
using websocket::Opcode;

namespace {

/// With the first, half a minute for a peer that reads what is left for it, as npm's `ws` waits.
constexpr std::uint8_t kExtensionsMax = 9;

}  // namespace

Server::WebSocket::WebSocket(Server& server, http::ConnectionId connection, bool deflates)
    : server_(server),
      connection_(connection),
      reader_(websocket::Role::kServer, {.message_bytes_max = server.options_.max_payload,
                                         .inflater = deflates ? server.inflater_.get() : nullptr,
                                         .spare = &server.spare_}),
      deflates_(deflates) {}

void Server::WebSocket::handle_bytes(Instant now, Bytes bytes) {
  while (phase_ == Phase::kOpen || phase_ == Phase::kClosing) {
    const auto step = reader_.read(bytes);
    if (!step) {
      handle_read_error(now, step.error());
      return;
    }
    const std::optional<websocket::Message>& message = *step;
    if (!message) {
      return;
    }
    handle_message(now, *message);
  }
  reader_.stop();
}

void Server::WebSocket::handle_message(Instant now, const websocket::Message& message) {
  switch (message.opcode) {
    case Opcode::kText:
    case Opcode::kBinary:
      if (open()) {
        server_.handle_socket_message(now, *this, message.opcode == Opcode::kBinary,
                                      message.payload);
      }
      break;
    case Opcode::kPing: write(now, websocket::encode_frame(Opcode::kPong, message.payload)); break;
    case Opcode::kClose: handle_close_frame(now, message.payload); break;
    case Opcode::kPong:
    case Opcode::kContinuation: break;
  }
}

/// The peer's close frame is echoed unless it answers ours; either way the connection may go
/// (RFC 6455 §5.5.1, §7.1.1): the peer sends nothing behind it.
void Server::WebSocket::handle_close_frame(Instant now, Bytes payload) {
  const bool by_peer = open();
  if (by_peer) {
    write(now, payload.empty() ? server_.close_frame_
                               : websocket::encode_frame(Opcode::kClose, payload.first(2)));
  }
  stop_waiting();
  phase_ = Phase::kClosed;
  server_.http_.close(now, connection_, /*peer_is_done=*/true);
  if (by_peer) {
    server_.handle_socket_gone(now, *this, CloseReason::kTransportClose);
  }
}

void Server::WebSocket::handle_read_error(Instant now, websocket::ReadError error) {
  const bool was_open = open();
  const bool too_big = error == websocket::ReadError::kMessageTooBig;
  ++(too_big ? server_.counters_.too_big : server_.counters_.parse_errors);
  begin_closing(now, Phase::kDeaf, websocket::close_payload(websocket::close_code(error)));
  if (was_open) {
    server_.handle_socket_gone(now, *this, CloseReason::kTransportError);
  }
}

void Server::WebSocket::handle_closed(Instant now) {
  const bool was_open = open();
  stop_waiting();
  phase_ = Phase::kClosed;
  if (was_open) {
    server_.handle_socket_gone(now, *this, CloseReason::kTransportClose);
  }
}

void Server::WebSocket::handle_drained(Instant now) {
  if (open()) {
    server_.handle_socket_drained(now, *this);
  }
}

void Server::WebSocket::write(Instant now, const SharedBytes& frame) {
  if (open()) {
    server_.http_.write(now, connection_, frame);
  }
}

void Server::WebSocket::close(Instant now, CloseCode code) {
  if (open()) {
    begin_closing(now, Phase::kClosing, websocket::close_payload(code));
  }
}

void Server::WebSocket::drop(Instant now) {
  stop_waiting();
  phase_ = Phase::kClosed;
  server_.http_.drop(now, connection_);
}

void Server::WebSocket::handle_close_overdue(Instant now) {
  waits_ = false;  // it has left the queue by expiring
  const std::size_t unsent = unsent_bytes();
  if (unsent < unsent_then_ && ++extensions_ <= kExtensionsMax) {
    wait_for_close(now, unsent);  // slow, but it reads: its close frame comes behind the rest
  } else {
    drop(now);
  }
}

std::size_t Server::WebSocket::unsent_bytes() const {
  return server_.http_.unsent_bytes(connection_);
}

void Server::WebSocket::begin_closing(Instant now, Phase phase, const Buffer& payload) {
  const std::size_t before_it = unsent_bytes();
  write(now, websocket::encode_frame(Opcode::kClose, payload));
  phase_ = phase;
  if (!waits_) {
    wait_for_close(now, before_it);
  }
}

void Server::WebSocket::wait_for_close(Instant now, std::size_t unsent) {
  waits_ = true;
  unsent_then_ = static_cast<std::uint32_t>(
      std::min<std::size_t>(unsent, std::numeric_limits<std::uint32_t>::max()));
  close_due_ = server_.socket_close_due_.arm(now, this);
}

void Server::WebSocket::stop_waiting() {
  if (std::exchange(waits_, false)) {
    server_.socket_close_due_.cancel(close_due_);
  }
}

}  // namespace visavis::engineio
