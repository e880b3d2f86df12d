#include "net/http_host.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <list>
#include <system_error>
#include <utility>
#include <vector>

#include "base/place_table.hpp"
#include "http/server.hpp"
#include "net/listening_socket.hpp"
#include "net/socket_address.hpp"
#include "net/tcp_connection.hpp"
#include "net/travelling_connection.hpp"

namespace visavis::net {
namespace {

using http::ConnectionId;

/// New connections accepted before the others get their turn.
constexpr int kAcceptsPerTurn = 64;
/// One read: a large polling body in few turns, and no connection holds up the others.
constexpr std::size_t kReadBytes = 65'536;
/// How long to leave a listener alone when the kernel has no memory for a connection.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

FileDescriptor reserve_descriptor() {
  return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

struct HttpHost::Parts {
  struct Listener {
    FileDescriptor socket;
    const tls::TlsContext* tls = nullptr;
    Reactor::Watch watch;
  };
  struct Connection {
    enum class Phase : std::uint8_t {
      kOpen,
      kClosing,    // The server wants it closed once all has left.
      kLingering,  // The server has forgotten it; the peer may still be reading.
    };

    Connection(ConnectionId its_id, TcpConnection its_tcp) : tcp(std::move(its_tcp)), id(its_id) {}
    [[nodiscard]] ConnectionId key() const { return id; }

    TcpConnection tcp;
    ConnectionId id;
    Reactor::Watch watch;
    Phase phase = Phase::kOpen;
    bool peer_ended = false;
    bool peer_is_done = false;  // Sends nothing any more, though it may not have ended.
    bool reading_paused = false;
    bool touched = false;
  };

  Parts(Reactor& its_reactor, http::Server& its_server, Options its_options)
      : reactor(its_reactor), server(its_server), options(its_options) {}

  void accept_ready(Instant now, Listener& listener);
  [[nodiscard]] bool accept_failed(Instant now, Listener& listener, int error);
  void pause_accepting(Instant now, Listener& listener);
  void open(Instant now, FileDescriptor socket, const SocketAddress& remote,
            const tls::TlsContext* tls);
  Connection& insert(ConnectionId id, TcpConnection tcp);
  void watch(Connection& connection);
  void send_away(Instant now, ConnectionId id, std::size_t to);
  void bring(std::size_t to, std::unique_ptr<TravellingConnection> travelling);
  void adopt(Instant now, std::unique_ptr<TravellingConnection> travelling);
  void connection_ready(Instant now, Connection& connection, Ready ready);
  /// Returns whether the connection is still there.
  [[nodiscard]] bool read(Instant now, Connection& connection, Ready ready);
  void write(Instant now, Connection& connection);
  void end(Instant now, Connection& connection);
  void drop(Instant now, ConnectionId id);
  /// Its place is free from now on.
  std::unique_ptr<Connection> remove(ConnectionId id);
  void set_interest(Connection& connection) const;
  [[nodiscard]] bool drain(Instant now);
  void apply(Instant now, http::Server::Output output);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;

  Reactor& reactor;
  http::Server& server;
  Options options;
  Neighbours neighbours;
  HttpHostCounters counters;
  std::list<Listener> listeners;  // A list: handlers keep references.
  PlaceTable<Connection> connections;
  PlaceKeys ids;
  std::vector<ConnectionId> touched;
  std::deque<std::pair<Instant, ConnectionId>> lingering;  // Oldest first: all linger as long.
  Instant accept_again_at = kNever;
  FileDescriptor reserve = reserve_descriptor();
  Buffer scratch = Buffer(kReadBytes);
};

void HttpHost::Parts::accept_ready(Instant now, Listener& listener) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    KernelAddress from;
    from.length = sizeof(from.storage);
    FileDescriptor socket(::accept4(listener.socket.value(), from.pointer(), &from.length,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) {
      if (!accept_failed(now, listener, errno)) {
        return;
      }
      continue;
    }
    if (connections.size() >= options.connections_max) {
      ++counters.refused_limit;
      continue;
    }
    open(now, std::move(socket), from_kernel(*from.pointer()).value_or(SocketAddress{}),
         listener.tls);
  }
}

/// Whether to go on accepting.
bool HttpHost::Parts::accept_failed(Instant now, Listener& listener, int error) {
  switch (error) {
    case EAGAIN: return false;
    case EMFILE:
    case ENFILE: {
      // Left in the backlog it would wake us for ever: one descriptor is kept to shed it with.
      reserve.reset();
      FileDescriptor shed(::accept4(listener.socket.value(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!shed.is_open()) {
        pause_accepting(now, listener);
        return false;
      }
      shed.reset();
      reserve = reserve_descriptor();
      ++counters.refused_no_descriptor;
      return true;
    }
    case ENOBUFS:
    case ENOMEM: pause_accepting(now, listener); return false;
    default: return true;  // The connection died in the backlog.
  }
}

void HttpHost::Parts::pause_accepting(Instant now, Listener& listener) {
  listener.watch.set(Interest::kNone);
  accept_again_at = now + kAcceptPause;
}

void HttpHost::Parts::open(Instant now, FileDescriptor socket, const SocketAddress& remote,
                           const tls::TlsContext* tls) {
  ++counters.accepted;
  TcpConnection tcp(std::move(socket), tls);
  const auto other = neighbours.choose ? neighbours.choose() : std::nullopt;
  if (other) {
    bring(*other, std::make_unique<TravellingConnection>(TravellingConnection{
                      .tcp = std::move(tcp), .remote = remote, .secure = tls != nullptr}));
    return;
  }
  const ConnectionId id(ids.take());
  Connection& connection = insert(id, std::move(tcp));
  if (!server.handle_open(now, id, remote, tls != nullptr)) {
    return;  // Dropped when this turn settles. To answer its TLS would cost more than a request.
  }
  // The client speaks first, and most have done so by now. What comes later is told by the watch.
  if (read(now, connection, {.read = true})) {
    watch(connection);
    write(now, connection);
  }
}

HttpHost::Parts::Connection& HttpHost::Parts::insert(ConnectionId id, TcpConnection tcp) {
  return connections.insert(std::make_unique<Connection>(id, std::move(tcp)));
}

void HttpHost::Parts::watch(Connection& connection) {
  // The watch goes with the connection.
  connection.watch = reactor.watch_edges(
      connection.tcp.fd(), connection.peer_ended ? Interest::kNone : Interest::kRead,
      [this, &connection](Instant at, Ready ready) { connection_ready(at, connection, ready); });
}

void HttpHost::Parts::send_away(Instant now, ConnectionId id, std::size_t to) {
  auto request = server.release(now, id);
  if (!request) {
    return;
  }
  const std::unique_ptr<Connection> leaves = remove(id);
  leaves->watch.drop();
  auto travelling =
      std::make_unique<TravellingConnection>(TravellingConnection{.tcp = std::move(leaves->tcp),
                                                                  .remote = {},
                                                                  .peer_ended = leaves->peer_ended,
                                                                  .request = std::move(request)});
  bring(to, std::move(travelling));
}

void HttpHost::Parts::bring(std::size_t to, std::unique_ptr<TravellingConnection> travelling) {
  if (neighbours.leave && neighbours.leave(to, std::move(travelling))) {
    ++counters.left;
  } else {
    ++counters.refused_limit;
  }
}

void HttpHost::Parts::adopt(Instant now, std::unique_ptr<TravellingConnection> travelling) {
  if (connections.size() >= options.connections_max) {
    ++counters.refused_limit;
    return;
  }
  ++counters.adopted;
  const ConnectionId id(ids.take());
  Connection& connection = insert(id, std::move(travelling->tcp));
  watch(connection);
  connection.peer_ended = travelling->peer_ended;
  if (auto request = std::move(travelling->request)) {
    server.adopt(now, id, *std::move(request));
  } else {
    server.handle_open(now, id, travelling->remote, travelling->secure);
  }
  if (connection.peer_ended) {
    server.handle_end(now, id);
  }
  connection.touched = true;  // What had not left when it came leaves now.
  touched.push_back(id);
}

void HttpHost::Parts::connection_ready(Instant now, Connection& connection, Ready ready) {
  if (ready.read && !read(now, connection, ready)) {
    return;
  }
  write(now, connection);
}

bool HttpHost::Parts::read(Instant now, Connection& connection, Ready ready) {
  const ConnectionId id = connection.id;
  if (connection.peer_ended) {
    drop(now, id);  // Woken without having asked: a reset.
    return false;
  }
  const bool listens = connection.phase == Connection::Phase::kOpen;
  const auto take = [&](Bytes bytes) {
    if (listens) {
      server.handle_bytes(now, id, bytes);
    }
  };
  // By reference: the function itself would be put on the heap, at each read.
  const auto result = connection.tcp.read(scratch, counters.received_bytes, std::ref(take));
  switch (result) {
    case TcpConnection::ReadResult::kMore:
    case TcpConnection::ReadResult::kOpen:
      if (connection.watch.is_set() &&
          (ready.ended || result == TcpConnection::ReadResult::kMore)) {
        connection.watch.again();
      }
      return true;
    case TcpConnection::ReadResult::kEnded: break;
    case TcpConnection::ReadResult::kFailed:
      counters.refused_handshake += connection.tcp.tls_failed() ? 1U : 0U;
      static_cast<void>(connection.tcp.write(counters.sent_bytes));  // The alert, if TLS has one.
      drop(now, id);
      return false;
  }
  if (connection.phase == Connection::Phase::kLingering) {
    drop(now, id);
    return false;
  }
  connection.peer_ended = true;
  if (listens) {
    server.handle_end(now, id);
  }
  return true;
}

void HttpHost::Parts::write(Instant now, Connection& connection) {
  const ConnectionId id = connection.id;
  const bool closes = connection.phase == Connection::Phase::kClosing;
  const auto left = connection.tcp.write(counters.sent_bytes, closes);
  if (!left) {
    drop(now, id);
    return;
  }
  if (*left > 0 && connection.phase != Connection::Phase::kLingering) {
    server.handle_sent(now, id, *left);
  }
  if (closes && connection.tcp.unsent_bytes() == 0) {
    end(now, connection);
    return;
  }
  set_interest(connection);
}

/// All has left: says so to the peer, and waits for it to have read it. Closing with bytes of the
/// peer unread would reset the connection and could take our last answer with it; one that sends
/// nothing any more is not waited for.
void HttpHost::Parts::end(Instant now, Connection& connection) {
  const ConnectionId id = connection.id;
  // TLS has a goodbye of its own, in both directions.
  const bool secure = connection.tcp.is_secure();
  if (connection.peer_ended || (connection.peer_is_done && !secure)) {
    if (secure) {
      connection.tcp.end(counters.sent_bytes);
    }
    drop(now, id);
    return;
  }
  connection.tcp.end(counters.sent_bytes);
  server.handle_closed(now, id);
  connection.phase = Connection::Phase::kLingering;
  lingering.emplace_back(now + options.linger, id);
  connection.reading_paused = false;
  set_interest(connection);
}

void HttpHost::Parts::drop(Instant now, ConnectionId id) {
  std::unique_ptr<Connection> dropped = remove(id);
  if (!dropped) {
    return;
  }
  const bool server_knows = dropped->phase != Connection::Phase::kLingering;
  dropped->watch.forget();
  dropped.reset();  // Its descriptor may be the one that was missing.
  if (!reserve.is_open()) {
    reserve = reserve_descriptor();
  }
  if (server_knows) {
    server.handle_closed(now, id);
  }
}

std::unique_ptr<HttpHost::Parts::Connection> HttpHost::Parts::remove(ConnectionId id) {
  std::unique_ptr<Connection> removed = connections.extract(id);
  if (removed) {
    ids.give_back(id.value());
  }
  return removed;
}

void HttpHost::Parts::set_interest(Connection& connection) const {
  const std::size_t unsent = connection.tcp.unsent_bytes();
  if (unsent > options.unsent_bytes_high) {
    connection.reading_paused = true;
  } else if (unsent <= options.unsent_bytes_high / 2) {
    connection.reading_paused = false;
  }
  const bool reads = !connection.peer_ended && !connection.reading_paused;
  const bool writes = connection.tcp.is_blocked();
  if (reads) {
    connection.watch.set(writes ? Interest::kReadWrite : Interest::kRead);
  } else {
    connection.watch.set(writes ? Interest::kWrite : Interest::kNone);
  }
}

bool HttpHost::Parts::drain(Instant now) {
  bool moved = false;
  while (auto output = server.poll_output()) {
    apply(now, std::move(*output));
    moved = true;
  }
  // By index: it may grow while it is walked.
  for (std::size_t i = 0; i < touched.size(); ++i) {  // NOLINT(modernize-loop-convert)
    if (Connection* const connection = connections.find(touched[i])) {
      connection->touched = false;
      write(now, *connection);
    }
  }
  touched.clear();  // Keeps its memory for the next turn.
  return moved;
}

void HttpHost::Parts::apply(Instant now, http::Server::Output output) {
  Connection* const found = connections.find(output.connection);
  if (found == nullptr) {
    return;
  }
  Connection& connection = *found;
  if (output.then_close && output.at_once) {
    drop(now, output.connection);
    return;
  }
  connection.tcp.queue(std::move(output.bytes));
  if (output.then_close && connection.phase == Connection::Phase::kOpen) {
    connection.phase = Connection::Phase::kClosing;
    connection.peer_is_done = output.peer_is_done;
  }
  if (output.leaves_for) {
    send_away(now, output.connection, *output.leaves_for);
    return;
  }
  // Written when all outputs are known: many small ones become one system call.
  if (!std::exchange(connection.touched, true)) {
    touched.push_back(output.connection);
  }
}

void HttpHost::Parts::handle_timeout(Instant now) {
  while (!lingering.empty() && lingering.front().first <= now) {
    drop(now, lingering.front().second);
    lingering.pop_front();
  }
  if (accept_again_at <= now) {
    accept_again_at = kNever;
    for (Listener& listener : listeners) {
      listener.watch.set(Interest::kRead);
    }
  }
}

Instant HttpHost::Parts::next_timeout() const {
  const Instant linger_end = lingering.empty() ? kNever : lingering.front().first;
  return std::min(linger_end, accept_again_at);
}

HttpHost::HttpHost(Reactor& reactor, http::Server& server, Options options)
    : parts_(std::make_unique<Parts>(reactor, server, options)) {
  Parts& parts = *parts_;
  reactor.drive(server, [&parts](Instant now) { return parts.drain(now); });
  reactor.drive(parts);
}

HttpHost::~HttpHost() = default;

std::expected<SocketAddress, Error> HttpHost::listen(const SocketAddress& at,
                                                     const tls::TlsContext* tls) {
  Parts& parts = *parts_;
  auto socket = listening_socket(at, parts.options.share_port);
  if (!socket) {
    return std::unexpected(socket.error());
  }
  Parts::Listener& listener = parts.listeners.emplace_back();
  listener.socket = std::move(*socket);
  listener.tls = tls;
  listener.watch =
      parts.reactor.watch(listener.socket.value(), Interest::kRead,
                          [&](Instant now, Ready) { parts.accept_ready(now, listener); });
  return bound_address(listener.socket.value());
}

void HttpHost::use_tls(const tls::TlsContext& tls) {
  for (Parts::Listener& listener : parts_->listeners) {
    listener.tls = listener.tls == nullptr ? nullptr : &tls;
  }
}

void HttpHost::stop_listening() {
  parts_->listeners.clear();
}

bool HttpHost::idle() const {
  bool idle = true;
  parts_->connections.visit([&](const Parts::Connection& connection) {
    idle = idle && connection.tcp.unsent_bytes() == 0;
  });
  return idle;
}

void HttpHost::set_neighbours(Neighbours neighbours) {
  parts_->neighbours = std::move(neighbours);
}

void HttpHost::adopt(Instant now, std::unique_ptr<TravellingConnection> connection) {
  parts_->adopt(now, std::move(connection));
}

std::size_t HttpHost::connections() const {
  return parts_->connections.size();
}

HttpHostCounters HttpHost::counters() const {
  HttpHostCounters counters = parts_->counters;
  counters.open = parts_->connections.size();
  return counters;
}

}  // namespace visavis::net
