// A server to be measured, by the same clients as Node's:
//
//     bench_server --port 3000 [--deflate] [--recovery] [--metrics] [--threads N]
//                  [--patience MS] [--buffer BYTES] [--origin ORIGIN]
//
// --patience: how long a client may take for a header, for a body, or to read a piece of an answer;
// --buffer: how much may wait for one that does not read; --origin: whose pages may come in besides
// its own (all may without it).
//
// echo (data, ack) acks data; join (room, ack); blast ({room, count, size}, ack) emits `b` with
// (i, "x" * size) to the room count times, then acks; relay ({room, data}) emits `r` with data to
// the room.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/descriptor_limit.hpp"
#include "socketio_host/host.hpp"
#include "socketio_host/threaded_host.hpp"
#include "test_server.hpp"

namespace {

using namespace visavis;
using socketio::Ack;
using socketio::Arguments;

struct Settings {
  std::uint16_t port = 3000;
  unsigned threads = 1;
  bool deflate = false;
  bool recovery = false;
  bool metrics = false;
  unsigned patience_ms = 0;  // 0: the library's
  // A blast is buffered whole for receivers that are slower than it.
  std::size_t buffer_bytes = 64'000'000;
  std::string origin;  // empty: any
};

/// As many connections as one machine can be asked to hold.
constexpr std::size_t kConnectionsMax = 250'000;

socketio::HostOptions host_options(const Settings& settings) {
  socketio::HostOptions options;
  options.engineio.per_message_deflate.enabled = settings.deflate;
  options.engineio.sessions_max = kConnectionsMax;
  options.engineio.buffered_bytes_max = settings.buffer_bytes;
  options.http.connections_max = kConnectionsMax;
  options.connections.connections_max = kConnectionsMax;
  if (settings.recovery) {
    options.socketio.recovery = socketio::RecoveryOptions{};
  }
  if (settings.patience_ms > 0) {
    const std::chrono::milliseconds patience(settings.patience_ms);
    options.http.header_timeout = patience;
    options.http.body_timeout = patience;
    options.http.stall_timeout = patience;
  }
  if (!settings.origin.empty()) {
    options.engineio.cors.emplace().origin = engineio::CorsOrigin::one_of({settings.origin});
    options.engineio.websocket_origins = engineio::WebSocketOrigins::kAllowed;
  }
  if (settings.metrics) {
    options.metrics = socketio::MetricsOptions{};
  }
  return options;
}

void blast(socketio::Server& io, const Arguments& arguments, Ack ack) {
  const std::string_view room = arguments[0]["room"].as_string();
  const std::int64_t count = arguments[0]["count"].as_integer().value_or(0);
  const std::int64_t size = arguments[0]["size"].as_integer().value_or(0);
  // A whole message must fit into what one connection may buffer.
  const std::string data(
      static_cast<std::size_t>(std::clamp(size, std::int64_t{0}, std::int64_t{1'000'000})), 'x');
  const socketio::BroadcastOperator to_room = io.to(room);
  for (std::int64_t i = 0; i < count; ++i) {
    to_room.emit("b", i, data);
  }
  ack();
}

void serve(socketio::Server& io) {
  io.on_connection([&io](socketio::Socket& socket) {
    socket.on("echo", [](const Arguments& arguments, Ack ack) { ack(arguments[0]); });
    socket.on("join", [&socket](const Arguments& arguments, Ack ack) {
      socket.join(arguments[0].as_string());
      ack();
    });
    socket.on("blast",
              [&io](const Arguments& arguments, Ack ack) { blast(io, arguments, std::move(ack)); });
    socket.on("relay", [&io](const Arguments& arguments, const Ack&) {
      io.to(arguments[0]["room"].as_string()).emit("r", arguments[0]["data"]);
    });
  });
}

bool read_value(std::string_view name, std::string_view text, Settings& settings) {
  using examples::read_number;
  if (name == "--origin") {
    settings.origin = text;
    return !text.empty();
  }
  return (name == "--port" && read_number(text, settings.port)) ||
         (name == "--threads" && read_number(text, settings.threads)) ||
         (name == "--patience" && read_number(text, settings.patience_ms)) ||
         (name == "--buffer" && read_number(text, settings.buffer_bytes));
}

std::optional<Settings> read_arguments(std::span<char*> arguments) {
  Settings settings;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view name(arguments[i]);
    if (name == "--deflate") {
      settings.deflate = true;
    } else if (name == "--recovery") {
      settings.recovery = true;
    } else if (name == "--metrics") {
      settings.metrics = true;
    } else if (i + 1 == arguments.size() || !read_value(name, arguments[i + 1], settings)) {
      return std::nullopt;
    } else {
      ++i;
    }
  }
  return settings;
}

}  // namespace

int main(int count, char** values) {
  const auto settings = read_arguments(std::span(values, static_cast<std::size_t>(count)));
  if (!settings || settings->threads == 0 || settings->threads > engineio::Shard::kCountMax) {
    std::fputs(
        "usage: bench_server [--port N] [--deflate] [--recovery] [--metrics] [--threads N]"
        " [--patience MS] [--buffer BYTES] [--origin ORIGIN]\n",
        stderr);
    return 2;
  }
  net::raise_descriptor_limit();
  // One thread alone is no cluster, and pays for none.
  if (settings->threads > 1) {
    socketio::ThreadedHost hosts(settings->threads, host_options(*settings),
                                 [](socketio::Host& host) { serve(host.io()); });
    return examples::serve_on_loopback(hosts, settings->port);
  }
  socketio::Host host(host_options(*settings));
  serve(host.io());
  return examples::serve_on_loopback(host, settings->port);
}
