#pragma once

#include <expected>
#include <vector>

#include "app/config.hpp"
#include "app/log.hpp"
#include "app/media_link.hpp"
#include "app/metrics_page.hpp"
#include "base/error.hpp"
#include "conference/call_service.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "http/static_files.hpp"
#include "net/http_host.hpp"
#include "net/reactor.hpp"
#include "net/system_entropy.hpp"
#include "socketio/server.hpp"
#include "tls/tls_context.hpp"
#include "whip/endpoint.hpp"

namespace visavis::app {

/// The signalling thread's cores, from the TCP sockets up to the calls, wired to each other and to
/// the media thread's mailboxes.
class Signalling {
 public:
  struct Wiring {
    net::Reactor& reactor;
    MediaLink& media;
    const Log& log;
  };

  /// `config.conference` is complete. All that `wiring` names outlives it.
  Signalling(const Wiring& wiring, const Config& config, http::StaticFiles page);
  Signalling(const Signalling&) = delete;
  Signalling& operator=(const Signalling&) = delete;
  ~Signalling() = default;

  [[nodiscard]] std::expected<SocketAddress, Error> listen(const SocketAddress& at,
                                                           const tls::TlsContext* tls) {
    return host_.listen(at, tls);
  }

  /// For new connections; see `net::HttpHost::use_tls`.
  void use_tls(const tls::TlsContext& tls) { host_.use_tls(tls); }

  /// Tells everybody that the server ends, closes the sessions over up to two seconds, so that they
  /// do not all come back at once, and stops the reactor when the last has had half a second to
  /// hear it. Asked again, it stops now.
  void shut_down(Instant now);

 private:
  void serve_page();
  void handle_media(Instant now, FromMedia message);
  void log_event(const sfu::Event& event) const;
  void log_command(const sfu::Command& command) const;
  void log_notices();
  void move_commands(Instant now);
  void stop_when_heard(Instant now);
  [[nodiscard]] Instant next_timeout() const;

  Wiring wiring_;
  http::StaticFiles page_;
  net::SystemEntropy entropy_;
  http::Server http_;
  /// Before `host_`, for cores are drained in the order of registration: a client that has its
  /// answer checks at once, and the worker must know it by then.
  struct CommandMover {
    CommandMover(net::Reactor& reactor, Signalling& of);
  } commands_first_;
  net::HttpHost host_;
  engineio::Server engineio_;
  socketio::Server socketio_;
  conference::CallService calls_;
  whip::Endpoint whip_;
  MetricsPage metrics_;
  net::Reactor::Watch media_watch_;
  Instant commands_again_at_ = kNever;
  Instant stop_at_ = kNever;
};

}  // namespace visavis::app
