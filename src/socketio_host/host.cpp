#include "socketio_host/host.hpp"

#include <csignal>
#include <utility>

#include "net/clock.hpp"
#include "net/signals.hpp"

namespace visavis::socketio {
namespace {

/// How long a goodbye may take to leave, and how often to look whether it has.
constexpr Duration kGoodbye = std::chrono::seconds(1);
constexpr Duration kGoodbyeLook = std::chrono::milliseconds(5);

Options with_clock(Options options) {
  // Between the two clocks nothing is waited for; a millisecond does not matter.
  options.wall_clock_zero = std::chrono::floor<std::chrono::milliseconds>(
      net::unix_time() - net::now().time_since_epoch());
  return options;
}

}  // namespace

engineio::Options HostOptions::engineio_options() {
  engineio::Options options;
  options.path = "/socket.io/";
  options.ping_batch = std::chrono::milliseconds(500);
  return options;
}

Host::Host() : Host(HostOptions()) {}

Host::Host(HostOptions options)
    : http_(options.http),
      engine_(http_, std::move(options.engineio), entropy_),
      io_(engine_, with_clock(std::move(options.socketio)), entropy_),
      sockets_(reactor_, http_, options.connections) {
  reactor_.drive(engine_);
  reactor_.drive(io_);
  reactor_.drive({.next_timeout = [this] { return timers_.next_timeout(); },
                  .handle_timeout =
                      [this](Instant now) {
                        io_.set_now(now);
                        timers_.handle_timeout(now);
                      },
                  .drain = {}});
  posts_watch_ = reactor_.watch(posts_.fd(), net::Interest::kRead,
                                [this](Instant now, net::Ready) { take_posts(now); });
  if (options.metrics) {
    serve_metrics(*options.metrics);
  }
}

Host::~Host() = default;

Host::Listened Host::listen(const SocketAddress& at, const tls::TlsContext* tls) {
  const auto bound = sockets_.listen(at, tls);
  return bound ? Listened(bound->port) : Listened(std::unexpected(bound.error()));
}

Host::Listened Host::listen(std::uint16_t port, const tls::TlsContext* tls) {
  return listen_both({.ip = IpAddress::v4(0), .port = port}, IpAddress::v6({}), tls);
}

Host::Listened Host::listen_loopback(std::uint16_t port, const tls::TlsContext* tls) {
  constexpr std::uint32_t kLoopback = 0x7F000001;
  return listen_both({.ip = IpAddress::v4(kLoopback), .port = port},
                     IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), tls);
}

Host::Listened Host::listen_both(const SocketAddress& v4, const IpAddress& v6,
                                 const tls::TlsContext* tls) {
  Listened port = listen(v4, tls);
  return port ? listen(SocketAddress{.ip = v6, .port = *port}, tls) : port;
}

void Host::use_tls(std::shared_ptr<const tls::TlsContext> tls) {
  if (tls) {
    sockets_.use_tls(*tls);
    tls_ = std::move(tls);
  }
}

TimerId Host::after(Duration delay, Timers::Action action) {
  return timers_.arm(net::now() + delay, std::move(action));
}

TimerId Host::every(Duration period, Timers::Action action) {
  return timers_.arm(net::now() + period, std::move(action), period);
}

bool Host::post(Callback<void()> work) {
  return posts_.put(std::move(work));
}

void Host::take_posts(Instant now) {
  io_.set_now(now);
  // Not more than wait now: one that posts again must not keep the others from their turn.
  for (std::size_t due = posts_.size() + 1; due > 0; --due) {
    auto work = posts_.take();
    if (!work) {
      return;
    }
    (*work)();
  }
}

HostCounters Host::counters() const {
  return HostCounters::of(http_, sockets_, engine_, io_);
}

void Host::serve_metrics(const MetricsOptions& options) {
  http_.route(
      options.path, [this, options](Instant now, http::RequestId id, const http::Request& request) {
        if (request.path() != options.path) {
          http_.respond(now, id, http::text_response(404, "not found\n"));
        } else if (!options.anyone && !(is_direct(request) && request.remote.ip.is_loopback())) {
          http_.respond(now, id, http::text_response(403, "metrics are for this machine alone\n"));
        } else if (answer_metrics_) {
          answer_metrics_(id);
        } else {
          MetricsWriter out;
          write_metrics(out, counters());
          http_.respond(now, id, metrics_response(out.text()));
        }
      });
}

void Host::run() noexcept {
  net::block_signals({SIGINT, SIGTERM});
  const net::SignalWatch signals(reactor_, {SIGINT, SIGTERM},
                                 [this](Instant, int) { shut_down(); });
  reactor_.run();
}

void Host::turn() noexcept {
  reactor_.turn(Duration::zero());
}

void Host::shut_down(Duration window) {
  if (std::exchange(ending_, true)) {
    reactor_.stop();  // asked for twice: now
    return;
  }
  const Instant now = net::now();
  sockets_.stop_listening();
  io_.shut_down(now, window);
  // Not at once: what was said just now has not even been given to the sockets.
  after(kGoodbyeLook, [this, latest = now + window + kGoodbye] { stop_when_idle(latest); });
}

void Host::stop_when_idle(Instant latest) {
  if ((engine_.sessions() == 0 && sockets_.idle()) || net::now() >= latest) {
    reactor_.stop();
  } else {
    after(kGoodbyeLook, [this, latest] { stop_when_idle(latest); });
  }
}

}  // namespace visavis::socketio
