#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/callback.hpp"
#include "base/linked_deadlines.hpp"
#include "base/place_table.hpp"
#include "base/shared_bytes.hpp"
#include "base/time.hpp"
#include "http/address_table.hpp"
#include "http/message.hpp"

namespace visavis::http {

class RequestReader;

/// What a peer may cost. A request over a limit is answered and its connection closed.
struct Limits {
  std::size_t header_bytes_max = 16'384;      ///< 431; what Node's server allows
  std::size_t body_bytes_max = 1'000'000;     ///< 413; a route may say otherwise
  std::size_t bodies_bytes_max = 64'000'000;  ///< 503; of all half-read bodies together
  std::size_t pipelined_bytes_max = 65'536;   ///< waiting behind an unanswered request
  std::size_t unsent_bytes_pause = 262'144;   ///< answers unsent, above which no request is begun
  std::size_t connections_max = 20'000;       ///< about what 2 GB hold when all are busy
  AddressLimit per_address{};                 ///< off: behind a proxy all have one address
  /// Null: the server counts by `per_address` itself. Otherwise this says what is too much, for all
  /// servers that share it.
  std::shared_ptr<AddressCounter> addresses = nullptr;
  Duration header_timeout = std::chrono::seconds(10);  ///< 408; slow senders of headers
  Duration body_timeout = std::chrono::seconds(60);    ///< 408; 1 MB at 17 kB/s
  Duration idle_timeout = std::chrono::seconds(15);    ///< between two requests
  Duration stall_timeout = std::chrono::seconds(30);   ///< an answer of which nothing more leaves
  Duration close_timeout = std::chrono::seconds(5);    ///< none of a closing one's last bytes left
  Duration upgrade_timeout = std::chrono::seconds(1);  ///< for upgrades that nobody wants; Node\'s
};

/// What happened since the start.
struct Counters {
  std::uint64_t connections = 0;
  std::uint64_t connections_refused = 0;  ///< `connections_max`
  std::uint64_t refused_per_address = 0;  ///< `AddressLimit::open_max`
  std::uint64_t refused_per_rate = 0;     ///< `AddressLimit::per_second`
  std::uint64_t requests = 0;
  std::uint64_t upgrades = 0;
  std::uint64_t aborted = 0;  ///< the client left before its answer
  std::uint64_t bad_requests = 0;
  std::uint64_t headers_too_big = 0;
  std::uint64_t bodies_too_big = 0;
  std::uint64_t bodies_refused = 0;  ///< `bodies_bytes_max` was reached
  std::uint64_t header_timeouts = 0;
  std::uint64_t body_timeouts = 0;
  std::uint64_t stalled = 0;
  std::uint64_t upgrades_unanswered = 0;  ///< closed at `upgrade_timeout`
  std::uint64_t pipelined_too_much = 0;
  std::uint64_t left = 0;     ///< connections given to another server: `Route::elsewhere`
  std::uint64_t adopted = 0;  ///< … and taken from one
};

/// What an upgraded connection talks to. Belongs to the server, which destroys it after
/// `handle_closed`.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// `bytes` are lent for the call.
  virtual void handle_bytes(Instant now, Bytes bytes) = 0;
  /// The connection is gone, by either side; comes exactly once.
  virtual void handle_closed(Instant now) = 0;
  /// All that was written has left for the peer.
  virtual void handle_drained(Instant now) = 0;
};

/// Called once a request has been read whole; it is answered by `respond`, now or later.
using Handler = Callback<void(Instant, RequestId, Request)>;

/// Who answers the requests under a prefix of the path.
struct Route {
  std::string path_prefix;
  Handler handle;
  /// Optional: hears of a request with a body when its header has come. It may answer already; the
  /// body is not read then and the connection ends.
  Callback<void(Instant, RequestId, const Request& head)> begin;
  std::optional<std::size_t> body_bytes_max;  ///< instead of `Limits::body_bytes_max`
  /// Optional, for several servers (a thread has one) behind one port: the number of the other one
  /// that has what this request is about. The connection goes there with all that it has sent.
  Callback<std::optional<std::size_t>(const Request& head)> elsewhere{};
  /// Whether requests for an upgrade are this route's to answer, when it likes. Those of others
  /// have `Limits::upgrade_timeout`.
  bool takes_upgrades = false;
};

/// An HTTP/1.1 server (RFC 9112) for many connections, without I/O.
///
/// A host drives it: `handle_open`, then `handle_bytes`, `handle_sent`, and at the end
/// `handle_closed` exactly once for each connection, whoever closed it. After each `handle_*` call,
/// and after calls from outside a handler (`respond`, `write`, `close`), drain `poll_output()` and
/// book `next_timeout()`. Requests of one connection are handled one after another. Handlers may
/// call anything here except `handle_*`. Time must not go back.
class Server {
 public:
  explicit Server(Limits limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Requests whose path starts with `path_prefix`; the longest prefix wins, without one it is 404.
  void route(std::string path_prefix, Handler handler);
  void route(Route route);

  /// Answers a request, once. An unknown id (its connection is gone) is ignored. No handler is
  /// called from within: what the client sent behind the request is handled later, at the earliest
  /// when the handler that answers has returned.
  void respond(Instant now, RequestId request, Response response);
  /// `aborted` is called if the client leaves before the answer. One for each request.
  void on_abort(RequestId request, Callback<void(Instant)> aborted);
  /// Whether the request still waits for its answer.
  [[nodiscard]] bool is_open(RequestId request) const;
  /// Answers with 101 and hands the connection over to `stream`, starting (when the answer has
  /// left) with the bytes that came behind the request. Ignored for an unknown id; false then.
  /// `first`, lent, is the first that `stream` writes: it leaves in one piece with the answer.
  bool upgrade(Instant now, RequestId request, Response switching, std::unique_ptr<Stream> stream,
               Bytes first = {});

  /// For upgraded connections; an unknown id is ignored.
  void write(Instant now, ConnectionId id, SharedBytes bytes);
  /// Closes an upgraded connection once the written bytes have left (or none have for
  /// `close_timeout`). Its stream hears `handle_closed` when it is gone, and nothing else any more.
  /// `peer_is_done`: by the stream's protocol the peer sends nothing after what has come, so nobody
  /// waits for its FIN.
  void close(Instant now, ConnectionId id, bool peer_is_done = false);
  /// Closes an upgraded connection now; what is unsent is lost.
  void drop(Instant now, ConnectionId id);
  /// Written and not yet reported as sent.
  [[nodiscard]] std::size_t unsent_bytes(ConnectionId id) const;

  /// Whether it was admitted. One that was not is to be closed without looking at what it says;
  /// the next drain tells of it, too.
  bool handle_open(Instant now, ConnectionId id, SocketAddress remote, bool secure);
  void handle_bytes(Instant now, ConnectionId id, Bytes bytes);
  /// `bytes` of what `poll_output` gave have been taken by the kernel.
  void handle_sent(Instant now, ConnectionId id, std::size_t bytes);
  /// The peer will send no more (FIN). A parked request counts as aborted; what is written still
  /// leaves, then the connection is closed. A host that does not tell FIN apart need not call it.
  void handle_end(Instant now, ConnectionId id);
  /// The connection is gone, by either side.
  void handle_closed(Instant now, ConnectionId id);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;

  struct Output {
    ConnectionId connection;
    std::vector<SharedBytes> bytes;  ///< in order, after all that was polled before
    bool then_close = false;         ///< close once all bytes have left, then call `handle_closed`
    bool at_once = false;            ///< with `then_close`: drop unsent bytes, do not wait
    bool peer_is_done = false;       ///< with `then_close`: the peer sends nothing any more
    /// It belongs to this other server: `release()` it here, `adopt()` it there.
    std::optional<std::size_t> leaves_for = std::nullopt;
  };
  /// A connection between two servers; may change threads.
  class Handover;
  /// Forgets a connection that leaves. Nothing if it has changed its mind (by ending) meanwhile.
  [[nodiscard]] std::optional<Handover> release(Instant now, ConnectionId id);
  /// Goes on with it under a new id. Stands for `handle_open`.
  void adopt(Instant now, ConnectionId id, Handover handover);
  [[nodiscard]] std::optional<Output> poll_output();

  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Connection;
  struct Requests;
  /// What a connection waits for, at most one thing at a time; the index of its queue.
  enum class Wait : std::uint8_t { kHeader, kBody, kIdle, kStall, kClose, kUpgrade, kNothing };

  [[nodiscard]] Connection* find(ConnectionId id) const;
  [[nodiscard]] Connection* find_open(RequestId request) const;
  [[nodiscard]] Route* route_of(std::string_view path) const;
  [[nodiscard]] static RequestId request_of(const Connection& connection);

  [[nodiscard]] Bytes advance(Instant now, Connection& connection, Bytes input);
  void resume(Instant now, Connection& connection);
  void keep_rest(Instant now, Connection& connection, Bytes rest);
  void begin_request(Instant now, Connection& connection);
  [[nodiscard]] bool read_request(Instant now, Connection& connection, Bytes& input);
  void handle_head(Instant now, Connection& connection);
  void handle_own_head(Instant now, Connection& connection);
  void leave(Instant now, Connection& connection, std::size_t to);
  void handle_request(Instant now, Connection& connection);
  void discard(Instant now, Connection& connection, std::size_t bytes);

  void answer(Instant now, Connection& connection, Response response);
  void refuse(Instant now, Connection& connection, unsigned status);
  void finish_request(Instant now, Connection& connection, bool close, bool unread);
  void count_refusal(unsigned status);
  void abort_request(Instant now, Connection& connection);
  void push(Connection& connection, SharedBytes bytes);
  void begin_close(Instant now, Connection& connection);
  void drop_connection(Instant now, Connection& connection);
  void release_reader(Connection& connection);
  /// Once an upgraded connection has none any more.
  void forget_requests(Connection& connection);
  void mark(Connection& connection);

  void wait_for(Instant now, Connection& connection, Wait wait);
  void wait_between_requests(Instant now, Connection& connection);
  void handle_expired(Instant now, Wait wait, Connection& connection);
  [[nodiscard]] bool has_room();
  [[nodiscard]] bool admits(Instant now, const IpAddress& address);

  Limits limits_;
  Counters counters_;
  std::shared_ptr<AddressCounter> addresses_;   // own, or shared with servers of other threads
  std::vector<std::unique_ptr<Route>> routes_;  ///< longest prefix first
  PlaceTable<Connection> connections_;
  std::array<LinkedDeadlines<Connection>, 6> waits_;
  std::deque<ConnectionId> changed_;  ///< have output to poll, once each
  std::deque<ConnectionId> refused_;
  std::size_t bodies_bytes_ = 0;
  /// Most requests come in one piece and are answered before the next one comes: one reader reads
  /// them all.
  std::unique_ptr<RequestReader> spare_reader_;
  std::unique_ptr<Requests> spare_requests_;  ///< the same for who is upgraded at once
};

class Server::Handover {
 public:
  Handover(Handover&& other) noexcept;
  Handover& operator=(Handover&& other) noexcept;
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  ~Handover();

  /// Of the client's, read or not yet: the request's header and body as far as they came, what came
  /// behind, and answers that have not left.
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  friend class Server;
  Handover(std::unique_ptr<Connection> connection, std::shared_ptr<AddressCounter> counted_by);

  std::unique_ptr<Connection> connection_;
  /// Of all servers together, which counts it on its way, too; null: nobody does.
  std::shared_ptr<AddressCounter> counted_by_;
};

}  // namespace visavis::http
