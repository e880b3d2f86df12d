#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/metrics_writer.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "net/http_host.hpp"
#include "socketio/server.hpp"

namespace visavis::socketio {

/// Who may read the metrics of a `Host`, and where.
struct MetricsOptions {
  std::string path = "/metrics";
  /// Otherwise loopback alone, and of that only what `is_direct`. Behind a proxy on this machine
  /// that adds none of those fields, close the path there: to us its clients are this machine.
  bool anyone = false;
};

/// All that one server counts, as of now; those of several threads can be added.
struct HostCounters {
  http::Counters http{};
  net::HttpHostCounters connections{};
  engineio::Counters engineio{};
  Counters socketio{};
  std::uint64_t sessions = 0;

  [[nodiscard]] static HostCounters of(const http::Server& http, const net::HttpHost& connections,
                                       const engineio::Server& engineio, const Server& io);
  HostCounters& operator+=(const HostCounters& other);
};

/// The families of HTTP, Engine.IO and Socket.IO, all beginning with "visavis_".
void write_metrics(MetricsWriter& out, const HostCounters& counters);
/// One thread of a `ThreadedHost`.
struct ThreadLoad {
  std::size_t connections = 0;
  std::size_t backlog_bytes = 0;
};
/// What all of them count together.
struct ThreadsCounters {
  std::uint64_t lost = 0;             ///< `ThreadedHost::lost()`
  std::uint64_t scrapes_refused = 0;  ///< asked for the metrics while many others waited for them
};
void write_thread_metrics(MetricsWriter& out, std::span<const ThreadLoad> threads,
                          const ThreadsCounters& counters);

/// Whether the request has none of the fields by which a proxy says that it passes it on for
/// somebody else: Forwarded (RFC 7239), Via (RFC 9110 §7.6.3), X-Forwarded-For, X-Real-IP. Not
/// every proxy adds one: nginx does none of it unless `proxy_set_header` says so.
[[nodiscard]] bool is_direct(const http::Request& request);
/// The page, as Prometheus reads it.
[[nodiscard]] http::Response metrics_response(std::string_view text);

}  // namespace visavis::socketio
