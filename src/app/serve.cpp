#include "app/serve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/candidates.hpp"
#include "app/files.hpp"
#include "app/log.hpp"
#include "app/media_link.hpp"
#include "app/media_thread.hpp"
#include "app/page.hpp"
#include "app/signalling.hpp"
#include "app/version.hpp"
#include "dtls/identity.hpp"
#include "net/clock.hpp"
#include "net/descriptor_limit.hpp"
#include "net/interfaces.hpp"
#include "net/reactor.hpp"
#include "net/signals.hpp"
#include "net/system_entropy.hpp"
#include "net/udp_socket.hpp"
#include "tls/tls_context.hpp"

namespace visavis::app {
namespace {

std::vector<SocketAddress> usable(const Config::Endpoints& endpoints) {
  std::vector<SocketAddress> at = endpoints.at;
  if (endpoints.is_default && !net::has_ipv6()) {
    std::erase_if(at, [](const SocketAddress& address) { return !address.ip.is_v4(); });
  }
  return at;
}

std::expected<std::vector<net::UdpSocket>, Error> open_media(const Config& config) {
  std::vector<net::UdpSocket> sockets;
  for (const SocketAddress& at : usable(config.media)) {
    auto socket = net::UdpSocket::open(at, config.media_sockets);
    if (!socket) {
      return std::unexpected(socket.error());
    }
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

std::vector<SocketAddress> candidates_of(const Config& config,
                                         const std::vector<net::UdpSocket>& sockets) {
  std::vector<SocketAddress> bound;
  bound.reserve(sockets.size());
  for (const net::UdpSocket& socket : sockets) {
    bound.push_back(socket.local());
  }
  const bool chosen = !config.announce.empty();
  return media_candidates(bound, chosen ? config.announce : net::interface_addresses(), chosen);
}

std::expected<tls::TlsContext, Error> make_tls(const TlsConfig& config) {
  if (config.self_signed) {
    std::vector<std::string> names = {"localhost", "::1"};
    for (const IpAddress& ip : net::interface_addresses()) {
      names.push_back(ip.to_string());
    }
    return tls::TlsContext::self_signed({.names = names, .unix_now = net::unix_seconds()});
  }
  const auto chain = read_file(config.certificate_file);
  if (!chain) {
    return std::unexpected(chain.error());
  }
  const auto key = read_file(config.key_file);
  if (!key) {
    return std::unexpected(key.error());
  }
  return tls::TlsContext::from_pem(*chain, *key);
}

std::expected<http::StaticFiles, Error> page_of(const Config& config, const Log& log) {
  const std::string directory = config.web.empty() ? find_page() : config.web;
  if (directory.empty()) {
    log.warning("page_missing", {{"hint", "build it, or say where it is with --web"}});
    return missing_page();
  }
  return load_page(directory);
}

/// What can be opened in a browser; a wildcard address cannot.
std::vector<SocketAddress> reachable(const SocketAddress& bound) {
  if (!bound.ip.is_unspecified()) {
    return {bound};
  }
  std::vector<SocketAddress> all;
  for (const IpAddress& ip : net::interface_addresses()) {
    if (ip.is_v4() == bound.ip.is_v4()) {
      all.push_back({.ip = ip, .port = bound.port});
    }
  }
  return all;
}

void announce_ready(const std::vector<SocketAddress>& bound, bool secure) {
  for (const SocketAddress& at : bound) {
    for (const SocketAddress& address : reachable(at)) {
      std::fputs(
          fmt::format("ready {}://{}/\n", secure ? "https" : "http", address.to_string()).c_str(),
          stdout);
    }
  }
  std::fflush(stdout);
}

void complete(Config& config, const dtls::Identity& identity,
              const std::vector<net::UdpSocket>& sockets) {
  config.conference.fingerprint = identity.fingerprint();
  config.conference.candidates = candidates_of(config, sockets);
  config.worker.streams_per_peer_max = config.conference.limits.streams_per_participant;
  config.http_host.connections_max = config.http_limits.connections_max;
  // A message carries an offer as JSON text, where a quote may cost two bytes.
  config.engineio.max_payload =
      std::max(config.engineio.max_payload, config.conference.limits.offer_bytes * 2);
}

std::expected<std::vector<SocketAddress>, Error> listen(Signalling& signalling,
                                                        const Config& config,
                                                        const tls::TlsContext* tls) {
  std::vector<SocketAddress> bound;
  for (const SocketAddress& at : usable(config.http)) {
    const auto address = signalling.listen(at, tls);
    if (!address) {
      return std::unexpected(address.error());
    }
    bound.push_back(*address);
  }
  return bound;
}

bool has_tls_files(const Config& config) {
  return !config.tls.certificate_file.empty();
}

/// New connections get the certificate that is there now; a bad one changes nothing.
void reload_tls(const TlsConfig& config, const Log& log, Signalling& signalling,
                std::unique_ptr<tls::TlsContext>& tls) {
  auto made = make_tls(config);
  if (!made) {
    log.warning("tls_not_reloaded", {{"reason", made.error().text}});
    return;
  }
  auto fresh = std::make_unique<tls::TlsContext>(std::move(*made));
  signalling.use_tls(*fresh);
  tls = std::move(fresh);
  log.info("tls_reloaded");
}

void log_start(const Log& log, const Config& config, const std::vector<net::UdpSocket>& sockets) {
  log.info("starting", {{"version", kVersion}});
  for (const net::UdpSocket& socket : sockets) {
    log.info("media_socket", {{"address", socket.local().to_string()},
                              {"send_offload", socket.send_offload() ? "yes" : "no"},
                              {"receive_offload", socket.receive_offload() ? "yes" : "no"}});
  }
  for (const SocketAddress& candidate : config.conference.candidates) {
    log.info("announcing", {{"address", candidate.to_string()}});
  }
}

void prepare_process(const Config& config) {
  net::block_signals({SIGTERM, SIGINT});
  if (has_tls_files(config)) {
    net::block_signals({SIGHUP});  // otherwise the end of its terminal is its end
  }
  std::signal(SIGPIPE, SIG_IGN);  // A reader of our output may leave; calls go on.
  net::raise_descriptor_limit();
}

}  // namespace

std::expected<void, Error> serve(Config config) {
  prepare_process(config);
  const Log log(config.log_level, standard_error());
  auto page = page_of(config, log);
  if (!page) {
    return std::unexpected(page.error());
  }
  std::unique_ptr<tls::TlsContext> tls;
  if (config.tls.enabled()) {
    auto made = make_tls(config.tls);
    if (!made) {
      return std::unexpected(made.error());
    }
    tls = std::make_unique<tls::TlsContext>(std::move(*made));
  }
  auto sockets = open_media(config);
  if (!sockets) {
    return std::unexpected(sockets.error());
  }
  net::SystemEntropy entropy;
  dtls::Identity identity = dtls::Identity::make(entropy);
  complete(config, identity, *sockets);

  MediaLink media;
  net::Reactor reactor;
  Signalling signalling({.reactor = reactor, .media = media, .log = log}, config, std::move(*page));
  const auto bound = listen(signalling, config, tls.get());
  if (!bound) {
    return std::unexpected(bound.error());
  }
  const net::SignalWatch signals(reactor, {SIGTERM, SIGINT}, [&](Instant now, int signal) {
    log.info("signal", {{"number", static_cast<std::uint64_t>(signal)}});
    signalling.shut_down(now);
  });
  std::optional<net::SignalWatch> reload;
  if (has_tls_files(config)) {
    reload.emplace(reactor, std::initializer_list<int>{SIGHUP},
                   [&](Instant, int) { reload_tls(config.tls, log, signalling, tls); });
  }
  log_start(log, config, *sockets);
  const MediaThread media_thread(media, std::move(identity), config.worker, std::move(*sockets));
  log.info("srtp", {{"cipher", media_thread.cipher_name()}});
  announce_ready(*bound, tls != nullptr);
  reactor.run();
  log.info("stopped");
  return {};
}

}  // namespace visavis::app
