#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "base/callback.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "socketio_host/host.hpp"

namespace visavis::socketio {

/// A Socket.IO server on several threads, each with a `Host` of its own; nothing is shared, and no
/// balancer need keep a client on one of them.
///
///     socketio::ThreadedHost hosts(4, HostOptions(), [](socketio::Host& host) {
///       host.io().on_connection([](socketio::Socket& socket) { … });
///     });
///     if (const auto port = hosts.listen(3000)) {
///       hosts.run();  // until SIGINT or SIGTERM
///     }
///
/// A client lives on one thread: the handlers of its sockets are called there, and what they touch
/// besides must be safe for that. A request that reaches another thread is brought to its own,
/// connection and all. The threads are a cluster: broadcasts, `fetch_sockets()`,
/// `server_side_emit()` and their like reach the sockets of all. Connection state recovery finds a
/// session whichever thread its client comes back to: it moves there, `Socket::data()` included.
/// `HostOptions::metrics` tells of all threads together. The limits of an address
/// (`per_address`, of connections and of sessions) hold for all threads together; all other limits
/// are those of each thread.
class ThreadedHost {
 public:
  /// Called for each host before anything runs, in the calling thread.
  using SetUp = std::function<void(Host&)>;

  /// `threads`: 1 to 64 (`engineio::Shard::kCountMax`).
  ThreadedHost(std::size_t threads, const HostOptions& options, const SetUp& set_up);
  ThreadedHost(const ThreadedHost&) = delete;
  ThreadedHost& operator=(const ThreadedHost&) = delete;
  ~ThreadedHost();

  /// As `Host` does; before `run()`.
  [[nodiscard]] std::expected<std::uint16_t, Error> listen(std::uint16_t port,
                                                           const tls::TlsContext* tls = nullptr);
  [[nodiscard]] std::expected<std::uint16_t, Error> listen_loopback(
      std::uint16_t port, const tls::TlsContext* tls = nullptr);

  /// Runs all threads (the calling one is the first) until `stop()`, SIGINT or SIGTERM; then every
  /// socket ends with "server shutting down", and it returns when that has left. Call it before
  /// other threads are started: they must not have the signals.
  void run() noexcept;
  /// The same end as a signal; from any thread.
  void stop() { shut_down(); }
  /// As `Host::shut_down` on all threads; from any thread.
  void shut_down(Duration window = {});
  /// As `Host::use_tls` on all threads, which come to it one after another; from any thread. False:
  /// one of them does not keep up and has the old.
  [[nodiscard]] bool use_tls(const std::shared_ptr<const tls::TlsContext>& tls);
  /// Work for one thread (below `threads()`): see `Host::post`.
  [[nodiscard]] bool post(std::size_t thread, Callback<void()> work);

  [[nodiscard]] std::size_t threads() const { return shards_.size(); }
  /// Messages between threads that found no room in `HostOptions::thread_backlog_bytes_max` (a
  /// thread that does not keep up), and so were lost. Nobody misses one without being told: a
  /// connection among them was closed; whoever asked hears of a server that is missing; and the
  /// sockets there that an event was for end with "transport error" and cannot recover. Only a
  /// `server_side_emit()` without an ack, and what is volatile, is counted here and no more.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  class Shard;
  class Way;
  using Listened = std::expected<std::uint16_t, Error>;
  using Listen = std::function<Listened(Host&, std::uint16_t)>;
  struct Scrape;
  void gather_metrics(std::size_t thread, http::RequestId request);
  void answer_metrics(Scrape& scrape);
  [[nodiscard]] Listened listen_all(std::uint16_t port, const Listen& listen);

  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::size_t> scrapes_ = 0;  // under way
  std::atomic<std::uint64_t> scrapes_refused_ = 0;
};

}  // namespace visavis::socketio
