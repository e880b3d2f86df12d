// Servers with exact behaviour for tests from outside: on /engine.io/ an Engine.IO server that
// sends every message back as it came; on /socket.io/ a Socket.IO server whose namespaces "/" and
// "/custom" emit `auth` on connection and echo `message` and `message-with-ack`.
//
//     conformance_server --port 3000 [--patient] [--recovery] [--eio3] [--threads N]
//                        [--hooks] [--client DIR] [--expire MS]
//
// Its heartbeats are quick, so that tests of them are; a machine under load can miss them. With
// --patient all times are those that Node's server has by default. With --recovery, connection
// state recovery is on. With --eio3, clients of Socket.IO 2 are served, too;
// with --client, pages can load the client from DIR (npm's socket.io/client-dist); with --hooks,
// all hooks of requests are set, and CORS and a cookie: see `set_hooks`. On "/" besides: `tell`
// emits `told` to all, and `whisper` does so volatile; a session that nobody came back for within
// --expire is told as `expired` (id); `join` (room, ack); `ask` (room, ack) emits `question` to the
// room and acks with all answers.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "net/http_host.hpp"
#include "net/reactor.hpp"
#include "net/read_files.hpp"
#include "net/signals.hpp"
#include "net/system_entropy.hpp"
#include "socketio/server.hpp"
#include "socketio_host/threaded_host.hpp"
#include "test_server.hpp"

namespace {

using namespace visavis;
using std::chrono::milliseconds;

struct Settings {
  std::uint16_t port = 3000;
  bool patient = false;
  bool recovery = false;
  bool eio3 = false;
  std::uint16_t threads = 1;
  std::uint16_t expire_ms = 0;  ///< 0: recovery's default
  bool hooks = false;
  std::string client;
};

engineio::Options engine_options(std::string path, const Settings& settings) {
  engineio::Options options;
  options.path = std::move(path);
  if (!settings.patient) {
    options.ping_interval = milliseconds(300);
    options.ping_timeout = milliseconds(200);
  }
  options.max_payload = 1'000'000;
  options.cors = engineio::CorsOptions{};
  options.allow_eio3 = settings.eio3;
  if (settings.hooks) {
    options.cors->origin = engineio::CorsOrigin::one_of(
        {"http://a.example"}, {engineio::origin_pattern(R"(\.b\.example$)").value()});
    options.cors->credentials = true;
    options.cors->exposed_headers = "x-e";
    options.cors->max_age_s = 600;
    options.cookie.emplace().name = "node";
    options.cookie->max_age_s = 60;
  }
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

/// What e2e/conformance/hooks.test.mjs sets on Node's server, too.
void set_hooks(engineio::Server& engine) {
  engine.use([](Instant now, const engineio::Passing& passing, engineio::Next next) {
    passing.headers.set("x-middleware", passing.upgrade ? "upgrade" : "request");
    if (passing.request.query().contains("answer")) {
      next.answer(now, http::text_response(418, "teapot"));
    } else if (passing.request.query().contains("fail")) {
      next.fail(now, "failed");
    } else {
      next(now);
    }
  });
  engine.set_hooks({.allow_request =
                        [](Instant now, const http::Request& request, engineio::Verdict verdict) {
                          if (request.query().contains("refuse")) {
                            verdict.refuse(now, "thou shall not pass");
                          } else {
                            verdict.allow(now);
                          }
                        },
                    .initial_headers = [](http::Headers& headers,
                                          const http::Request&) { headers.set("x-initial", "1"); },
                    .headers = [](http::Headers& headers,
                                  const http::Request&) { headers.set("x-every", "1"); }});
}

void ask_room(socketio::Server& io, const socketio::Arguments& arguments, socketio::Ack ack) {
  io.to(arguments[0].as_string())
      .emit_with_ack(socketio::Payload::event("question"), milliseconds(5000),
                     [ack = std::move(ack)](const socketio::BroadcastAnswers& answers) mutable {
                       socketio::Payload payload = socketio::Payload::ack();
                       for (const socketio::Arguments& answer : answers.answers) {
                         payload.add(answer[0]);
                       }
                       ack.send(std::move(payload));
                     });
}

void serve_namespaces(socketio::Server& io) {
  using socketio::Ack;
  using socketio::Arguments;
  using socketio::Socket;
  io.on_connection([&io](Socket& socket) {
    socket.emit("auth", socket.handshake().auth());
    socket.on("tell",
              [&io](const Arguments& arguments, const Ack&) { io.emit("told", arguments); });
    socket.on("whisper", [&io](const Arguments& arguments, const Ack&) {
      io.volatile_().emit("told", arguments);
    });
    socket.on("join", [&socket](const Arguments& arguments, Ack ack) {
      ack(socket.join(arguments[0].as_string()));
    });
    socket.on("ask", [&io](const Arguments& arguments, Ack ack) {
      ask_room(io, arguments, std::move(ack));
    });
    socket.on("message", [&socket](const Arguments& arguments, const Ack&) {
      socket.emit("message-back", arguments);
    });
    socket.on("message-with-ack", [](const Arguments& arguments, Ack ack) { ack(arguments); });
  });
  io.of("/").on_session_expired(
      [&io](const socketio::RecoverySession& session) { io.emit("expired", session.sid); });
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
  examples::say_ready(v4->port);
  return true;
}

std::optional<Settings> read_arguments(std::span<char*> arguments) {
  Settings settings;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view name(arguments[i]);
    if (name == "--patient") {
      settings.patient = true;
      continue;
    }
    if (name == "--eio3") {
      settings.eio3 = true;
      continue;
    }
    if (name == "--hooks") {
      settings.hooks = true;
      continue;
    }
    if (name == "--client" && i + 1 < arguments.size()) {
      settings.client = arguments[++i];
      continue;
    }
    if (name == "--recovery") {
      settings.recovery = true;
      continue;
    }
    std::uint16_t* const number = name == "--port"      ? &settings.port
                                  : name == "--threads" ? &settings.threads
                                  : name == "--expire"  ? &settings.expire_ms
                                                        : nullptr;
    if (number == nullptr || i + 1 == arguments.size() ||
        !examples::read_number(arguments[++i], *number)) {
      return std::nullopt;
    }
  }
  return settings;
}

socketio::Options io_options(const Settings& settings) {
  socketio::Options options;
  if (!settings.patient) {
    options.connect_timeout = milliseconds(1000);
  }
  if (settings.recovery) {
    options.recovery = socketio::RecoveryOptions{};
    if (settings.expire_ms > 0) {
      options.recovery->max_disconnection = milliseconds(settings.expire_ms);
    }
  }
  return options;
}

/// Each thread has both servers.
int run_threads(const Settings& settings) {
  net::SystemEntropy entropy;
  socketio::HostOptions options;
  options.engineio = engine_options("/socket.io/", settings);
  options.socketio = io_options(settings);
  std::vector<std::unique_ptr<engineio::Server>> echoes;
  socketio::ThreadedHost hosts(settings.threads, options, [&](socketio::Host& host) {
    engineio::Options echo = engine_options("/engine.io/", settings);
    echo.shard = host.engine().options().shard;
    echoes.push_back(std::make_unique<engineio::Server>(host.http(), echo, entropy));
    echo_messages(*echoes.back());
    host.reactor().drive(*echoes.back());
    serve_namespaces(host.io());
  });
  const int result = examples::serve_on_loopback(hosts, settings.port);
  echoes.clear();  // Before what they stand on.
  return result;
}

}  // namespace

int main(int count, char** values) {
  const std::optional<Settings> settings =
      read_arguments(std::span(values, static_cast<std::size_t>(count)));
  if (!settings) {
    std::fprintf(
        stderr,
        "usage: conformance_server [--port N] [--patient] [--recovery] [--eio3] [--threads N]"
        " [--hooks] [--client DIR] [--expire MS]"
        "   (0: a free port)\n");
    return 2;
  }
  if (settings->threads > 1) {
    return run_threads(*settings);
  }
  net::block_signals({SIGINT, SIGTERM});
  net::SystemEntropy entropy;
  http::Server http;
  engineio::Server echo(http, engine_options("/engine.io/", *settings), entropy);
  engineio::Server engine(http, engine_options("/socket.io/", *settings), entropy);
  socketio::Server io(engine, io_options(*settings), entropy);
  echo_messages(echo);
  serve_namespaces(io);

  if (settings->hooks) {
    set_hooks(engine);
  }
  if (!settings->client.empty()) {
    auto files = net::read_files(settings->client, engineio::ClientFiles::names());
    if (!files) {
      std::fprintf(stderr, "%s\n", files.error().text.c_str());
      return 1;
    }
    engine.serve_client(engineio::ClientFiles(std::move(*files)));
  }

  net::Reactor reactor;
  net::HttpHost host(reactor, http);
  reactor.drive(echo);
  reactor.drive(engine);
  reactor.drive(io);
  if (!listen(host, settings->port)) {
    return 1;
  }
  const net::SignalWatch signals(reactor, {SIGINT, SIGTERM}, [&](Instant, int) { reactor.stop(); });
  reactor.run();
  return 0;
}
