#pragma once

#include <any>
#include <compare>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "engineio/message.hpp"
#include "socketio/ack.hpp"
#include "socketio/adapter.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/disconnect_reason.hpp"
#include "socketio/handshake.hpp"
#include "socketio/payload.hpp"

namespace visavis::socketio {

class Connection;
class Namespace;
class Server;
struct Packet;

enum class AckError : std::uint8_t {
  kTimeout,       ///< no answer in time
  kDisconnected,  ///< the socket ended before the answer came
  kTooMany,       ///< `Options::pending_acks_max` answers are being waited for already
};

/// Until when an answer is waited for. Inner to the module.
struct AckDeadline {
  Instant expires;
  std::uint64_t id = 0;
  auto operator<=>(const AckDeadline&) const = default;
};

using EventHandler = std::move_only_function<void(const Arguments&, Ack)>;
using AnyHandler = std::move_only_function<void(std::string_view event, const Arguments&, Ack)>;
using DisconnectHandler = std::move_only_function<void(DisconnectReason)>;
using AckHandler = std::move_only_function<void(std::expected<Arguments, AckError>)>;

/// One client in one namespace. Made and owned by its namespace. A reference to it holds until the
/// last `on_disconnect` handler and whatever call made it end have returned (an `emit` can, when
/// the client does not read). Whoever wants it later keeps its `id()` and asks `Namespace::find()`.
///
/// Handlers may do anything to the socket, disconnecting it included.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  /// 20 characters of [A-Za-z0-9_-], unguessable; also the name of a room that it is in.
  [[nodiscard]] const std::string& id() const { return member_.id; }
  [[nodiscard]] const Handshake& handshake() const { return handshake_; }
  [[nodiscard]] Namespace& of() const { return namespace_; }
  [[nodiscard]] bool connected() const { return connected_; }
  /// Came back with the id, rooms and data of an earlier connection (`Options::recovery`).
  [[nodiscard]] bool recovered() const { return recovered_; }

  /// Several handlers of one event are called in the order of their making.
  void on(std::string_view event, EventHandler handler);
  void off(std::string_view event);
  /// Every event, before its own handlers.
  void on_any(AnyHandler handler);
  /// Every event that has no handler of its own.
  void on_unknown(AnyHandler handler);
  /// While its rooms can still be asked for (Node's "disconnecting").
  void on_disconnecting(DisconnectHandler handler);
  /// When all its rooms are left.
  void on_disconnect(DisconnectHandler handler);

  template <class... Args>
  void emit(std::string_view event, const Args&... args) {
    emit(Payload::event(event, args...));
  }
  void emit(Payload payload, EmitFlags flags = {});
  /// Asks the client; `handler` is called exactly once. `Payload::event(name, args...)` makes the
  /// payload.
  void emit_with_ack(Payload payload, Duration timeout, AckHandler handler);

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

  using HandlerList = std::vector<std::shared_ptr<EventHandler>>;
  using AnyHandlerList = std::vector<std::shared_ptr<AnyHandler>>;
  struct PendingAck {
    Instant expires;
    AckHandler handler;
  };

  Socket(Namespace& of, Connection& connection, std::string id, Handshake handshake);

  void handle_event(const Packet& packet);
  void handle_ack(const Packet& packet);
  /// Everything that ends with a connected socket, once.
  void end(DisconnectReason reason);
  /// The end of one that was never connected.
  void abandon();
  /// False when there are too many already, which `handler` has been told then.
  bool expect_ack(AckDeadline deadline, AckHandler handler);
  void settle_ack(std::uint64_t id, std::expected<Arguments, AckError> answer);
  void send_ack(std::string_view id, Payload payload);
  void deliver(const std::vector<engineio::SharedMessage>& packet, EmitFlags flags);
  void call_each(AnyHandlerList handlers, std::string_view name, const Arguments& arguments,
                 const Ack& ack) const;

  Namespace& namespace_;
  Connection* connection_;  // null once ended
  Handshake handshake_;
  Adapter::Member member_;
  std::string pid_;  // the secret by which the client gets its session back
  bool connected_ = false;
  bool recovered_ = false;

  // A handler may add or remove handlers while it runs: each is kept alive by whoever calls it.
  std::map<std::string, HandlerList, std::less<>> handlers_;
  AnyHandlerList any_handlers_;
  AnyHandlerList unknown_handlers_;
  std::vector<DisconnectHandler> disconnecting_handlers_;
  std::vector<DisconnectHandler> disconnect_handlers_;
  std::map<std::uint64_t, PendingAck> pending_acks_;
  // Shared with the session that is kept while the client is away.
  std::shared_ptr<std::any> data_;
};

}  // namespace visavis::socketio
