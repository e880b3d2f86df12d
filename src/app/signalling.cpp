#include "app/signalling.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace visavis::app {
namespace {

/// How soon to look again whether the media thread has made room for a command.
constexpr Duration kRetry = std::chrono::milliseconds(1);
/// Enough for a goodbye to reach everybody who listens, and for those who poll to come once more
/// and hear it; a deploy waits for it.
constexpr Duration kGoodbye = std::chrono::milliseconds(500);

/// What a session more adds to the time in which all are closed: the next server takes about 2000
/// handshakes a second beside its calls. And a deploy does not wait for longer than this.
constexpr Duration kLeaveStep = std::chrono::microseconds(500);
constexpr Duration kLeaveMax = std::chrono::seconds(2);

std::string_view event_name(conference::Notice::Kind kind) {
  switch (kind) {
    case conference::Notice::Kind::kJoined: return "joined";
    case conference::Notice::Kind::kSocketLost: return "socket_lost";
    case conference::Notice::Kind::kResumed: return "resumed";
    case conference::Notice::Kind::kLeft: return "left";
    case conference::Notice::Kind::kMediaFailed: return "media_failed";
  }
  return "";
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

Signalling::Signalling(const Wiring& wiring, const Config& config, http::StaticFiles page)
    : wiring_(wiring),
      page_(std::move(page)),
      http_(config.http_limits),
      commands_first_(wiring.reactor, *this),
      host_(wiring.reactor, http_, config.http_host),
      engineio_(http_, config.engineio, entropy_),
      socketio_(engineio_, config.socketio, entropy_),
      calls_(socketio_, config.conference, entropy_),
      whip_(http_, calls_),
      metrics_(http_,
               {.http = http_,
                .host = host_,
                .engineio = engineio_,
                .socketio = socketio_,
                .calls = calls_,
                .media = wiring.media},
               wiring.media, config.metrics) {
  serve_page();
  net::Reactor& reactor = wiring_.reactor;
  media_watch_ = reactor.watch(wiring_.media.events.fd(), net::Interest::kRead,
                               [this](Instant now, net::Ready) {
                                 while (auto message = wiring_.media.events.take()) {
                                   handle_media(now, std::move(*message));
                                 }
                               });
  reactor.drive(engineio_);
  reactor.drive(socketio_);
  reactor.drive(calls_);
  reactor.drive(metrics_);
  reactor.drive({.next_timeout = [this] { return next_timeout(); },
                 .handle_timeout = [this](Instant now) { stop_when_heard(now); },
                 .drain =
                     [this](Instant) {
                       log_notices();
                       return false;
                     }});
}

Signalling::CommandMover::CommandMover(net::Reactor& reactor, Signalling& of) {
  reactor.drive({.next_timeout = {}, .handle_timeout = {}, .drain = [&of](Instant now) {
                   of.move_commands(now);
                   return false;
                 }});
}

void Signalling::serve_page() {
  http_.route("/", [this](Instant now, http::RequestId id, const http::Request& request) {
    http_.respond(now, id, page_.answer(request));
  });
  http_.route("/healthz", [this](Instant now, http::RequestId id, const http::Request& request) {
    const bool here = request.path() == "/healthz";
    http_.respond(now, id, http::text_response(here ? 200 : 404, here ? "ok\n" : "not found\n"));
  });
}

void Signalling::handle_media(Instant now, FromMedia message) {
  if (auto* const report = std::get_if<MediaReport>(&message)) {
    metrics_.handle_report(now, std::move(*report));
    return;
  }
  const sfu::Event& event = std::get<sfu::Event>(message);
  log_event(event);
  calls_.handle_event(now, event);
}

void Signalling::log_event(const sfu::Event& event) const {
  const Log& log = wiring_.log;
  std::visit(
      Overloaded{
          [&](const sfu::PeerConnected& e) {
            log.info("peer_connected", {{"peer", e.peer.value()}});
          },
          [&](const sfu::PeerSilent& e) { log.warning("peer_silent", {{"peer", e.peer.value()}}); },
          [&](const sfu::PeerFailed& e) {
            log.warning("peer_failed", {{"peer", e.peer.value()}, {"reason", e.reason}});
          },
          [](const auto&) {},
      },
      event);
}

void Signalling::log_command(const sfu::Command& command) const {
  const Log& log = wiring_.log;
  std::visit(
      Overloaded{
          [&](const sfu::OpenPeer& c) {
            log.debug("peer_opened",
                      {{"peer", c.setup.peer.value()}, {"room", c.setup.room.value()}});
          },
          [&](const sfu::ClosePeer& c) { log.debug("peer_closed", {{"peer", c.peer.value()}}); },
          [&](const sfu::OpenStream& c) {
            log.debug("stream_opened",
                      {{"stream", c.stream.value()}, {"publisher", c.publisher.value()}});
          },
          [&](const sfu::CloseStream& c) {
            log.debug("stream_closed", {{"stream", c.stream.value()}});
          },
          [](const auto&) {},
      },
      command);
}

void Signalling::log_notices() {
  while (const auto notice = calls_.poll_notice()) {
    const bool failed = notice->kind == conference::Notice::Kind::kMediaFailed;
    wiring_.log.write(
        failed ? LogLevel::kWarning : LogLevel::kInfo, event_name(notice->kind),
        {{"room", notice->room}, {"participant", notice->participant}, {"reason", notice->reason}});
  }
}

void Signalling::move_commands(Instant now) {
  commands_again_at_ = kNever;
  while (!wiring_.media.commands.full()) {
    auto command = calls_.poll_command();
    if (!command) {
      return;
    }
    log_command(*command);
    // Not full, and only this thread puts: it cannot be refused.
    static_cast<void>(wiring_.media.commands.put(std::move(*command)));
  }
  commands_again_at_ = now + kRetry;
}

void Signalling::shut_down(Instant now) {
  if (stop_at_ != kNever) {
    wiring_.reactor.stop();
    return;
  }
  const auto sessions = static_cast<Duration::rep>(engineio_.sessions());
  const Duration window = std::min(kLeaveStep * sessions, kLeaveMax);
  wiring_.log.info("shutting_down", {{"participants", calls_.gauges().participants},
                                     {"sessions", engineio_.sessions()}});
  stop_at_ = sessions == 0 ? now : now + window + kGoodbye;
  calls_.shut_down(now);
  socketio_.shut_down(now, window);
}

void Signalling::stop_when_heard(Instant now) {
  if (now >= stop_at_) {
    wiring_.reactor.stop();
  }
}

Instant Signalling::next_timeout() const {
  return std::min(commands_again_at_, stop_at_);
}

}  // namespace visavis::app
