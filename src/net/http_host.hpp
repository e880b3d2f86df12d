#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>

#include "base/address.hpp"
#include "base/error.hpp"
#include "net/reactor.hpp"
#include "tls/tls_context.hpp"

namespace visavis::http {
class Server;
}

namespace visavis::net {

struct TravellingConnection;

struct HttpHostCounters {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  std::uint64_t refused_limit = 0;          ///< Over `connections_max`: closed at once.
  std::uint64_t refused_no_descriptor = 0;  ///< EMFILE, ENFILE: closed at once.
  std::uint64_t refused_handshake = 0;      ///< TLS failed.
  std::uint64_t left = 0;                   ///< Given to another thread.
  std::uint64_t adopted = 0;                ///< Taken from one.
  std::uint64_t received_bytes = 0;         ///< On the wire, TLS included.
  std::uint64_t sent_bytes = 0;
};

/// Moves the bytes of an `http::Server`: listening sockets, connections, TLS. Registers the server
/// and itself with the reactor, so that every turn sends what the server has to say and wakes for
/// its deadlines; register what sits on the server (engineio, socketio) with `Reactor::drive` too.
///
/// Back-pressure: `handle_sent` tells the server what has left; a connection with more than
/// `unsent_bytes_high` waiting is not read until half of it has left.
class HttpHost {
 public:
  struct Options {
    /// Each costs two descriptors' worth of kernel memory and up to ~20 kB with TLS.
    std::size_t connections_max = 20'000;
    std::size_t unsent_bytes_high = std::size_t{1} << 20U;
    /// How long a connection we closed may take to read our last bytes.
    Duration linger = std::chrono::seconds(2);
    /// Several hosts (a thread has one) listen on the same port, and the kernel deals out.
    bool share_port = false;
  };

  HttpHost(Reactor& reactor, http::Server& server, Options options);
  HttpHost(Reactor& reactor, http::Server& server) : HttpHost(reactor, server, Options{}) {}
  HttpHost(const HttpHost&) = delete;
  HttpHost& operator=(const HttpHost&) = delete;
  ~HttpHost();

  /// Listens; port 0 takes a free one. With `tls` (which must outlive the host, or
  /// the next `use_tls`) all connections of
  /// this endpoint are TLS. Returns the real address.
  [[nodiscard]] std::expected<SocketAddress, Error> listen(const SocketAddress& at,
                                                           const tls::TlsContext* tls = nullptr);
  /// From now on the endpoints that have TLS give new connections this context, with a new
  /// certificate, say. Those there are keep what they began with, which may be destroyed then.
  void use_tls(const tls::TlsContext& tls);
  /// Accepts nobody any more; connections go on.
  void stop_listening();
  /// Whether every connection is gone or has nothing left to send.
  [[nodiscard]] bool idle() const;

  /// For several hosts, a thread each. `choose` is asked about each accepted connection: which of
  /// the others takes it, or nothing. `leave` brings one there, which then calls `adopt`; false:
  /// the way is full, and the connection is closed.
  struct Neighbours {
    std::move_only_function<std::optional<std::size_t>()> choose;
    std::move_only_function<bool(std::size_t to, std::unique_ptr<TravellingConnection>)> leave;
  };
  void set_neighbours(Neighbours neighbours);
  /// Call it in a turn of the reactor.
  void adopt(Instant now, std::unique_ptr<TravellingConnection> connection);

  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] HttpHostCounters counters() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace visavis::net
