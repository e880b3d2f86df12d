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

Namespace::Namespace(Server& server, std::string name, std::shared_ptr<NamespaceHooks> inherited)
    : server_(server), name_(std::move(name)), inherited_(std::move(inherited)) {
  if (server.options_.recovery) {
    recovery_ = std::make_unique<Recovery>(*server.options_.recovery, server.recovery_deadlines_);
    recovery_->on_expired([this](const RecoverySession&) { note_if_empty(); });
    if (server.cluster_) {
      recovery_->number_from(server.chance_offset());
    }
  }
}

Namespace::~Namespace() {
  *self_ = nullptr;
}

void Namespace::let_go() {
  --uses_;
  note_if_empty();
}

void Namespace::note_if_empty() {
  if (uses_ == 0 && parent_ != nullptr && server_.options_.cleanup_empty_child_namespaces) {
    server_.emptied_namespaces_.push_back(name_);
  }
}

void Namespace::on_session_expired(Recovery::ExpiryHandler handler) {
  if (recovery_) {
    recovery_->on_expired(std::move(handler));
  }
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

std::shared_ptr<Socket> Namespace::make_socket(Connection& connection, Handshake handshake) {
  if (recovery_ && handshake.auth()["pid"].is_string()) {
    if (SocketPointer socket = recover_socket(connection, handshake)) {
      return socket;
    }
    ++server_.counters_.recoveries_failed;
  }
  // Not the Engine.IO id: who knows that one can take over the session. But old clients are told
  // no other, and take that one for the socket's.
  std::string id;
  if (connection.is_old()) {
    const std::string& sid = connection.handshake().sid;
    id = name_ == "/" ? sid : name_ + "#" + sid;
  } else {
    id = server_.entropy_.token(20);
  }
  return std::make_shared<Socket>(Socket::Made(), *this, connection, std::move(id),
                                  std::move(handshake));
}

std::shared_ptr<Socket> Namespace::recover_socket(Connection& connection,
                                                  const Handshake& handshake) {
  const json::Value offset = handshake.auth()["offset"];
  const std::string pid(handshake.auth()["pid"].as_string());
  Recovery::Claim claim{.pid = pid, .offset = std::nullopt};
  if (!offset.is_null()) {
    claim.offset = offset.as_string();
  }
  take_over(claim);
  auto session = recovery_->claim(claim);
  if (!session) {
    return nullptr;
  }
  const SocketPointer socket =
      std::make_shared<Socket>(Socket::Made(), *this, connection, session->sid, handshake);
  socket->pid_ = std::make_unique<std::string>(pid);
  socket->recovered_ = true;
  socket->data_ = std::move(session->data);
  socket->member_.in_own_room = false;
  for (const std::string& room : session->rooms) {
    adapter_.join(*socket, room);
  }
  recovery_->bind(pid, socket);
  return socket;
}

void Namespace::take_over(const Recovery::Claim& claim) {
  if (const SocketPointer holder = recovery_->holder(claim)) {
    // The network changed, or both ends would know: only one of the connections leads anywhere.
    ++server_.counters_.taken_over;
    holder->connection_->close(engineio::CloseReason::kTransportClose);
  }
}

void Namespace::begin_recovery(Socket& socket) {
  socket.pid_ = std::make_unique<std::string>(server_.entropy_.token(kSecretSize));
  recovery_->begin(*socket.pid_, socket.shared_from_this());
}

bool Namespace::resume(Socket& socket) {
  const auto missed = recovery_->resume(*socket.pid_);
  if (!missed) {
    return false;
  }
  ++server_.counters_.recovered_sockets;
  // Before the CONNECT: the client holds them until it comes, and then is told in order.
  for (const EncodedPacket& packet : *missed) {
    socket.deliver(packet, {});
  }
  return true;
}

void Namespace::suspend(Socket& socket, std::vector<std::string> rooms, DisconnectReason reason) {
  if (!recovery_) {
    return;
  }
  if (Recovery::recoverable(reason)) {
    recovery_->suspend(server_.now(), *socket.pid_,
                       {.sid = socket.id(), .rooms = std::move(rooms), .data = socket.data_});
  } else {
    recovery_->forget(*socket.pid_);
  }
}

void Namespace::ask(const SocketPointer& socket) {
  const std::optional<RecoveryOptions>& recovery = server_.options_.recovery;
  const bool trusted = socket->recovered_ && recovery && recovery->skip_middlewares;
  ask(socket, trusted ? middleware_count() : 0);
}

void Namespace::ask(const SocketPointer& socket, std::size_t index) {
  if (index == middleware_count()) {
    admit(*socket);
    return;
  }
  // The answer may come when the client, or the server, is long gone.
  middleware(index)(*socket,
                    Next([weak = std::weak_ptr(socket), index](std::optional<ConnectError> error) {
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
  socket.connection_->joined(socket);
  ++server_.counters_.sockets;
  if (recovery_ && !socket.recovered_) {
    begin_recovery(socket);
  }
  adapter_.add(socket.shared_from_this());
  if (!socket.connected_) {
    return;  // ended by a handler of the room that is its own
  }
  if (recovery_ && socket.recovered_ && !resume(socket)) {
    // Dropped while a middleware thought about it. The client comes back by itself, as a new one.
    socket.connection_->close(engineio::CloseReason::kForcedClose);
    return;
  }
  constexpr std::size_t kUsualBytes = 64;  // two ids and their names
  json::Writer json(kUsualBytes);
  if (!socket.connection_->is_old()) {
    json.begin_object().member("sid", socket.id());
    if (recovery_) {
      json.member("pid", *socket.pid_);
    }
    json.end_object();
  }
  socket.deliver(server_.encode({.type = PacketType::kConnect, .name_space = name_}, json.text()),
                 {});
  if (inherited_) {
    greet(socket, *inherited_);
  }
  greet(socket, hooks_);
}

void Namespace::greet(Socket& socket, const NamespaceHooks& hooks) {
  // By index: a handler may add handlers.
  for (std::size_t i = 0; i < hooks.connection_handlers.size() && socket.connected_; ++i) {
    (*hooks.connection_handlers[i])(socket);
  }
}

std::size_t Namespace::middleware_count() const {
  return hooks_.middlewares.size() + (inherited_ ? inherited_->middlewares.size() : 0);
}

Middleware& Namespace::middleware(std::size_t index) const {
  const std::size_t before = inherited_ ? inherited_->middlewares.size() : 0;
  return index < before ? *inherited_->middlewares[index] : *hooks_.middlewares[index - before];
}

void Namespace::refuse(Socket& socket, const ConnectError& error) {
  Connection& connection = *socket.connection_;
  json::Writer json;
  if (!connection.is_old()) {
    json.begin_object().member("message", error.message);
    if (error.data) {
      json.member("data", *error.data);
    }
    json.end_object();
  } else if (error.data) {
    json.value(*error.data);
  } else {
    json.value(error.message);
  }
  connection.refused(socket);
  socket.abandon();
  connection.send(
      server_.encode({.type = PacketType::kConnectError, .name_space = name_}, json.text()), {});
}

std::vector<std::shared_ptr<Socket>> Namespace::select(const Audience& audience) {
  return adapter_.select(audience);
}

void Namespace::emit_to(Socket& socket, Payload payload, EmitFlags flags) {
  Audience audience;
  if (recovery_) {
    audience.rooms.push_back(socket.id());
  }
  socket.deliver_event(encode_event(std::move(payload), audience, flags), flags);
}

EncodedPacket Namespace::encode_event(Payload payload, const Audience& audience, EmitFlags flags,
                                      Origin origin) {
  const PacketHead head{.type = PacketType::kEvent, .name_space = name_};
  if (!recovery_) {
    return server_.encode(head, std::move(payload));
  }
  // Volatile ones, too: the client takes any string at the end of an event for an offset.
  payload.add(recovery_->next_offset());
  EncodedPacket packet = server_.encode(head, std::move(payload));
  recovery_->record(server_.now(), flags.is_volatile ? EncodedPacket() : packet, audience, origin);
  return packet;
}

}  // namespace visavis::socketio
