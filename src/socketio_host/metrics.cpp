#include "socketio_host/metrics.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/counter_sum.hpp"

namespace visavis::socketio {
namespace {

void write_sessions(MetricsWriter& out, const HostCounters& counters) {
  const engineio::Counters& engine = counters.engineio;
  out.gauge("visavis_sessions", "Socket.IO sessions.", counters.sessions);
  out.counter("visavis_sessions_total", "Sessions, by what became of them.");
  out.sample(engine.sessions_opened, {{"stage", "opened"}});
  out.sample(engine.sessions_closed, {{"stage", "closed"}});
  out.counter("visavis_session_errors_total",
              "Requests answered with an error code of the protocol, all refusals among them.",
              engine.bad_requests);
  out.counter("visavis_session_refusals_total",
              "Of them, those refused by a limit, a hook or for their origin, each once.");
  out.sample(engine.sessions_refused, {{"reason", "sessions_max"}});
  out.sample(engine.refused_per_address, {{"reason", "per_address"}});
  out.sample(engine.refused_per_rate, {{"reason", "rate_per_address"}});
  out.sample(engine.refused_by_hooks, {{"reason", "hook"}});
  out.sample(engine.origins_refused, {{"reason", "origin"}});
  out.sample(engine.decisions_refused, {{"reason", "decisions_max"}});
  out.sample(engine.decisions_overdue, {{"reason", "decision_timeout"}});
}

void write_session_ends(MetricsWriter& out, const HostCounters& counters) {
  const engineio::Counters& engine = counters.engineio;
  out.counter("visavis_session_upgrades_total", "Sessions that went from polling to WebSocket.");
  out.sample(engine.upgraded, {{"result", "done"}});
  out.sample(engine.upgrades_failed, {{"result", "failed"}});
  out.counter("visavis_session_failures_total", "Sessions ended by us, by reason.");
  out.sample(engine.ping_timeouts, {{"reason", "ping_timeout"}});
  out.sample(engine.parse_errors, {{"reason", "parse_error"}});
  out.sample(engine.overflows, {{"reason", "too_slow"}});
  out.sample(engine.too_big, {{"reason", "message_too_big"}});
  out.sample(counters.socketio.protocol_errors, {{"reason", "protocol_error"}});
  out.sample(counters.socketio.connect_timeouts, {{"reason", "connect_timeout"}});
  out.sample(counters.socketio.sockets_missed, {{"reason", "thread_overflow"}});
  out.counter("visavis_session_high_waters_total", "Sessions whose client did not keep up.",
              engine.high_waters);
  out.counter("visavis_volatile_dropped_total", "Volatile messages that found no room.",
              engine.volatile_dropped);
  out.counter("visavis_packed_polls_total", "Answers to polls that were compressed.",
              engine.packed_polls);
  out.counter("visavis_deflated_messages_total", "Messages compressed, once per broadcast.",
              engine.deflated);
  out.counter("visavis_session_messages_total", "Messages of all sessions.");
  out.directions(engine.messages_in, engine.messages_out);
}

void write_http(MetricsWriter& out, const HostCounters& counters) {
  const http::Counters& http = counters.http;
  const net::HttpHostCounters& host = counters.connections;
  out.gauge("visavis_connections", "Open TCP connections.", host.open);
  out.counter("visavis_connections_total", "TCP connections accepted.", host.accepted);
  out.counter("visavis_connections_refused_total", "TCP connections closed at once, by reason.");
  out.sample(host.refused_limit + http.connections_refused, {{"reason", "limit"}});
  out.sample(http.refused_per_address, {{"reason", "per_address"}});
  out.sample(http.refused_per_rate, {{"reason", "rate_per_address"}});
  out.sample(host.refused_no_descriptor, {{"reason", "no_descriptor"}});
  out.sample(host.refused_handshake, {{"reason", "tls_handshake"}});
  out.counter("visavis_http_requests_total", "HTTP requests.", http.requests);
  out.counter("visavis_http_upgrades_total", "Of them, those that became WebSockets.",
              http.upgrades);
  out.counter("visavis_http_aborted_total", "Requests whose client left before the answer.",
              http.aborted);
  out.counter("visavis_connections_moved_total", "Connections passed between threads.");
  out.directions(host.adopted, host.left);
}

void write_http_refusals(MetricsWriter& out, const HostCounters& counters) {
  const http::Counters& http = counters.http;
  out.counter("visavis_http_refusals_total", "HTTP requests refused, by reason.");
  out.sample(http.bad_requests, {{"reason", "bad_request"}});
  out.sample(http.headers_too_big, {{"reason", "headers_too_big"}});
  out.sample(http.bodies_too_big, {{"reason", "body_too_big"}});
  out.sample(http.bodies_refused, {{"reason", "bodies_too_many"}});
  out.sample(http.header_timeouts, {{"reason", "header_timeout"}});
  out.sample(http.body_timeouts, {{"reason", "body_timeout"}});
  out.sample(http.stalled, {{"reason", "stalled"}});
  out.sample(http.upgrades_unanswered, {{"reason", "upgrade_unanswered"}});
  out.sample(http.pipelined_too_much, {{"reason", "pipelined_too_much"}});
  out.counter("visavis_tcp_bytes_total", "Bytes of all connections, TLS included.");
  out.directions(counters.connections.received_bytes, counters.connections.sent_bytes);
}

void write_sockets(MetricsWriter& out, const Counters& io) {
  out.counter("visavis_sockets_total", "Sockets that asked for a namespace, by the answer.");
  out.sample(io.sockets, {{"result", "connected"}});
  out.sample(io.refused_sockets, {{"result", "refused"}});
  out.counter("visavis_events_received_total", "Events of clients.", io.events_received);
  out.counter("visavis_events_refused_total", "Of them, those not given to a handler.");
  out.sample(io.events_over_rate, {{"reason", "rate"}});
  out.sample(io.mismatched_arguments, {{"reason", "arguments"}});
  out.counter("visavis_acks_total", "Answers waited for from clients, by what came.");
  out.sample(io.acks_received, {{"result", "received"}});
  out.sample(io.ack_timeouts, {{"result", "timeout"}});
  out.counter("visavis_packets_sent_total", "Socket.IO packets, counted for each receiver.",
              io.packets_sent);
  out.counter("visavis_broadcasts_total", "Events for many sockets.", io.broadcasts);
  out.counter("visavis_reserved_events_total", "Events not sent for their reserved names.",
              io.reserved_events);
  out.counter("visavis_recoveries_total", "Clients that asked for their session back.");
  out.sample(io.recovered_sockets, {{"result", "recovered"}});
  out.sample(io.recoveries_failed, {{"result", "failed"}});
  out.counter("visavis_recoveries_moved_total", "Sessions that came from another thread.",
              io.sessions_moved);
  out.counter("visavis_take_overs_total", "Sessions whose old connection still looked alive.",
              io.taken_over);
  out.counter("visavis_cluster_timeouts_total", "Questions that not all servers answered in time.",
              io.cluster_timeouts);
  out.counter("visavis_namespaces_ended_total", "Namespaces of clients that were emptied.",
              io.namespaces_ended);
}

}  // namespace

HostCounters HostCounters::of(const http::Server& http, const net::HttpHost& connections,
                              const engineio::Server& engineio, const Server& io) {
  return {.http = http.counters(),
          .connections = connections.counters(),
          .engineio = engineio.counters(),
          .socketio = io.counters(),
          .sessions = engineio.sessions()};
}

HostCounters& HostCounters::operator+=(const HostCounters& other) {
  return *this = counter_sum(*this, other);
}

void write_metrics(MetricsWriter& out, const HostCounters& counters) {
  write_sessions(out, counters);
  write_session_ends(out, counters);
  write_sockets(out, counters.socketio);
  write_http(out, counters);
  write_http_refusals(out, counters);
}

void write_thread_metrics(MetricsWriter& out, std::span<const ThreadLoad> threads,
                          const ThreadsCounters& counters) {
  out.gauge("visavis_thread_connections", "Open TCP connections of each thread.");
  for (std::size_t i = 0; i < threads.size(); ++i) {
    out.sample(threads[i].connections, {{"thread", std::to_string(i)}});
  }
  out.gauge("visavis_thread_backlog_bytes", "What waits for each thread from the others.");
  for (std::size_t i = 0; i < threads.size(); ++i) {
    out.sample(threads[i].backlog_bytes, {{"thread", std::to_string(i)}});
  }
  out.counter("visavis_scrapes_refused_total", "Readers of the metrics, too many at once.",
              counters.scrapes_refused);
  out.counter("visavis_thread_messages_lost_total", "Messages between threads that found no room.",
              counters.lost);
}

bool is_direct(const http::Request& request) {
  constexpr auto kOfProxies =
      std::to_array<std::string_view>({"forwarded", "x-forwarded-for", "x-real-ip", "via"});
  return std::ranges::none_of(
      kOfProxies, [&](std::string_view name) { return request.headers.find(name).has_value(); });
}

http::Response metrics_response(std::string_view text) {
  http::Response response = http::text_response(200, text);
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace visavis::socketio
