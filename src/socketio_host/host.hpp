#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/address.hpp"
#include "base/callback.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "net/http_host.hpp"
#include "net/mailbox.hpp"
#include "net/reactor.hpp"
#include "net/system_entropy.hpp"
#include "socketio/server.hpp"
#include "socketio_host/metrics.hpp"
#include "socketio_host/timers.hpp"

namespace visavis::socketio {

struct HostOptions {
  /// `wall_clock_zero` is set by the host.
  Options socketio{};
  engineio::Options engineio = engineio_options();
  http::Limits http{};
  net::HttpHost::Options connections{};
  /// `ThreadedHost` only: what may wait for a thread from the others, some seconds of broadcasts.
  /// See `ThreadedHost::lost()` for what happens to more.
  std::size_t thread_backlog_bytes_max = 64'000'000;
  /// All counters as Prometheus reads them; nothing: not served.
  std::optional<MetricsOptions> metrics = std::nullopt;

  /// Engine.IO's defaults, under the path that Socket.IO's clients ask for.
  [[nodiscard]] static engineio::Options engineio_options();
};

/// A whole Socket.IO server on the network, in one thread: what Node's `new Server(3000)` is.
///
///     socketio::Host host;
///     host.io().on_connection([](socketio::Socket& socket) { … });
///     if (const auto port = host.listen(3000)) {
///       host.run();  // until SIGINT or SIGTERM
///     }
///
/// Inside somebody else's event loop: wait there until `fd()` is readable, then call `turn()`. Who
/// has called into `io()` from outside of a handler calls `turn()` next, too.
///
/// All handlers are called in the thread that turns; nothing here may be touched from another one
/// but `post()` and `stop()`. An exception that leaves a handler ends the program (`Callback`).
class Host {
 public:
  Host();
  explicit Host(HostOptions options);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  [[nodiscard]] Server& io() { return io_; }
  [[nodiscard]] engineio::Server& engine() { return engine_; }
  /// For pages and other answers beside Socket.IO's: `http().route(…)`.
  [[nodiscard]] http::Server& http() { return http_; }
  [[nodiscard]] net::Reactor& reactor() { return reactor_; }
  /// For what is about connections: counters, and how many there are.
  [[nodiscard]] net::HttpHost& connections() { return sockets_; }
  [[nodiscard]] const net::HttpHost& connections() const { return sockets_; }

  /// From now on the endpoints that have TLS give new connections this certificate; those there are
  /// keep theirs. The host keeps the context until the next call.
  void use_tls(std::shared_ptr<const tls::TlsContext> tls);

  /// On all interfaces, IPv4 and IPv6; port 0 takes a free one. Gives the port. With `tls`, which
  /// must outlive the host, all connections there are TLS.
  [[nodiscard]] std::expected<std::uint16_t, Error> listen(std::uint16_t port,
                                                           const tls::TlsContext* tls = nullptr);
  /// On 127.0.0.1 and ::1: "localhost" may mean either.
  [[nodiscard]] std::expected<std::uint16_t, Error> listen_loopback(
      std::uint16_t port, const tls::TlsContext* tls = nullptr);
  [[nodiscard]] std::expected<std::uint16_t, Error> listen(const SocketAddress& at,
                                                           const tls::TlsContext* tls = nullptr);

  /// Once, after `delay` (Node's setTimeout); every `period` (setInterval).
  TimerId after(Duration delay, Timers::Action action);
  TimerId every(Duration period, Timers::Action action);
  void cancel(TimerId timer) { timers_.cancel(timer); }

  /// Hands work over from any thread: it is called in the host's own, in the order of the posts.
  /// False: `kPostsMax` wait already, and it was not taken.
  [[nodiscard]] bool post(Callback<void()> work);
  /// A second of what a thread can do; more means that it does not keep up.
  static constexpr std::size_t kPostsMax = 65'536;

  /// What `HostOptions::metrics` serves, also without that.
  [[nodiscard]] HostCounters counters() const;
  using MetricsHandler = std::move_only_function<void(http::RequestId)>;
  /// Who answers for the metrics instead, because there is more to tell.
  void answer_metrics_by(MetricsHandler handler) { answer_metrics_ = std::move(handler); }

  /// Turns until `stop()`, or until `shut_down()` has ended; SIGINT and SIGTERM shut down. Call it
  /// before threads are started: they must not have the signals.
  void run() noexcept;
  /// What is to be done now, without waiting.
  void turn() noexcept;
  /// Readable when `turn()` has something to do, timers included.
  [[nodiscard]] int fd() const { return reactor_.fd(); }
  /// Every socket ends with "server shutting down" and can recover elsewhere; `run()` returns when
  /// that has left, or a second later. With a `window` they end evenly over it, so that their
  /// clients do not storm the next server. Called again, it stops at once.
  void shut_down(Duration window = {});
  /// Makes `run()` return; from any thread.
  void stop() { reactor_.stop(); }

 private:
  using Listened = std::expected<std::uint16_t, Error>;
  [[nodiscard]] Listened listen_both(const SocketAddress& v4, const IpAddress& v6,
                                     const tls::TlsContext* tls);
  void stop_when_idle(Instant latest);
  void take_posts(Instant now);
  void serve_metrics(const MetricsOptions& options);

  net::SystemEntropy entropy_;
  net::Reactor reactor_;
  http::Server http_;
  engineio::Server engine_;
  Server io_;
  Timers timers_;
  std::shared_ptr<const tls::TlsContext> tls_;  // lent to `sockets_`; shared with whoever made it
  net::HttpHost sockets_;
  MetricsHandler answer_metrics_;
  net::Mailbox<Callback<void()>> posts_{kPostsMax};
  net::Reactor::Watch posts_watch_;
  bool ending_ = false;
};

}  // namespace visavis::socketio
