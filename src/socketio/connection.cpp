#include "socketio/connection.hpp"

#include <algorithm>
#include <utility>

#include "http/query.hpp"
#include "json/writer.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

namespace visavis::socketio {
namespace {

/// One for all clients that say nothing of themselves.
const json::Value& empty_object() {
  static const json::Value empty = json::parse("{}").value();
  return empty;
}

/// Socket.IO 2 has no auth: what a client says of itself stands behind the namespace's name.
json::Value take_query(std::string& name_space) {
  const std::size_t mark = std::min(name_space.find('?'), name_space.size());
  json::Writer auth;
  auth.begin_object();
  for (const auto& [name, value] : http::parse_query(
           std::string_view(name_space).substr(std::min(mark + 1, name_space.size())))) {
    auth.member(name, value);
  }
  auth.end_object();
  name_space.resize(mark);
  return json::parse(auth.text()).value_or(empty_object());
}

}  // namespace

Connection::Connection(Server& server, engineio::SessionHandle session,
                       std::shared_ptr<const engineio::Handshake> handshake)
    : server_(server),
      session_(session),
      handshake_(std::move(handshake)),
      decoder_({.attachments_max = server.options().attachments_max,
                .attachment_bytes_max = server.options().attachment_bytes_max}),
      custom_decoder_(server.make_decoder()),
      connect_timeout_(server.connect_timeouts_.arm(server.now(), session.value())) {}

Connection::~Connection() {
  // None is left but when the server goes: a late answer of a middleware must find nobody.
  for (const Place& place : places_) {
    if (place.socket) {
      place.socket->connection_ = nullptr;
      place.socket->connected_ = false;
      place.socket->member_.in_own_room = false;
      place.socket->member_.rooms.clear();  // they point into the namespace, which goes next
    }
  }
}

std::string_view Connection::Place::name_space() const {
  return socket ? std::string_view(socket->of().name()) : std::string_view(*name);
}

Connection::Place* Connection::find(std::string_view name_space) {
  const auto found = std::ranges::find(places_, name_space, &Place::name_space);
  return found == places_.end() ? nullptr : &*found;
}

std::size_t Connection::places_taken() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      places_, [](const Place& place) { return place.state != State::kExpelled; }));
}

void Connection::begin() {
  if (is_old()) {
    Packet packet;
    packet.type = PacketType::kConnect;
    handle_connect(std::move(packet));
  }
}

void Connection::handle_message(bool binary, Bytes bytes) {
  if (closed_) {
    return;
  }
  PacketDecoder& decoder = custom_decoder_ ? *custom_decoder_ : decoder_;
  auto decoded = binary ? decoder.handle_binary(bytes) : decoder.handle_text(as_text(bytes));
  if (!decoded) {
    fail(engineio::CloseReason::kForcedClose);
    return;
  }
  if (std::optional<Packet> packet = *std::move(decoded)) {
    handle_packet(*std::move(packet));
  }
}

void Connection::handle_packet(Packet packet) {
  if (is_old() && packet.type == PacketType::kConnect) {
    packet.data = take_query(packet.name_space);
  }
  Place* const place = find(packet.name_space);
  const bool outside = place == nullptr || place->state == State::kExpelled;
  if (packet.type == PacketType::kConnect && outside) {
    handle_connect(std::move(packet));
    return;
  }
  const bool of_members =
      packet.type != PacketType::kConnect && packet.type != PacketType::kConnectError;
  if (!of_members || place == nullptr || place->state == State::kAsking) {
    misplaced_ = true;
    fail(engineio::CloseReason::kForcedClose);
    return;
  }
  if (place->state == State::kJoined) {
    handle_inside(*place->socket, packet);
  }
}

void Connection::handle_connect(Packet packet) {
  Namespace* const name_space = server_.find_namespace(packet.name_space);
  const bool may_be_made =
      !server_.parents_.empty() && packet.name_space.size() <= server_.options().namespace_name_max;
  if (name_space == nullptr && !may_be_made) {
    refuse(packet.name_space, "Invalid namespace");
    return;
  }
  if (places_taken() >= server_.options().namespaces_max) {
    refuse(packet.name_space, "Too many namespaces");
    return;
  }
  json::Value auth = packet.data ? *std::move(packet.data) : empty_object();
  if (name_space != nullptr) {
    enter(*name_space, std::move(auth));
    return;
  }
  take_place(packet.name_space, nullptr);
  ask_parents({.name_space = std::move(packet.name_space), .auth = std::move(auth)}, 0);
}

void Connection::ask_parents(const Request& request, std::size_t index) {
  if (index == server_.parents_.size()) {
    std::erase_if(places_,
                  [&](const Place& place) { return place.name_space() == request.name_space; });
    refuse(request.name_space, "Invalid namespace");
    return;
  }
  const auto answer = [weak = self(), request, index](bool allowed) {
    const auto self = weak.lock();
    if (!self || (*self)->closed_) {
      return;
    }
    Connection& connection = **self;
    Server& server = connection.server_;
    Namespace* const made =
        allowed ? server.make_child(*server.parents_[index], request.name_space) : nullptr;
    if (connection.closed_) {
      return;  // by a handler of the new namespace
    }
    if (made != nullptr) {
      connection.enter(*made, request.auth);
    } else {
      connection.ask_parents(request, allowed ? server.parents_.size() : index + 1);
    }
  };
  server_.parents_[index]->decide_(request.name_space, request.auth, NamespaceVerdict(answer));
}

std::weak_ptr<Connection*> Connection::self() {
  if (!self_) {
    self_ = std::make_shared<Connection*>(this);
  }
  return self_;
}

void Connection::take_place(std::string_view name_space, std::shared_ptr<Socket> socket) {
  Place* place = find(name_space);
  if (place == nullptr) {
    place = &places_.emplace_back();
  }
  place->name = socket ? nullptr : std::make_unique<std::string>(name_space);
  place->socket = std::move(socket);
  place->state = State::kAsking;
}

void Connection::enter(Namespace& name_space, json::Value auth) {
  if (server_.cluster_ == nullptr) {
    enter_with_session(name_space, std::move(auth));
    return;
  }
  const auto enter_later = [weak = self(), &name_space, auth] {
    const auto self = weak.lock();
    if (self && !(*self)->closed_) {
      (*self)->enter_with_session(name_space, auth);
    }
  };
  if (name_space.ask_others(auth, enter_later)) {
    take_place(name_space.name(), nullptr);
  } else {
    enter_with_session(name_space, std::move(auth));
  }
}

void Connection::enter_with_session(Namespace& name_space, json::Value auth) {
  const std::shared_ptr<Socket> socket = name_space.make_socket(
      *this, Handshake(handshake_, std::move(auth), server_.options().wall_clock_zero));
  if (closed_) {
    socket->abandon();  // by a handler that a take-over called
    return;
  }
  take_place(name_space.name(), socket);
  name_space.ask(socket);
}

void Connection::handle_inside(Socket& socket, const Packet& packet) {
  switch (packet.type) {
    case PacketType::kEvent: socket.handle_event(packet); break;
    case PacketType::kAck: socket.handle_ack(packet); break;
    default: socket.end(DisconnectReason::kClientNamespaceDisconnect); break;
  }
}

void Connection::refuse(std::string_view name_space, std::string_view message) {
  ++server_.counters_.refused_sockets;
  json::Writer error;
  error.begin_object().member("message", message).end_object();
  send(server_.encode({.type = PacketType::kConnectError, .name_space = name_space}, error.text()),
       {});
}

void Connection::fail(engineio::CloseReason reason) {
  ++server_.counters_.protocol_errors;
  server_.engine_.close(server_.now(), session_, reason);
}

void Connection::close(engineio::CloseReason reason) {
  server_.engine_.close(server_.now(), session_, reason);
}

void Connection::send(const EncodedPacket& packet, EmitFlags flags) {
  // Asked once for all: an attachment must not stay behind because its text was just written.
  const bool in_parts = flags.is_volatile && packet.size() > 1;
  if (closed_ || (in_parts && !server_.engine_.writable(session_))) {
    return;
  }
  ++server_.counters_.packets_sent;
  for (const engineio::SharedMessage& message : packet) {
    server_.engine_.send(
        server_.now(), session_, message,
        {.volatile_message = flags.is_volatile && !in_parts, .compress = flags.compress});
  }
}

std::size_t Connection::buffered_bytes() const {
  return closed_ ? 0 : server_.engine_.buffered_bytes(session_);
}

std::string_view Connection::transport() const {
  return closed_ ? std::string_view() : server_.engine_.transport(session_);
}

void Connection::joined(const Socket& socket) {
  if (Place* const place = find(socket.of().name())) {
    place->state = State::kJoined;
  }
  forget_connect_timeout();
}

void Connection::refused(Socket& socket) {
  ++server_.counters_.refused_sockets;
  std::erase_if(places_, [&](const Place& place) { return place.socket.get() == &socket; });
}

void Connection::left(const Socket& socket, DisconnectReason reason) {
  Place* const place = find(socket.of().name());
  if (place == nullptr || place->socket.get() != &socket) {
    return;
  }
  if (reason == DisconnectReason::kServerNamespaceDisconnect) {
    Place expelled{.socket = nullptr,
                   .name = std::make_unique<std::string>(socket.of().name()),
                   .state = State::kExpelled};
    places_.erase(places_.begin() + (place - places_.data()));
    places_.push_back(std::move(expelled));
    forget_expelled();
  } else {
    places_.erase(places_.begin() + (place - places_.data()));
  }
}

/// The oldest, once there are many: with namespaces made for clients the names have no end.
void Connection::forget_expelled() {
  if (places_.size() - places_taken() > server_.options().namespaces_max) {
    places_.erase(std::ranges::find(places_, State::kExpelled, &Place::state));
  }
}

std::vector<std::shared_ptr<Socket>> Connection::joined_sockets() const {
  std::vector<std::shared_ptr<Socket>> sockets;
  for (const Place& place : places_) {
    if (place.state == State::kJoined) {
      sockets.push_back(place.socket);
    }
  }
  return sockets;
}

void Connection::handle_high_water(std::size_t bytes) {
  for (const std::shared_ptr<Socket>& socket : joined_sockets()) {
    socket->tell_high_water(bytes);
  }
}

void Connection::handle_drain() {
  if (std::ranges::none_of(places_, [](const Place& place) {
        return place.state == State::kJoined && place.socket->awaits_drain();
      })) {
    return;
  }
  for (const std::shared_ptr<Socket>& socket : joined_sockets()) {
    socket->tell_drain();
  }
}

void Connection::disconnect_all() {
  for (const std::shared_ptr<Socket>& socket : joined_sockets()) {
    socket->disconnect(false);
  }
  server_.engine_.close(server_.now(), session_, engineio::CloseReason::kForcedClose);
}

void Connection::handle_connect_timeout() {
  joins_ = false;  // it has left the queue by expiring
  ++server_.counters_.connect_timeouts;
  server_.engine_.close(server_.now(), session_, engineio::CloseReason::kForcedClose);
}

void Connection::handle_closed(DisconnectReason reason) {
  if (misplaced_ && reason == DisconnectReason::kForcedClose) {
    reason = DisconnectReason::kForcedServerClose;
  }
  closed_ = true;
  forget_connect_timeout();
  for (const Place& place : std::exchange(places_, {})) {
    if (place.state == State::kJoined) {
      place.socket->end(reason);
    } else if (place.state == State::kAsking && place.socket) {
      place.socket->abandon();
    }
  }
}

void Connection::forget_connect_timeout() {
  if (std::exchange(joins_, false)) {
    server_.connect_timeouts_.cancel(connect_timeout_);
  }
}

}  // namespace visavis::socketio
