#include "socketio/namespace.hpp"

#include "json/writer.hpp"
#include "socketio/connection.hpp"
#include "socketio/packet.hpp"
#include "socketio/server.hpp"

namespace visavis::socketio {

Next::~Next() {
  answer(ConnectError{.message = "No answer"});
}

void Next::answer(std::optional<ConnectError> error) {
  if (Answer once = std::exchange(answer_, nullptr)) {
    once(std::move(error));
  }
}

Namespace::Namespace(Server& server, std::string name) : server_(server), name_(std::move(name)) {}

Namespace::~Namespace() = default;

void Namespace::use(Middleware middleware) {
  middlewares_.push_back(std::make_unique<Middleware>(std::move(middleware)));
}

void Namespace::on_connection(ConnectionHandler handler) {
  connection_handlers_.push_back(std::make_unique<ConnectionHandler>(std::move(handler)));
}

Socket* Namespace::find(std::string_view id) const {
  return adapter_.find(id).get();
}

std::vector<std::string> Namespace::socket_ids() const {
  std::vector<std::string> ids;
  for (const SocketPointer& socket : adapter_.sockets()) {
    ids.push_back(socket->id());
  }
  return ids;
}

void Namespace::ask(const SocketPointer& socket, std::size_t index) {
  if (index == middlewares_.size()) {
    admit(*socket);
    return;
  }
  // The answer may come when the client, or the server, is long gone.
  (*middlewares_[index])(
      *socket, Next([weak = std::weak_ptr(socket), index](std::optional<ConnectError> error) {
        const SocketPointer asked = weak.lock();
        if (!asked || asked->connection_ == nullptr) {
          return;
        }
        if (error) {
          asked->of().refuse(*asked, *error);
        } else {
          asked->of().ask(asked, index + 1);
        }
      }));
}

void Namespace::admit(Socket& socket) {
  socket.connected_ = true;
  adapter_.add(socket.shared_from_this());
  socket.connection_->joined(socket);
  ++server_.counters_.sockets;
  json::Writer json;
  json.begin_object().member("sid", socket.id()).end_object();
  socket.deliver(encode_packet({.type = PacketType::kConnect, .name_space = name_}, json.text()),
                 {});
  // By index: a handler may add handlers.
  for (std::size_t i = 0; i < connection_handlers_.size() && socket.connected_; ++i) {
    (*connection_handlers_[i])(socket);
  }
}

void Namespace::refuse(Socket& socket, const ConnectError& error) {
  json::Writer json;
  json.begin_object().member("message", error.message);
  if (error.data) {
    json.member("data", *error.data);
  }
  json.end_object();
  Connection& connection = *socket.connection_;
  connection.refused(socket);
  socket.abandon();
  connection.send(
      encode_packet({.type = PacketType::kConnectError, .name_space = name_}, json.text()), false);
}

std::vector<std::shared_ptr<Socket>> Namespace::select(const Audience& audience) {
  return adapter_.select(audience);
}

void Namespace::broadcast(Payload payload, const Audience& audience, EmitFlags flags) {
  if (payload.reserved()) {
    ++server_.counters_.reserved_events;
    return;
  }
  ++server_.counters_.broadcasts;
  // The receivers first: without one, nothing need be encoded.
  const std::vector<SocketPointer> receivers = select(audience);
  if (receivers.empty()) {
    return;
  }
  const EncodedPacket packet =
      encode_packet({.type = PacketType::kEvent, .name_space = name_}, std::move(payload));
  for (const SocketPointer& receiver : receivers) {
    receiver->deliver(packet, flags);
  }
}

}  // namespace visavis::socketio
