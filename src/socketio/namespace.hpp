#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/callback.hpp"
#include "base/time.hpp"
#include "json/writer.hpp"
#include "socketio/adapter.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/cluster.hpp"
#include "socketio/recovery.hpp"
#include "socketio/remote_socket.hpp"
#include "socketio/server_side.hpp"
#include "socketio/socket.hpp"

namespace visavis::socketio {

class ClusterNode;
class ParentNamespace;
class Server;

/// Why a middleware refuses a client; reaches it as `connect_error` with `message` and `data`.
struct ConnectError {
  std::string message;
  std::optional<json::Raw> data = std::nullopt;
};

/// The answer of a middleware, now or later: `next()` lets the client on, `next(ConnectError{…})`
/// refuses it. Thrown away unused it refuses, lest the client wait for ever.
class Next {
 public:
  using Answer = std::move_only_function<void(std::optional<ConnectError>)>;

  explicit Next(Answer answer) : answer_(std::move(answer)) {}
  Next(Next&& other) noexcept : answer_(std::exchange(other.answer_, nullptr)) {}
  Next& operator=(Next&&) = delete;
  Next(const Next&) = delete;
  Next& operator=(const Next&) = delete;
  ~Next();

  void operator()() { answer(std::nullopt); }
  void operator()(ConnectError error) { answer(std::move(error)); }

 private:
  void answer(std::optional<ConnectError> error);

  Answer answer_;
};

/// Sees a client before it is connected. The socket has its id, handshake and data; nothing can be
/// emitted to it yet.
using Middleware = Callback<void(Socket&, Next)>;
using ConnectionHandler = Callback<void(Socket&)>;

/// What a namespace asks and tells when clients come.
struct NamespaceHooks {
  // Each by pointer: one that is being called may add others.
  std::vector<std::unique_ptr<Middleware>> middlewares;
  std::vector<std::unique_ptr<ConnectionHandler>> connection_handlers;

  void use(Middleware middleware) {
    middlewares.push_back(std::make_unique<Middleware>(std::move(middleware)));
  }
  void on_connection(ConnectionHandler handler) {
    connection_handlers.push_back(std::make_unique<ConnectionHandler>(std::move(handler)));
  }
};

/// A channel of its own on the connections it shares with others: "/" or "/name". Made by
/// `Server::of()`, lives as long as the server.
class Namespace {
 public:
  /// `inherited`: of the parent that it was made by; null for most.
  Namespace(Server& server, std::string name, std::shared_ptr<NamespaceHooks> inherited = nullptr);
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Server& server() const { return server_; }

  /// Middlewares are asked in the order of their making. Add them before clients come.
  void use(Middleware middleware) { hooks_.use(std::move(middleware)); }
  void on_connection(ConnectionHandler handler) { hooks_.on_connection(std::move(handler)); }
  /// A session that nobody came back for in time; only with `Options::recovery`.
  void on_session_expired(Recovery::ExpiryHandler handler);

  /// Rooms that begin and end, and who joins and leaves them; sockets' own rooms, too.
  [[nodiscard]] RoomEvents& room_events() { return adapter_.events(); }
  /// What other servers of a cluster shall see of a socket's state in `fetch_sockets()`.
  void describe_data(Callback<json::Raw(const Socket&)> describe) {
    describe_data_ = std::move(describe);
  }

  /// To the other servers of the cluster, not to clients. A `ServerSideAckHandler` behind the
  /// arguments asks each of them for an answer, and waits `Options::cluster_timeout`.
  template <class... Args>
  void server_side_emit(std::string_view event, Args&&... args) {
    if constexpr (kEndsWithHandler<ServerSideAckHandler, Args...>) {
      auto [payload, handler] =
          split_handler<ServerSideAckHandler>(event, std::forward<Args>(args)...);
      server_side_emit_with_ack(std::move(payload), std::move(handler));
    } else {
      server_side_emit(Payload::event(event, args...));
    }
  }
  void server_side_emit(Payload payload);
  void server_side_emit_with_ack(Payload payload, ServerSideAckHandler handler);
  /// An event that another server emits so; Node's `io.on("event", …)`.
  void on_server_side(std::string_view event, ServerSideHandler handler);

  template <class... Args>
  void emit(std::string_view event, Args&&... args) {
    everyone().emit(event, std::forward<Args>(args)...);
  }
  template <class... Args>
  void emit(const Event<Args...>& event, const std::type_identity_t<Args>&... args) {
    everyone().emit(event, args...);
  }
  void emit(Payload payload) { everyone().emit(std::move(payload)); }
  void emit_with_ack(Payload payload, Duration timeout, BroadcastAckHandler handler) {
    everyone().emit_with_ack(std::move(payload), timeout, std::move(handler));
  }
  void fetch_sockets(FetchHandler handler) { everyone().fetch_sockets(std::move(handler)); }
  void sockets_join(std::string_view room) { everyone().sockets_join(room); }
  void sockets_leave(std::string_view room) { everyone().sockets_leave(room); }
  void disconnect_sockets(bool close = false) { everyone().disconnect_sockets(close); }
  [[nodiscard]] BroadcastOperator everyone() { return BroadcastOperator(*this); }
  [[nodiscard]] BroadcastOperator to(std::string_view room) { return everyone().to(room); }
  [[nodiscard]] BroadcastOperator in(std::string_view room) { return everyone().to(room); }
  [[nodiscard]] BroadcastOperator except(std::string_view room) { return everyone().except(room); }
  [[nodiscard]] BroadcastOperator local() { return everyone().local(); }
  // NOLINTNEXTLINE(readability-identifier-naming): the word that Node has, which is a keyword.
  [[nodiscard]] BroadcastOperator volatile_() { return everyone().volatile_(); }
  [[nodiscard]] BroadcastOperator compress(bool yes) { return everyone().compress(yes); }
  [[nodiscard]] BroadcastOperator timeout(Duration time) { return everyone().timeout(time); }

  /// The connected socket of this id, or null.
  [[nodiscard]] Socket* find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const { return adapter_.size(); }
  /// Rooms that somebody is in, the sockets' own not counted.
  [[nodiscard]] std::size_t room_count() const { return adapter_.room_count(); }
  /// Their names; with a cluster, those of this server.
  [[nodiscard]] std::vector<std::string> room_names() const { return adapter_.room_names(); }
  /// How many sockets of this server are in the room.
  [[nodiscard]] std::size_t room_size(std::string_view room) const {
    return adapter_.room_size(room);
  }
  /// The connected sockets' ids, the oldest first.
  [[nodiscard]] std::vector<std::string> socket_ids() const;

 private:
  friend class BroadcastOperator;
  friend class ClusterNode;
  friend class Connection;
  friend class RemoteSocket;
  friend class Server;
  friend class Socket;

  using SocketPointer = std::shared_ptr<Socket>;

  /// A socket that asks to come in; with the state of an earlier one, if it can show that it was
  /// that.
  [[nodiscard]] SocketPointer make_socket(Connection& connection, Handshake handshake);
  [[nodiscard]] SocketPointer recover_socket(Connection& connection, const Handshake& handshake);
  /// Closes the connection of whoever has the session still.
  void take_over(const Recovery::Claim& claim);
  /// Asks the cluster for the session that `auth` claims, if it may be there: calls `then` when it
  /// has come here, or is nowhere, or after `RecoveryOptions::claim_timeout`. False: nobody to ask.
  [[nodiscard]] bool ask_others(const json::Value& auth, std::move_only_function<void()> then);
  /// Gives a session away; null if it cannot be had.
  [[nodiscard]] std::shared_ptr<const SessionTransfer> hand_over(const SessionTransfer& claimed);
  void take_in(const SessionTransfer& transfer);
  [[nodiscard]] std::shared_ptr<const SharedEvent> without_offset(
      const EncodedPacket& packet) const;
  /// Ends the sockets that an event has not reached, for good.
  void drop_missed(const Audience& audience);
  void begin_recovery(Socket& socket);
  /// Sends what was missed; false if that cannot be had any more.
  [[nodiscard]] bool resume(Socket& socket);
  void suspend(Socket& socket, std::vector<std::string> rooms, DisconnectReason reason);

  /// Asks the middlewares; then connects the socket, or refuses it.
  void ask(const SocketPointer& socket);
  [[nodiscard]] std::size_t middleware_count() const;
  [[nodiscard]] Middleware& middleware(std::size_t index) const;
  static void greet(Socket& socket, const NamespaceHooks& hooks);
  /// … from `index` on.
  void ask(const SocketPointer& socket, std::size_t index);
  void admit(Socket& socket);
  void refuse(Socket& socket, const ConnectError& error);
  [[nodiscard]] std::vector<SocketPointer> select(const Audience& audience);
  /// To the sockets here and, unless the flags say otherwise, to those of the cluster.
  void broadcast(Payload payload, const Audience& audience, EmitFlags flags);
  void broadcast_here(Payload payload, const Audience& audience, EmitFlags flags,
                      Origin origin = {});
  struct Asking {
    EmitFlags flags;
    Duration timeout;
  };
  void broadcast_with_ack(Payload payload, const Audience& audience, Asking how,
                          BroadcastAckHandler handler);
  /// `answered` is called once for each receiver.
  void ask_each(Payload payload, const std::vector<SocketPointer>& receivers, Asking how,
                const std::function<void(std::expected<Arguments, AckError>)>& answered);
  void fetch(const Audience& audience, EmitFlags flags, FetchHandler handler);
  /// Joins, leaves or disconnects whom the message means, here and in the cluster.
  void act(const ClusterMessage& message);
  void act_here(const ClusterMessage& message);
  [[nodiscard]] json::Raw describe_data(const Socket& socket);
  [[nodiscard]] std::vector<ClusterSocket> describe(const std::vector<SocketPointer>& sockets);
  /// False: no handler.
  [[nodiscard]] bool handle_server_side(const SharedEvent& event, const ServerSideAck& ack);
  /// Null: alone, or the flags say so.
  [[nodiscard]] ClusterNode* cluster(EmitFlags flags) const;
  /// One made for a client ends when nobody holds it any more.
  void hold() { ++uses_; }
  void let_go();
  void note_if_empty();
  void emit_to(Socket& socket, Payload payload, EmitFlags flags);
  /// Every event goes through here once, however many receive it.
  [[nodiscard]] EncodedPacket encode_event(Payload payload, const Audience& audience,
                                           EmitFlags flags, Origin origin = {});

  Server& server_;
  std::shared_ptr<Namespace*> self_ = std::make_shared<Namespace*>(this);  // shared with sockets
  std::string name_;
  ParentNamespace* parent_ = nullptr;  // null: not made for a client
  // Its sockets, as long as somebody holds them, and what the cluster is asked on its behalf.
  std::size_t uses_ = 0;
  Adapter adapter_;
  Callback<json::Raw(const Socket&)> describe_data_;
  using ServerSideHandlers = std::vector<std::shared_ptr<ServerSideHandler>>;
  std::map<std::string, ServerSideHandlers, std::less<>> server_side_handlers_;
  std::unique_ptr<Recovery> recovery_;         // null: off
  std::size_t claims_ = 0;                     // that the cluster is being asked for
  std::shared_ptr<NamespaceHooks> inherited_;  // shared with parent and siblings; may be null
  NamespaceHooks hooks_;
};

}  // namespace visavis::socketio
