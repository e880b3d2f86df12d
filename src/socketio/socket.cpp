#include "socketio/socket.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "json/writer.hpp"
#include "socketio/connection.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packet.hpp"
#include "socketio/server.hpp"

namespace visavis::socketio {
namespace {

/// A number as the name of an event is the string that JavaScript makes of it.
std::string event_name(const json::Value& name) {
  if (name.is_string()) {
    return std::string(name.as_string());
  }
  std::string text;
  json::append_number(text, name.as_number());
  return text;
}

}  // namespace

Socket::Socket(Made /*made*/, Namespace& of, Connection& connection, std::string id,
               Handshake handshake)
    : namespace_(of.self_), connection_(&connection), handshake_(std::move(handshake)) {
  member_.id = std::move(id);
  of.hold();
}

Socket::~Socket() {
  if (Namespace* const of = *namespace_) {
    of->let_go();
  }
}

ListenerId Socket::on(std::string_view event, EventHandler handler) {
  const ListenerId id = next_listener();
  handlers_.append(event, id, std::move(handler));
  return id;
}

ListenerId Socket::once(std::string_view event, EventHandler handler) {
  const ListenerId id = next_listener();
  handlers_.append(event, id, std::move(handler), true);
  return id;
}

void Socket::off(std::string_view event) {
  handlers_.remove(event);
}

void Socket::off(std::string_view event, ListenerId listener) {
  handlers_.remove(event, listener);
}

ListenerId Socket::on_any(AnyHandler handler) {
  const ListenerId id = next_listener();
  extras().any.append(id, std::move(handler));
  return id;
}

ListenerId Socket::prepend_any(AnyHandler handler) {
  const ListenerId id = next_listener();
  extras().any.prepend(id, std::move(handler));
  return id;
}

ListenerId Socket::on_unknown(AnyHandler handler) {
  const ListenerId id = next_listener();
  extras().unknown.append(id, std::move(handler));
  return id;
}

ListenerId Socket::on_any_outgoing(OutgoingHandler handler) {
  const ListenerId id = next_listener();
  extras().outgoing.append(id, std::move(handler));
  return id;
}

ListenerId Socket::prepend_any_outgoing(OutgoingHandler handler) {
  const ListenerId id = next_listener();
  extras().outgoing.prepend(id, std::move(handler));
  return id;
}

void Socket::off_any() {
  if (extras_) {
    extras_->any.clear();
  }
}

void Socket::off_any(ListenerId listener) {
  if (extras_) {
    extras_->any.remove(listener);
  }
}

void Socket::off_any_outgoing() {
  if (extras_) {
    extras_->outgoing.clear();
  }
}

void Socket::off_any_outgoing(ListenerId listener) {
  if (extras_) {
    extras_->outgoing.remove(listener);
  }
}

Socket::Extras& Socket::extras() {
  if (!extras_) {
    extras_ = std::make_unique<Extras>();
  }
  return *extras_;
}

void Socket::use(EventMiddleware middleware) {
  extras().middlewares.push_back(std::make_shared<EventMiddleware>(std::move(middleware)));
}

void Socket::on_error(EventErrorHandler handler) {
  extras().error.append(next_listener(), std::move(handler));
}

void Socket::on_high_water(HighWaterHandler handler) {
  extras().high_water.append(next_listener(), std::move(handler));
}

void Socket::on_drain(DrainHandler handler) {
  extras().drain.append(next_listener(), std::move(handler));
  of().server().drain_is_awaited_ = true;
}

void Socket::tell_high_water(std::size_t bytes) {
  if (!extras_) {
    return;
  }
  for (const auto& handler : extras_->high_water.due()) {
    if (connected_) {
      (*handler.function)(bytes);
    }
  }
}

void Socket::tell_drain() {
  if (!extras_) {
    return;
  }
  for (const auto& handler : extras_->drain.due()) {
    if (connected_) {
      (*handler.function)();
    }
  }
}

void Socket::on_disconnecting(DisconnectHandler handler) {
  extras().disconnecting.push_back(std::move(handler));
}

void Socket::on_disconnect(DisconnectHandler handler) {
  extras().disconnect.push_back(std::move(handler));
}

void Socket::handle_event(const Packet& packet) {
  ++of().server().counters_.events_received;
  if (!within_rate() || !packet.data) {
    return;  // too many, or "42": no name, so no handler can be meant
  }
  Incoming event{.name = event_name(packet.data->at(0)),
                 .arguments = Arguments(*packet.data, 1, packet.attachments),
                 .ack = packet.id ? Ack(weak_from_this(), *packet.id) : Ack()};
  if (extras_) {
    call_each(extras_->any, event);
  }
  if (!extras_ || extras_->middlewares.empty()) {
    dispatch(event);
  } else {
    ask(std::make_shared<Incoming>(std::move(event)), 0);
  }
}

bool Socket::within_rate() {
  Server& server = of().server();
  const std::optional<EventRate>& rate = server.options().event_rate;
  if (!rate) {
    return true;
  }
  const auto time_of = [&](double events) {
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(events / rate->per_second));
  };
  next_event_due_ = std::max(next_event_due_, server.now());
  if (next_event_due_ + time_of(1) <= server.now() + time_of(rate->burst)) {
    next_event_due_ += time_of(1);
    return true;
  }
  ++server.counters_.events_over_rate;
  if (rate->disconnect) {
    disconnect(true);
  }
  return false;
}

// The event is shared with the answer, which may come later.
void Socket::ask(const std::shared_ptr<Incoming>& event, std::size_t index) {
  if (!connected_) {
    return;
  }
  if (index >= extras_->middlewares.size()) {
    dispatch(*event);
    return;
  }
  const std::shared_ptr<EventMiddleware> middleware = extras_->middlewares[index];
  (*middleware)(event->name, event->arguments,
                EventNext([weak = weak_from_this(), event, index](const std::string* error) {
                  const std::shared_ptr<Socket> socket = weak.lock();
                  if (socket && error != nullptr) {
                    socket->tell_error(event->name, *error);
                  } else if (socket) {
                    socket->ask(event, index + 1);
                  }
                }));
}

void Socket::dispatch(const Incoming& event) {
  const auto due = handlers_.due(event.name);
  if (due.empty()) {
    if (extras_) {
      call_each(extras_->unknown, event);
    }
    return;
  }
  for (const auto& listener : due) {
    if (connected_) {
      listener->function(event.arguments, event.ack.share());
    }
  }
}

void Socket::call_each(Listeners<AnyHandler>& handlers, const Incoming& event) const {
  for (const auto& handler : handlers.due()) {
    if (connected_) {
      (*handler.function)(event.name, event.arguments, event.ack.share());
    }
  }
}

void Socket::tell_error(std::string_view event, std::string_view error) {
  if (!extras_) {
    return;
  }
  for (const auto& handler : extras_->error.due()) {
    if (connected_) {
      (*handler.function)(event, error);
    }
  }
}

void Socket::refuse_arguments(std::string_view event, const Mismatch& mismatch, Ack ack) {
  ++of().server().counters_.mismatched_arguments;
  const std::string error = mismatch.text();
  json::Writer answer;
  answer.begin_object().member("error", error).end_object();
  ack(std::move(answer).take());
  tell_error(event, error);
}

void Socket::tell_outgoing(const EncodedPacket& packet) {
  if (!extras_ || extras_->outgoing.empty() || extras_->telling_outgoing || !connected_) {
    return;
  }
  const std::optional<Packet> event = of().server().decode(packet);
  if (!event || !event->data) {
    return;
  }
  const std::string name = event_name(event->data->at(0));
  const Arguments arguments(*event->data, 1, event->attachments);
  extras_->telling_outgoing = true;
  for (const auto& handler : extras_->outgoing.due()) {
    (*handler.function)(name, arguments);
  }
  extras_->telling_outgoing = false;
}

void Socket::handle_ack(const Packet& packet) {
  std::uint64_t id = 0;
  const std::string_view digits = packet.id ? std::string_view(*packet.id) : std::string_view();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (!digits.empty() && error == std::errc{}) {
    settle_ack(id, Arguments(packet.data.value_or(json::Value()), 0, packet.attachments));
  }
}

void Socket::settle_ack(std::uint64_t id, std::expected<Arguments, AckError> answer) {
  if (!extras_) {
    return;  // never asked
  }
  auto& pending_acks = extras_->pending_acks;
  const auto found = pending_acks.find(id);
  if (found == pending_acks.end()) {
    return;  // too late, or never asked
  }
  PendingAck pending = std::move(found->second);
  pending_acks.erase(found);
  Server& server = of().server();
  if (answer) {
    ++server.counters_.acks_received;
  }
  server.forget_ack_timeout({.expires = pending.expires, .id = id}, *this);
  pending.handler(std::move(answer));
}

void Socket::emit(Payload payload, EmitFlags flags) {
  if (!connected_) {
    return;
  }
  if (payload.reserved()) {
    ++of().server().counters_.reserved_events;
    return;
  }
  of().emit_to(*this, std::move(payload), flags);
}

void Socket::ask_client(Payload payload, EmitFlags flags, std::optional<Duration> timeout,
                        AckHandler handler) {
  if (!connected_ || payload.reserved()) {
    handler(std::unexpected(AckError::kDisconnected));
    return;
  }
  Server& server = of().server();
  const AckDeadline deadline{
      .expires = server.now() + timeout.value_or(server.options().ack_timeout),
      .id = server.next_ack_id_++};
  if (!expect_ack(deadline, std::move(handler))) {
    return;
  }
  const std::string digits = std::to_string(deadline.id);
  deliver_event(server.encode({.type = PacketType::kEvent, .name_space = of().name(), .id = digits},
                              std::move(payload)),
                flags);
}

bool Socket::expect_ack(AckDeadline deadline, AckHandler handler) {
  if (!connected_) {  // by a listener of another receiver
    handler(std::unexpected(AckError::kDisconnected));
    return false;
  }
  Server& server = of().server();
  auto& pending_acks = extras().pending_acks;
  if (pending_acks.size() >= server.options().pending_acks_max) {
    handler(std::unexpected(AckError::kTooMany));
    return false;
  }
  pending_acks.emplace(deadline.id,
                       PendingAck{.expires = deadline.expires, .handler = std::move(handler)});
  server.arm_ack_timeout(deadline, shared_from_this());
  return true;
}

void Socket::send_ack(std::string_view id, Payload payload) {
  if (connected_) {
    deliver(of().server().encode({.type = PacketType::kAck, .name_space = of().name(), .id = id},
                                 std::move(payload)),
            {});
  }
}

void Socket::deliver(const std::vector<engineio::SharedMessage>& packet, EmitFlags flags) {
  if (connected_) {
    connection_->send(packet, flags);
  }
}

void Socket::deliver_event(const EncodedPacket& packet, EmitFlags flags) {
  tell_outgoing(packet);
  deliver(packet, flags);
}

bool Socket::join(std::string_view room) {
  if (connection_ == nullptr || (member_.rooms.size() >= of().server().options().rooms_max &&
                                 !Adapter::in_room(*this, room))) {
    return false;
  }
  of().adapter_.join(*this, room);
  return true;
}

void Socket::leave(std::string_view room) {
  if (connection_ == nullptr) {
    return;  // it has left them all
  }
  of().adapter_.leave(*this, room);
}

bool Socket::in_room(std::string_view room) const {
  return Adapter::in_room(*this, room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> names;
  if (member_.in_own_room) {
    names.push_back(member_.id);
  }
  for (const auto& membership : member_.rooms) {
    names.push_back(membership->room->name);
  }
  return names;
}

BroadcastOperator Socket::broadcast() const {
  return of().except(id());
}

void Socket::disconnect(bool close) {
  if (!connected_) {
    return;
  }
  if (close) {
    connection_->disconnect_all();
    return;
  }
  deliver(of().server().encode({.type = PacketType::kDisconnect, .name_space = of().name()}, ""),
          {});
  end(DisconnectReason::kServerNamespaceDisconnect);
}

std::size_t Socket::buffered_bytes() const {
  return connected_ ? connection_->buffered_bytes() : 0;
}

std::string_view Socket::transport() const {
  return connection_ == nullptr ? std::string_view() : connection_->transport();
}

void Socket::end(DisconnectReason reason) {
  if (!connected_) {
    return;
  }
  of().server().keep_until_timeout(shared_from_this());
  if (extras_) {
    for (DisconnectHandler& handler : std::exchange(extras_->disconnecting, {})) {
      handler(reason);
    }
  }
  if (!connected_) {
    return;  // a handler ended it
  }
  connected_ = false;
  std::vector<std::string> rooms;
  if (of().recovery_) {
    rooms = this->rooms();
  }
  of().adapter_.remove(*this);
  of().suspend(*this, std::move(rooms), reason);
  std::exchange(connection_, nullptr)->left(*this, reason);
  if (extras_) {
    end_extras(reason);
  }
  // What the handlers hold may hold this socket.
  handlers_.clear();
}

void Socket::end_extras(DisconnectReason reason) {
  Extras& extras = *extras_;
  while (!extras.pending_acks.empty()) {
    settle_ack(extras.pending_acks.begin()->first, std::unexpected(AckError::kDisconnected));
  }
  for (DisconnectHandler& handler : std::exchange(extras.disconnect, {})) {
    handler(reason);
  }
  // One that runs just now, on the stack below, may go on to ask for these lists: emptied, not
  // gone.
  extras.any.clear();
  extras.unknown.clear();
  extras.outgoing.clear();
  extras.error.clear();
  extras.high_water.clear();
  extras.drain.clear();
  extras.middlewares.clear();
}

void Socket::abandon() {
  of().server().keep_until_timeout(shared_from_this());
  connection_ = nullptr;
  of().adapter_.leave_all(*this);
  if (recovered_) {
    of().recovery_->release(*pid_);
  }
}

}  // namespace visavis::socketio
