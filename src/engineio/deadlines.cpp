#include <algorithm>
#include <optional>
#include <utility>

#include "base/prefetch.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"
#include "engineio/websocket_stream.hpp"

// What sessions wait for, and what becomes of them when it does not come: the heartbeat first of
// all.

namespace visavis::engineio {
namespace {

/// The turn after gets those that are left over: others have something to say, too. So few that the
/// first answers come back while what they need, here and in the kernel, is still in a core's
/// cache: a round of 512 cost 7 % more a ping (docs/benchmarks.md).
constexpr std::size_t kPingsPerTurn = 64;

/// The end of the batch that a ping due at `at` belongs to.
Instant batched(Instant at, Duration batch) {
  if (at == kNever || batch <= Duration::zero()) {
    return at;
  }
  const Duration over = at.time_since_epoch() % batch;
  return over == Duration::zero() ? at : at + (batch - over);
}

}  // namespace

void Server::wait_for_ping(Instant now, Session& session) {
  if (session.timer == Session::Timer::kPing) {
    ping_due_.rearm(now, session);
    return;
  }
  stop_waiting(session);
  session.timer = Session::Timer::kPing;
  ping_due_.arm(now, session);
}

void Server::send_pings(Instant now) {
  for (std::size_t sent = 0; sent < kPingsPerTurn; ++sent) {
    Session* const session = ping_due_.poll_expired(now);
    if (session == nullptr) {
      return;
    }
    if (const Session* const next = ping_due_.first()) {
      prefetch_line(next->after);
      prefetch_line(next->socket);
    }
    send_ping(now, *session);
  }
}

void Server::send_ping(Instant now, Session& session) {
  session.timer = Session::Timer::kPong;
  pong_due_.arm(now, session);
  session.pong_extended = false;
  send_control(now, session, '2');
}

void Server::stop_waiting(Session& session) {
  switch (std::exchange(session.timer, Session::Timer::kNone)) {
    case Session::Timer::kPing: ping_due_.cancel(session); break;
    case Session::Timer::kPong: pong_due_.cancel(session); break;
    case Session::Timer::kSign: sign_due_.cancel(session); break;
    case Session::Timer::kFarewell: farewell_due_.cancel(session); break;
    case Session::Timer::kNone: break;
  }
}

void Server::stop_waiting_for_probe(Session& session) {
  if (session.polling == nullptr) {
    return;
  }
  if (const auto place = std::exchange(session.polling->probe_due, std::nullopt)) {
    upgrade_due_.cancel(*place);
  }
}

void Server::handle_timeout(Instant now) {
  tell_high_water(now);
  give_up_decisions(now);
  for (const SessionHandle handle : std::exchange(overflowed_, {})) {
    if (Session* const session = find(handle)) {
      ++counters_.overflows;
      end_session(now, *session, CloseReason::kTransportError);
    }
  }
  close_leaving(now);
  for (LinkedDeadlines<Session>* const due : {&pong_due_, &sign_due_}) {
    while (Session* const session = due->poll_expired(now)) {
      session->timer = Session::Timer::kNone;
      ++counters_.ping_timeouts;
      end_session(now, *session, CloseReason::kPingTimeout);
    }
  }
  send_pings(now);
  while (const auto handle = upgrade_due_.poll_expired(now)) {
    Session* const session = find(*handle);
    session->polling->probe_due.reset();
    fail_upgrade(now, *session);
  }
  while (Session* const session = farewell_due_.poll_expired(now)) {
    session->timer = Session::Timer::kNone;
    end_session(now, *session, CloseReason::kForcedClose);
  }
  while (const auto socket = socket_close_due_.poll_expired(now)) {
    (*socket)->handle_close_overdue(now);
  }
}

Instant Server::next_timeout() const {
  const bool work = !overflowed_.empty() || !above_mark_.empty();
  return std::min({work ? work_since_ : kNever, next_leaving(), decision_due_.next(),
                   batched(ping_due_.next(), options_.ping_batch), pong_due_.next(),
                   sign_due_.next(), upgrade_due_.next(), farewell_due_.next(),
                   socket_close_due_.next()});
}

}  // namespace visavis::engineio
