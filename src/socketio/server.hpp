#pragma once

#include <chrono>
#include <cstddef>
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
#include "base/deadline_queue.hpp"
#include "base/entropy.hpp"
#include "base/error.hpp"
#include "base/place_table.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "socketio/cluster.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packet.hpp"
#include "socketio/parent_namespace.hpp"
#include "socketio/recovery.hpp"
#include "socketio/socket.hpp"

namespace visavis::engineio {
class Server;
using SessionHandle = Strong<struct SessionHandleMeaning, std::uint64_t>;
}  // namespace visavis::engineio

namespace visavis::socketio {

class ClusterNode;
class Connection;
class Parser;

struct EventRate {
  double per_second = 100;
  double burst = 200;       ///< at once, after a pause
  bool disconnect = false;  ///< the whole connection instead of dropping the event
};

struct Options {
  /// A client that has joined no namespace by then is closed (Node's default).
  Duration connect_timeout = std::chrono::seconds(45);
  /// Namespaces that one connection may be in, or be asking for: no page uses more than a few. Of
  /// those that we ended as many are remembered: what comes for another closes the connection.
  std::size_t namespaces_max = 32;
  /// Answers that one socket may owe us: a client that never acks must not fill our memory.
  std::size_t pending_acks_max = 1000;
  /// Binary attachments of one packet (Node's parser has the same limit).
  std::size_t attachments_max = 10;
  /// Their bytes together: as many full messages as attachments are allowed.
  std::size_t attachment_bytes_max = 10'000'000;
  /// Rooms of one socket besides its own.
  std::size_t rooms_max = 1000;
  /// Namespaces made because clients asked for them, and the length of their names: neither may
  /// fill the memory.
  std::size_t dynamic_namespaces_max = 10'000;
  std::size_t namespace_name_max = 256;
  /// How many events of one socket are taken; more are dropped and counted. Off by default: what is
  /// too much only the application knows.
  std::optional<EventRate> event_rate = std::nullopt;
  /// Connection state recovery; off by default, as in Node.
  std::optional<RecoveryOptions> recovery = std::nullopt;
  /// How long answers are waited for where `timeout()` says nothing else. Node waits for ever.
  Duration ack_timeout = std::chrono::seconds(30);
  /// How long the other servers of a cluster have to answer (Node's default).
  Duration cluster_timeout = std::chrono::seconds(5);
  /// Namespaces that were made for clients end with their last socket. Then references to them end,
  /// too: keep the name, and ask `Server::find_namespace()`. Off, as in Node.
  bool cleanup_empty_child_namespaces = false;
  /// Null: Socket.IO's own. Shared: several servers may have the same.
  std::shared_ptr<const Parser> parser = nullptr;
  /// What a clock on the wall shows at `Instant{}`, for `Handshake::time()`; a core has no clock.
  json::Date wall_clock_zero{};
};

struct Counters {
  std::uint64_t connections = 0;      ///< Engine.IO sessions opened
  std::uint64_t sockets = 0;          ///< sockets connected to a namespace
  std::uint64_t refused_sockets = 0;  ///< by a middleware, or an unknown or one namespace too many
  std::uint64_t events_received = 0;
  std::uint64_t acks_received = 0;
  std::uint64_t packets_sent = 0;  ///< counted for each receiver
  std::uint64_t broadcasts = 0;
  std::uint64_t reserved_events = 0;  ///< not emitted: "connect", "disconnect" and their like
  std::uint64_t protocol_errors = 0;  ///< connections closed for a bad packet
  std::uint64_t connect_timeouts = 0;
  std::uint64_t ack_timeouts = 0;
  std::uint64_t events_over_rate = 0;
  std::uint64_t mismatched_arguments = 0;  ///< events that a typed handler could not take
  std::uint64_t recovered_sockets = 0;
  std::uint64_t recoveries_failed = 0;  ///< a session was asked for that could not be had
  std::uint64_t sessions_moved = 0;     ///< came from another server of the cluster
  std::uint64_t taken_over = 0;         ///< recovered while the old connection looked alive
  std::uint64_t cluster_timeouts = 0;   ///< questions that not all servers answered in time
  std::uint64_t namespaces_ended = 0;   ///< `Options::cleanup_empty_child_namespaces`
  std::uint64_t sockets_missed = 0;     ///< dropped: the cluster lost what was for them
};

/// A Socket.IO server (protocol version 5) on an Engine.IO server: namespaces, events, acks, rooms.
/// <https://socket.io/docs/v4/socket-io-protocol/>
///
/// A core without I/O: packets come in through the handlers it sets on `engine`, and leave by
/// `engine.send()`. Besides, call `handle_timeout()` at `next_timeout()`, and never from within a
/// handler: sockets that have ended are freed there. Before calling into the server (or its
/// namespaces and sockets) from outside one of its own handlers, say the time: `set_now()`.
///
///     socketio::Server io(engine, {}, entropy);
///     io.of("/").on_connection([](Socket& socket) {
///       socket.on("hello", [&socket](const Arguments& args, Ack ack) { ack("hello", args[0]); });
///     });
class Server {
 public:
  Server(engineio::Server& engine, const Options& options, Entropy& entropy);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// The namespace of this name ("/", "/chat"; the slash may be left out), made if it is new. "/"
  /// is always there.
  Namespace& of(std::string_view name);
  /// Namespaces made when a client asks for one that is not there and that the predicate takes.
  /// Parents are asked in the order of their making.
  ParentNamespace& of_dynamic(NamespacePredicate allow);
  /// … whose name matches a regular expression (ECMAScript's, found anywhere in the name unless it
  /// says "^" and "$"), whoever asks: `of()` with such a name gives a child of this parent, too.
  /// An error: it is none.
  [[nodiscard]] std::expected<ParentNamespace*, Error> of_matching(const std::string& pattern);
  /// … whose answer may come later.
  ParentNamespace& of_dynamic_async(NamespaceDecision decide);
  /// Null if there is none of this name, which begins with a slash.
  [[nodiscard]] Namespace* find_namespace(std::string_view name) const;
  /// A namespace was made, for a client or by `of()`. "/" is there before anybody can ask.
  void on_new_namespace(Callback<void(Namespace&)> handler) {
    using Handler = Callback<void(Namespace&)>;
    new_namespace_handlers_.push_back(std::make_unique<Handler>(std::move(handler)));
  }

  // The namespace "/".
  void use(Middleware middleware) { main().use(std::move(middleware)); }
  void on_connection(ConnectionHandler handler) { main().on_connection(std::move(handler)); }
  template <class... Args>
  void emit(std::string_view event, Args&&... args) {
    main().emit(event, std::forward<Args>(args)...);
  }
  template <class... Args>
  void emit(const Event<Args...>& event, const std::type_identity_t<Args>&... args) {
    main().emit(event, args...);
  }
  [[nodiscard]] BroadcastOperator to(std::string_view room) { return main().to(room); }
  [[nodiscard]] BroadcastOperator in(std::string_view room) { return main().to(room); }
  [[nodiscard]] BroadcastOperator except(std::string_view room) { return main().except(room); }
  [[nodiscard]] BroadcastOperator local() { return main().local(); }
  // NOLINTNEXTLINE(readability-identifier-naming): the word that Node has, which is a keyword.
  [[nodiscard]] BroadcastOperator volatile_() { return main().volatile_(); }
  [[nodiscard]] BroadcastOperator compress(bool yes) { return main().compress(yes); }
  [[nodiscard]] BroadcastOperator timeout(Duration time) { return main().timeout(time); }
  void fetch_sockets(FetchHandler handler) { main().fetch_sockets(std::move(handler)); }
  void sockets_join(std::string_view room) { main().sockets_join(room); }
  void sockets_leave(std::string_view room) { main().sockets_leave(room); }
  void disconnect_sockets(bool close = false) { main().disconnect_sockets(close); }
  template <class... Args>
  void server_side_emit(std::string_view event, Args&&... args) {
    main().server_side_emit(event, std::forward<Args>(args)...);
  }
  void on_server_side(std::string_view event, ServerSideHandler handler) {
    main().on_server_side(event, std::move(handler));
  }

  /// From now on this is one of several servers: what goes to rooms goes to those of all. `cluster`
  /// outlives the server. Call it once, before clients come.
  void join_cluster(Cluster& cluster);
  /// What it is called there; empty without a cluster.
  [[nodiscard]] std::string_view cluster_id() const;
  /// A message that came by way of the cluster.
  void handle_cluster(Instant now, ClusterMessage message);

  /// The time of the `handle_*` call (or of the last `set_now()`) that everything now done is done
  /// at.
  [[nodiscard]] Instant now() const { return now_; }
  void set_now(Instant now);

  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  /// Ends every socket ("server shutting down") and closes the connections, evenly over `window`:
  /// see `engineio::Server::shut_down`.
  void shut_down(Instant now, Duration window = {});

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t connection_count() const { return connections_.size(); }

 private:
  friend class ClusterNode;
  friend class Connection;
  friend class Namespace;
  friend class Socket;

  Namespace& main() { return of("/"); }
  /// The parent that takes this name whoever asks, if there is one.
  [[nodiscard]] ParentNamespace* find_parent(std::string_view name) const;
  /// Null when there are too many.
  [[nodiscard]] Namespace* make_child(ParentNamespace& parent, std::string_view name);
  [[nodiscard]] Connection* find_connection(engineio::SessionHandle session) const;
  void drop_missed(std::string_view name_space, const Audience& audience);
  /// What ended since the last time; nothing of it is on the stack when the host calls.
  void forget_ended();
  void end_empty_namespaces();
  /// By the parser of the options.
  [[nodiscard]] EncodedPacket encode(const PacketHead& head, Payload payload) const;
  [[nodiscard]] EncodedPacket encode(const PacketHead& head, std::string_view json) const;
  [[nodiscard]] std::optional<Packet> decode(const EncodedPacket& packet) const;
  /// Null: `Decoder` does.
  [[nodiscard]] std::unique_ptr<PacketDecoder> make_decoder() const;
  /// Where the events of a namespace begin to be counted in a cluster.
  [[nodiscard]] std::uint64_t chance_offset();
  void keep_until_timeout(std::shared_ptr<Socket> socket);
  void arm_ack_timeout(AckDeadline deadline, const std::shared_ptr<Socket>& socket);
  void forget_ack_timeout(AckDeadline deadline, const Socket& socket);

  engineio::Server& engine_;
  Options options_;
  Entropy& entropy_;
  Instant now_;
  Counters counters_;
  Recovery::Deadlines recovery_deadlines_;
  std::unique_ptr<ClusterNode> cluster_;  // null: alone
  std::vector<std::string> emptied_namespaces_;
  std::map<std::string, std::unique_ptr<Namespace>, std::less<>> namespaces_;
  std::vector<std::unique_ptr<ParentNamespace>> parents_;
  // Each by pointer: one that is being called may add others.
  std::vector<std::unique_ptr<Callback<void(Namespace&)>>> new_namespace_handlers_;
  std::size_t children_ = 0;
  bool drain_is_awaited_ = false;  // some socket has asked to hear of it
  DeadlineQueue<std::uint64_t> connect_timeouts_;
  // The socket in the key only tells apart the receivers of one broadcast; it is not followed.
  std::map<std::pair<AckDeadline, const Socket*>, std::weak_ptr<Socket>> ack_timeouts_;
  std::uint64_t next_ack_id_ = 0;
  PlaceTable<Connection> connections_;
  // Whoever has just sent to them may still use his reference: kept until `handle_timeout`, due at
  // once then.
  std::vector<std::unique_ptr<Connection>> ended_connections_;
  std::vector<std::shared_ptr<Socket>> ended_sockets_;
};

}  // namespace visavis::socketio
