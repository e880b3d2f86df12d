#include <string>
#include <utility>

#include "engineio/server.hpp"
#include "engineio/session.hpp"
#include "engineio/websocket_stream.hpp"
#include "websocket/frame.hpp"
#include "websocket/handshake.hpp"

// Sessions that begin on WebSocket, and those that come over to it from polling.

namespace visavis::engineio {
namespace {

/// RFC 6455 §4.2.2, as they go on the wire.
std::string switching_fields(std::string_view key, const std::optional<std::string>& deflate) {
  constexpr std::string_view kStart =
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  constexpr std::size_t kAcceptBytes = 30;  // with the line's end
  std::string fields;
  fields.reserve(kStart.size() + kAcceptBytes);
  fields += kStart;
  fields += websocket::accept_key(key);
  fields += "\r\n";
  if (deflate) {
    fields += "Sec-WebSocket-Extensions: " + *deflate + "\r\n";
  }
  return fields;
}

}  // namespace

void Server::open_websocket(Instant now, Exchange& exchange, std::string sid) {
  add_hook_headers(exchange, true);
  WebSocket* const socket = accept(now, exchange, open_frame(sid));
  if (socket == nullptr) {
    addresses_->leave(exchange.address);
    return;
  }
  Session& session = add_session(now, exchange, std::move(sid));
  session.socket = socket;
  socket->belong_to(session.handle);
  tell_open(now, session);
}

void Server::handle_upgrade(Instant now, Exchange& exchange, Session& session) {
  if (!add_session_headers(now, exchange, session)) {
    return;
  }
  WebSocket* const socket = accept(now, exchange);
  if (socket == nullptr) {
    return;
  }
  if (session.polling == nullptr || session.polling->probe != nullptr) {
    socket->close(now);  // a second one harms nobody
  } else {
    begin_probe(now, session, *socket);
  }
}

void Server::refuse_upgrade(Instant now, http::RequestId id, std::string_view text,
                            unsigned status) {
  http::Response response;
  response.status = status;
  response.headers.add("Connection", "close");
  response.headers.add("Content-Type", "text/html");
  response.headers.add("Sec-WebSocket-Version", "13");  // RFC 6455 §4.4
  response.body = share(to_buffer(text));
  http_.respond(now, id, std::move(response));
}

/// RFC 6455 §4.2. Null when the request was refused. `first` is what the socket sends first.
Server::WebSocket* Server::accept(Instant now, Exchange& exchange, Bytes first) {
  const http::Request& request = exchange.request;
  const std::string_view key = request.headers.find("Sec-WebSocket-Key").value_or("");
  unsigned status = 400;
  std::string_view error;
  if (request.method != "GET") {
    status = 405;
    error = "Invalid HTTP method";
  } else if (!websocket::is_key(key)) {
    error = "Missing or invalid Sec-WebSocket-Key header";
  } else if (request.headers.find("Sec-WebSocket-Version") != "13") {
    error = "Missing or invalid Sec-WebSocket-Version header";
  }
  if (!error.empty()) {
    refuse(now, exchange,
           {.code = ErrorCode::kBadRequest,
            .message = std::string(error),
            .context = {{"name", "TRANSPORT_HANDSHAKE_ERROR"}},
            .status = status});
    return nullptr;
  }
  std::optional<std::string> deflate;
  if (deflater_) {
    deflate = websocket::accept_deflate_offer(
        request.headers.find("Sec-WebSocket-Extensions").value_or(""));
  }
  const std::string fields = switching_fields(key, deflate);
  http::Response switching;
  switching.headers = std::move(exchange.headers);
  switching.written_fields = fields;
  auto socket = std::make_unique<WebSocket>(*this, exchange.id.connection, deflate.has_value());
  WebSocket* const accepted = socket.get();
  const bool upgraded =
      http_.upgrade(now, exchange.id, std::move(switching), std::move(socket), first);
  return upgraded ? accepted : nullptr;
}

void Server::begin_probe(Instant now, Session& session, WebSocket& socket) {
  socket.belong_to(session.handle);
  session.polling->probe = &socket;
  session.polling->probed = false;
  session.polling->probe_due = upgrade_due_.arm(now, session.handle);
}

void Server::handle_probe_text(Instant now, Session& session, std::string_view text) {
  if (text == "2probe") {
    session.polling->probe->write(
        now, websocket::encode_frame(websocket::Opcode::kText, as_bytes("3probe")));
    session.polling->probed = true;
    answer_poll(now, session, session.polling->queue.empty() ? "6" : "");
  } else if (text.starts_with('5')) {
    complete_upgrade(now, session);
  } else {
    fail_upgrade(now, session);
  }
}

void Server::complete_upgrade(Instant now, Session& session) {
  ++counters_.upgraded;
  stop_waiting_for_probe(session);
  const std::vector<Session::Queued> queue = std::exchange(session.polling->queue, {});
  answer_poll(now, session, "6");
  session.socket = session.polling->probe;
  session.polling.reset();  // what becomes of a POST is no matter of the session any more
  for (const Session::Queued& queued : queue) {
    if (queued.message == nullptr) {
      send_control(now, session, queued.control);
    } else {
      send_on_socket(now, session, *queued.message, true);
    }
  }
  if (session.closing) {
    end_session(now, session, CloseReason::kForcedClose);
  } else if (!queue.empty() && handlers_.drain) {
    handlers_.drain(now, session.handle);
  }
}

/// The session goes on over polling.
void Server::fail_upgrade(Instant now, Session& session) {
  ++counters_.upgrades_failed;
  stop_waiting_for_probe(session);
  session.polling->probed = false;
  std::exchange(session.polling->probe, nullptr)->close(now);
}

void Server::handle_socket_message(Instant now, WebSocket& socket, bool binary, Bytes payload) {
  Session* const session = find(socket.session());
  if (session == nullptr) {
    return;
  }
  if (session->polling && session->polling->probe == &socket) {
    handle_probe_text(now, *session, binary ? std::string_view() : as_text(payload));
    return;
  }
  const auto packet = read_frame(session->handshake->revision, binary, payload);
  if (!packet) {
    ++counters_.parse_errors;
    end_session(now, *session, CloseReason::kParseError);
  } else if (packet->type == PacketType::kClose) {
    end_session(now, *session, CloseReason::kTransportClose);
  } else {
    static_cast<void>(handle_packet(now, *session, *packet));
  }
}

std::optional<Packet> Server::read_frame(unsigned revision, bool binary, Bytes payload) {
  if (revision == 3) {
    return binary ? PacketReader::read_revision3_binary(payload)
                  : packets_.read_revision3(as_text(payload));
  }
  return binary ? Packet{.type = PacketType::kMessage, .binary = true, .data = payload}
                : packets_.read(as_text(payload));
}

void Server::handle_socket_gone(Instant now, WebSocket& socket, CloseReason reason) {
  Session* const session = find(socket.session());
  if (session == nullptr) {
    return;
  }
  if (session->polling && session->polling->probe == &socket) {
    fail_upgrade(now, *session);
  } else if (session->socket == &socket) {
    session->socket = nullptr;
    end_session(now, *session, reason);
  }
}

void Server::handle_socket_drained(Instant now, WebSocket& socket) {
  Session* const session = find(socket.session());
  if (session == nullptr || session->socket != &socket) {
    return;
  }
  session->above_mark = false;
  if (handlers_.drain) {
    handlers_.drain(now, session->handle);
  }
}

}  // namespace visavis::engineio
