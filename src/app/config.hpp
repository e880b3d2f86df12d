#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "conference/options.hpp"
#include "engineio/options.hpp"
#include "http/server.hpp"
#include "net/http_host.hpp"
#include "net/udp_socket.hpp"
#include "sfu/media_worker.hpp"
#include "socketio/server.hpp"

namespace visavis::app {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

struct TlsConfig {
  bool self_signed = false;
  std::string certificate_file;
  std::string key_file;

  [[nodiscard]] bool enabled() const { return self_signed || !certificate_file.empty(); }
};

/// Who may read `/metrics`: it tells room names and who publishes what.
struct MetricsAccess {
  bool anyone = false;
  std::vector<IpAddress> addresses;  ///< Besides loopback.
};

/// All that `visavis serve` can be told, and what it does when told nothing.
struct Config {
  /// Where it listens; the defaults give way on a machine without IPv6.
  struct Endpoints {
    std::vector<SocketAddress> at;
    bool is_default = true;
  };

  Config();

  Endpoints http;
  Endpoints media;
  net::UdpSocket::Options media_sockets{.split_reports = true};
  std::vector<IpAddress> announce;  ///< Empty: what the interfaces have.
  std::string web;                  ///< Empty: where the build or the package puts the page.
  TlsConfig tls;
  MetricsAccess metrics;
  LogLevel log_level = LogLevel::kInfo;

  // The cores' own options; what depends on the machine is filled in when the server starts.
  conference::Options conference;
  http::Limits http_limits;
  net::HttpHost::Options http_host;
  engineio::Options engineio;
  socketio::Options socketio;
  sfu::MediaWorker::Options worker;
};

}  // namespace visavis::app
