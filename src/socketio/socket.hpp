#pragma once

#include <any>
#include <compare>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/callback.hpp"
#include "base/time.hpp"
#include "engineio/message.hpp"
#include "socketio/ack.hpp"
#include "socketio/adapter.hpp"
#include "socketio/argument_type.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/disconnect_reason.hpp"
#include "socketio/event_middleware.hpp"
#include "socketio/handshake.hpp"
#include "socketio/listeners.hpp"
#include "socketio/payload.hpp"
#include "socketio/socket_operator.hpp"

namespace visavis::socketio {

class Connection;
class Namespace;
class Server;
struct Packet;

/// Until when an answer is waited for. Inner to the module.
struct AckDeadline {
  Instant expires;
  std::uint64_t id = 0;
  auto operator<=>(const AckDeadline&) const = default;
};

using EventHandler = Callback<void(const Arguments&, Ack)>;
using AnyHandler = Callback<void(std::string_view event, const Arguments&, Ack)>;
using OutgoingHandler = Callback<void(std::string_view event, const Arguments&)>;
using DisconnectHandler = Callback<void(DisconnectReason)>;
/// More than `engineio::Options::high_water_bytes` wait for this client; so many now.
using HighWaterHandler = Callback<void(std::size_t bytes)>;
using DrainHandler = Callback<void()>;

/// One client in one namespace. Made and owned by its namespace. A reference to it holds until the
/// server's next `handle_timeout()` after its end, so for all of the handler in which it ends (an
/// `emit` can end it, too). Whoever wants it later keeps its `id()` and asks `Namespace::find()`.
/// A `shared_from_this()` may be held past its end, and the server's; without a server there is
/// nothing that `of()` and `broadcast()` could give.
///
/// Handlers may do anything to the socket, disconnecting it included.
class Socket : public std::enable_shared_from_this<Socket> {
 private:
  /// Only its namespace makes one.
  class Made {
    friend class Namespace;
    Made() = default;
  };

 public:
  Socket(Made made, Namespace& of, Connection& connection, std::string id, Handshake handshake);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  /// 20 characters of [A-Za-z0-9_-], unguessable; also the name of a room that it is in.
  [[nodiscard]] const std::string& id() const { return member_.id; }
  [[nodiscard]] const Handshake& handshake() const { return handshake_; }
  [[nodiscard]] Namespace& of() const { return **namespace_; }
  [[nodiscard]] bool connected() const { return connected_; }
  /// "polling" or "websocket", as of now: an upgrade changes it. Empty once it has ended.
  [[nodiscard]] std::string_view transport() const;
  /// Came back with the id, rooms and data of an earlier connection (`Options::recovery`).
  [[nodiscard]] bool recovered() const { return recovered_; }

  /// Several handlers of one event are called in the order of their making.
  ListenerId on(std::string_view event, EventHandler handler);
  /// With types: `socket.on<std::string, int>("e", [](const std::string& a, int b, Ack ack) { …
  /// })`; the ack may be left out. Arguments that are something else do not reach the handler: the
  /// `on_error` handlers hear why, and who waits for an ack gets {"error": "argument 2: …"}.
  template <class First, class... Rest, class Handler>
  ListenerId on(std::string_view event, Handler handler) {
    return on(Event<First, Rest...>{event}, std::move(handler));
  }
  template <class... Args, class Handler>
  ListenerId on(const Event<Args...>& event, Handler handler) {
    return on(event.name,
              EventHandler([this, name = std::string(event.name), handler = std::move(handler)](
                               const Arguments& arguments, Ack ack) mutable {
                TypedArguments<Args...> typed(arguments);
                if (typed.mismatch()) {
                  refuse_arguments(name, *typed.mismatch(), std::move(ack));
                } else {
                  typed.give(handler, std::move(ack));
                }
              }));
  }
  /// For the next such event only.
  ListenerId once(std::string_view event, EventHandler handler);
  /// All handlers of this event, or one of them.
  void off(std::string_view event);
  void off(std::string_view event, ListenerId listener);
  /// Every event, before middlewares and its own handlers; `prepend_any` before the others of this
  /// kind.
  ListenerId on_any(AnyHandler handler);
  ListenerId prepend_any(AnyHandler handler);
  void off_any();
  void off_any(ListenerId listener);
  /// Every event that has no handler of its own.
  ListenerId on_unknown(AnyHandler handler);
  /// Every event that is sent to this client, broadcasts included. With recovery its offset stands
  /// behind the arguments. What such a handler emits itself is not told.
  ListenerId on_any_outgoing(OutgoingHandler handler);
  ListenerId prepend_any_outgoing(OutgoingHandler handler);
  void off_any_outgoing();
  void off_any_outgoing(ListenerId listener);
  /// Middlewares are asked about each event, in the order of their making.
  void use(EventMiddleware middleware);
  /// An event that a middleware stopped, and why.
  void on_error(EventErrorHandler handler);
  /// While its rooms can still be asked for (Node's "disconnecting").
  void on_disconnecting(DisconnectHandler handler);
  /// When all its rooms are left.
  void on_disconnect(DisconnectHandler handler);

  /// The client takes less than it is sent, once until it has taken all: `on_drain` tells of that.
  /// What happens then besides, `engineio::Options::high_water_policy` says.
  void on_high_water(HighWaterHandler handler);
  void on_drain(DrainHandler handler);

  /// With an `AckHandler` behind the arguments the client is asked for an answer:
  ///
  ///     socket.emit("ready?", [](std::expected<Arguments, AckError> answer) { … });
  template <class... Args>
  void emit(std::string_view event, Args&&... args) {
    SocketOperator(*this).emit(event, std::forward<Args>(args)...);
  }
  /// An event with types: what does not fit does not compile.
  template <class... Args>
  void emit(const Event<Args...>& event, const std::type_identity_t<Args>&... args) {
    emit(Payload::event(event.name, args...));
  }
  // NOLINTNEXTLINE(readability-identifier-naming): the word that Node has, which is a keyword.
  [[nodiscard]] SocketOperator volatile_() { return SocketOperator(*this).volatile_(); }
  [[nodiscard]] SocketOperator compress(bool yes) { return SocketOperator(*this).compress(yes); }
  [[nodiscard]] SocketOperator timeout(Duration time) {
    return SocketOperator(*this).timeout(time);
  }
  void emit(Payload payload, EmitFlags flags = {});
  /// Asks the client; `handler` is called exactly once. `Payload::event(name, args...)` makes the
  /// payload.
  void emit_with_ack(Payload payload, Duration timeout, AckHandler handler) {
    ask_client(std::move(payload), {}, timeout, std::move(handler));
  }

  /// False when it is in `Options::rooms_max` rooms already.
  bool join(std::string_view room);
  void leave(std::string_view room);
  [[nodiscard]] bool in_room(std::string_view room) const;
  /// Its own id first.
  [[nodiscard]] std::vector<std::string> rooms() const;

  /// Everybody else in the namespace.
  [[nodiscard]] BroadcastOperator broadcast() const;
  /// Everybody else in a room.
  [[nodiscard]] BroadcastOperator to(std::string_view room) const { return broadcast().to(room); }
  [[nodiscard]] BroadcastOperator in(std::string_view room) const { return to(room); }
  [[nodiscard]] BroadcastOperator except(std::string_view room) const {
    return broadcast().except(room);
  }

  /// Leaves the namespace; with `close` the whole connection ends.
  void disconnect(bool close = false);

  /// Bytes on their way to this client that have not left, for the caller's back-pressure.
  [[nodiscard]] std::size_t buffered_bytes() const;

  /// A place for the user's own state: `socket.data<Player>() = …`. One type for a socket: another
  /// one replaces it. A recovered socket has that of its earlier connection.
  template <class Data>
  [[nodiscard]] Data& data() {
    if (!data_) {
      data_ = std::make_shared<std::any>();
    }
    if (auto* data = std::any_cast<Data>(data_.get())) {
      return *data;
    }
    return data_->emplace<Data>();
  }

 private:
  friend class Ack;
  friend class Adapter;
  friend class Connection;
  friend class Namespace;
  friend class RemoteSocket;
  friend class Server;
  friend class SocketOperator;

  /// An event on its way past the middlewares.
  struct Incoming {
    std::string name;
    Arguments arguments;
    Ack ack;
  };
  struct PendingAck {
    Instant expires;
    AckHandler handler;
  };

  void handle_event(const Packet& packet);
  /// Counts an event against `Options::event_rate`.
  [[nodiscard]] bool within_rate();
  void handle_ack(const Packet& packet);
  /// Everything that ends with a connected socket, once.
  void end(DisconnectReason reason);
  void end_extras(DisconnectReason reason);
  /// The end of one that was never connected.
  void abandon();
  /// Without a `timeout` that of the options counts.
  void ask_client(Payload payload, EmitFlags flags, std::optional<Duration> timeout,
                  AckHandler handler);
  void tell_high_water(std::size_t bytes);
  void tell_drain();
  [[nodiscard]] bool awaits_drain() const { return extras_ && !extras_->drain.empty(); }
  /// False when there are too many already, which `handler` has been told then.
  bool expect_ack(AckDeadline deadline, AckHandler handler);
  void settle_ack(std::uint64_t id, std::expected<Arguments, AckError> answer);
  void send_ack(std::string_view id, Payload payload);
  void deliver(const std::vector<engineio::SharedMessage>& packet, EmitFlags flags);
  void call_each(Listeners<AnyHandler>& handlers, const Incoming& event) const;
  /// Asks the middlewares from `index` on.
  void ask(const std::shared_ptr<Incoming>& event, std::size_t index);
  void dispatch(const Incoming& event);
  void tell_error(std::string_view event, std::string_view error);
  void refuse_arguments(std::string_view event, const Mismatch& mismatch, Ack ack);
  [[nodiscard]] ListenerId next_listener() { return ListenerId(++last_listener_); }
  void deliver_event(const std::vector<engineio::SharedMessage>& packet, EmitFlags flags);
  void tell_outgoing(const std::vector<engineio::SharedMessage>& packet);

  // Shared with the namespace, which leaves null there: whoever holds a socket may outlive it.
  std::shared_ptr<Namespace*> namespace_;
  Connection* connection_;  // null once ended
  Handshake handshake_;
  Adapter::Member member_;
  // The secret by which the client gets its session back; null without recovery.
  std::unique_ptr<std::string> pid_;
  std::uint32_t last_listener_ = 0;
  bool connected_ = false;
  bool recovered_ = false;

  // A handler may add or remove handlers while it runs: each is kept alive by whoever calls it.
  NamedListeners<EventHandler> handlers_;
  /// What few sockets have, in one place that an idle one does without.
  struct Extras {
    Listeners<AnyHandler> any;
    Listeners<AnyHandler> unknown;
    Listeners<OutgoingHandler> outgoing;
    Listeners<EventErrorHandler> error;
    Listeners<HighWaterHandler> high_water;
    Listeners<DrainHandler> drain;
    std::vector<std::shared_ptr<EventMiddleware>> middlewares;
    std::vector<DisconnectHandler> disconnecting;
    std::vector<DisconnectHandler> disconnect;
    std::map<std::uint64_t, PendingAck> pending_acks;
    bool telling_outgoing = false;
  };
  [[nodiscard]] Extras& extras();
  std::unique_ptr<Extras> extras_;  // null: nothing of all this; stays once it is there
  Instant next_event_due_{};        // as if events came evenly: GCRA's theoretical arrival time
  // Shared with the session that is kept while the client is away.
  std::shared_ptr<std::any> data_;
};

}  // namespace visavis::socketio
