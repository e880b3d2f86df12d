// Servers with exact behaviour for tests from outside: on /engine.io/ an Engine.IO server that
// sends every message back as it came; on /socket.io/ a Socket.IO server whose namespaces "/" and
// "/custom" emit `auth` on connection and echo `message` and `message-with-ack`.
//
//     conformance_server --port 3000

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "net/http_host.hpp"
#include "net/reactor.hpp"
#include "net/signals.hpp"
#include "net/system_entropy.hpp"
#include "socketio/server.hpp"

namespace {

using namespace visavis;
using std::chrono::milliseconds;

engineio::Options engine_options(std::string path) {
  engineio::Options options;
  options.path = std::move(path);
  options.ping_interval = milliseconds(300);
  options.ping_timeout = milliseconds(200);
  options.max_payload = 1'000'000;
  options.cors = engineio::CorsOptions{};
  return options;
}

void echo_messages(engineio::Server& server) {
  using engineio::SessionHandle;
  server.set_handlers({
      .open = [](Instant, SessionHandle, const engineio::Handshake&) {},
      .message =
          [&server](Instant now, SessionHandle session, bool binary, Bytes bytes) {
            server.send(
                now, session,
                binary ? engineio::binary_message(bytes) : engineio::text_message(as_text(bytes)));
          },
      .close = [](Instant, SessionHandle, engineio::CloseReason) {},
      .drain = [](Instant, SessionHandle) {},
  });
}

void serve_namespaces(socketio::Server& io) {
  using socketio::Ack;
  using socketio::Arguments;
  using socketio::Socket;
  io.on_connection([](Socket& socket) {
    socket.emit("auth", socket.handshake().auth());
    socket.on("message", [&socket](const Arguments& arguments, const Ack&) {
      socket.emit("message-back", arguments);
    });
    socket.on("message-with-ack", [](const Arguments& arguments, Ack ack) { ack(arguments); });
  });
  io.of("/custom").on_connection(
      [](Socket& socket) { socket.emit("auth", socket.handshake().auth()); });
}

/// Both families: "localhost" may mean either.
bool listen(net::HttpHost& host, std::uint16_t port) {
  const auto v4 = host.listen({.ip = IpAddress::v4(0x7F000001), .port = port});
  if (!v4) {
    std::fprintf(stderr, "%s\n", v4.error().text.c_str());
    return false;
  }
  const IpAddress loopback = IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  const auto v6 = host.listen({.ip = loopback, .port = v4->port});
  if (!v6) {
    std::fprintf(stderr, "%s\n", v6.error().text.c_str());
    return false;
  }
  std::printf("ready on http://localhost:%u\n", static_cast<unsigned>(v4->port));
  return std::fflush(stdout) == 0;
}

std::optional<std::uint16_t> read_port(std::span<char*> arguments) {
  if (arguments.size() == 1) {
    return 3000;
  }
  if (arguments.size() != 3 || std::string_view(arguments[1]) != "--port") {
    return std::nullopt;
  }
  const std::string_view text(arguments[2]);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(port) : std::nullopt;
}

}  // namespace

int main(int count, char** values) {
  const std::optional<std::uint16_t> port =
      read_port(std::span(values, static_cast<std::size_t>(count)));
  if (!port) {
    std::fprintf(stderr, "usage: conformance_server [--port N]   (0 takes a free one)\n");
    return 2;
  }
  net::block_signals({SIGINT, SIGTERM});
  net::SystemEntropy entropy;
  http::Server http;
  engineio::Server echo(http, engine_options("/engine.io/"), entropy);
  engineio::Server engine(http, engine_options("/socket.io/"), entropy);
  socketio::Server io(engine, {.connect_timeout = milliseconds(1000)}, entropy);
  echo_messages(echo);
  serve_namespaces(io);

  net::Reactor reactor;
  net::HttpHost host(reactor, http);
  reactor.drive(echo);
  reactor.drive(engine);
  reactor.drive(io);
  if (!listen(host, *port)) {
    return 1;
  }
  const net::SignalWatch signals(reactor, {SIGINT, SIGTERM}, [&](Instant, int) { reactor.stop(); });
  reactor.run();
  return 0;
}
