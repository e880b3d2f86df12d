// The server that a client's own test suite wants to meet: small answers to small questions.
//
//     client_suite_server --port 3210

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string_view>

#include "net/clock.hpp"
#include "socketio_host/host.hpp"
#include "test_server.hpp"

namespace {

using namespace visavis;
using socketio::Ack;
using socketio::Argument;
using socketio::Arguments;
using socketio::ConnectError;
using socketio::Next;
using socketio::Payload;
using socketio::Socket;
using std::chrono::milliseconds;

void serve_text(Socket& socket) {
  socket.on("hi", [&socket](const Arguments&, const Ack&) { socket.emit("hi"); });
  socket.on("echo", [](const Arguments& arguments, Ack ack) { ack(arguments[0]); });
  socket.on("false", [&socket](const Arguments&, const Ack&) { socket.emit("false", false); });
  socket.on("getAckDate", [](const Arguments&, Ack ack) { ack(net::unix_time()); });
  socket.on("getDate",
            [&socket](const Arguments&, const Ack&) { socket.emit("takeDate", net::unix_time()); });
  socket.on("getDateObj", [&socket](const Arguments&, const Ack&) {
    Payload payload("takeDateObj");
    payload.writer().begin_object().member("date", net::unix_time()).end_object();
    socket.emit(std::move(payload));
  });
  socket.on("getUtf8", [&socket](const Arguments&, const Ack&) {
    for (const std::string_view text :
         {"てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"}) {
      socket.emit("takeUtf8", text);
    }
  });
}

void serve_acks(Socket& socket) {
  socket.on("ack", [&socket](const Arguments&, const Ack&) {
    socket.emit_with_ack(
        Payload("ack"), milliseconds(10'000),
        [&socket](std::expected<Arguments, socketio::AckError> answer) {
          if (answer && (*answer)[0].as_integer() == 5 && (*answer)[1]["test"].as_bool()) {
            socket.emit("got it");
          }
        });
  });
  socket.on("getHandshake",
            [&socket](const Arguments&, Ack ack) { ack(socket.handshake().to_json()); });
  socket.on("getId", [&socket](const Arguments&, Ack ack) { ack(socket.id()); });
}

bool is_letter(const Argument& argument) {
  return argument["hello"].as_string() == "lol" && argument["message"].is_binary() &&
         argument["goodbye"].as_string() == "gotcha";
}

void serve_binary(Socket& socket) {
  for (const std::string_view question : {"doge", "getbin"}) {
    const std::string_view answer = question == "doge" ? "doge" : "takebin";
    socket.on(question, [&socket, answer](const Arguments&, const Ack&) {
      socket.emit(answer, as_bytes("asdfasdf"));
    });
  }
  const auto answer_binary = [&socket](std::string_view event, std::string_view answer) {
    socket.on(event, [&socket, answer](const Arguments& arguments, const Ack&) {
      if (arguments[0].is_binary()) {
        socket.emit(answer);
      }
    });
  };
  answer_binary("buffa", "buffack");
  answer_binary("blob", "back");
  const auto answer_letter = [&socket](std::string_view event, std::string_view answer) {
    socket.on(event, [&socket, answer](const Arguments& arguments, const Ack&) {
      if (is_letter(arguments[0])) {
        socket.emit(answer);
      }
    });
  };
  answer_letter("jsonbuff", "jsonbuff-ack");
  answer_letter("jsonblob", "jsonblob-ack");
}

/// Events that are answered only if they come in this order.
void serve_sequences(Socket& socket) {
  // Shared by the handlers of one socket: how far the client has come.
  const auto buffers = std::make_shared<int>(0);
  socket.on("abuff1", [buffers](const Arguments& arguments, const Ack&) {
    *buffers = arguments[0].is_binary() ? 1 : 0;
  });
  socket.on("abuff2", [&socket, buffers](const Arguments&, const Ack&) {
    if (*buffers == 1) {
      socket.emit("abuff2-ack");
    }
  });
  const auto blobs = std::make_shared<int>(0);
  socket.on("blob1", [blobs](const Arguments& arguments, const Ack&) {
    *blobs = arguments[0].is_binary() ? 1 : 0;
  });
  socket.on("blob2", [blobs](const Arguments& arguments, const Ack&) {
    *blobs = *blobs == 1 && arguments[0].as_string() == "second" ? 2 : 0;
  });
  socket.on("blob3", [&socket, blobs](const Arguments& arguments, const Ack&) {
    if (*blobs == 2 && arguments[0].is_binary()) {
      socket.emit("blob3-ack");
    }
  });
}

void serve(socketio::Server& io) {
  for (const std::string_view name : {"/timeout_socket", "/valid", "/asd"}) {
    io.of(name);
  }
  io.of("/foo").on_connection([](Socket& socket) {
    socket.on("getId", [&socket](const Arguments&, Ack ack) { ack(socket.id()); });
  });
  io.of("/abc").on_connection(
      [](Socket& socket) { socket.emit("handshake", socket.handshake().to_json()); });
  io.of("/no").use(
      [](Socket&, Next next) { next(ConnectError{.message = "Auth failed (custom namespace)"}); });
  io.use([](Socket& socket, Next next) {
    if (socket.handshake().query_value("fail")) {
      next(ConnectError{.message = "Auth failed (main namespace)"});
    } else {
      next();
    }
  });
  io.on_connection([](Socket& socket) {
    serve_text(socket);
    serve_acks(socket);
    serve_binary(socket);
    serve_sequences(socket);
  });
}

}  // namespace

int main(int count, char** values) {
  const auto wanted = examples::read_port({values, static_cast<std::size_t>(count)}, 3210);
  if (!wanted) {
    std::fputs("usage: client_suite_server [--port N]\n", stderr);
    return 2;
  }
  socketio::HostOptions options;
  options.engineio.ping_interval = milliseconds(2000);
  options.engineio.cors = engineio::CorsOptions{};
  options.socketio.recovery = socketio::RecoveryOptions{};
  socketio::Host host(options);
  // As an application that asks a data base first.
  engineio::Hooks hooks;
  hooks.allow_request = [&host](Instant, const http::Request&, engineio::Verdict verdict) {
    host.after(milliseconds(10),
               [verdict = std::move(verdict)]() mutable { verdict.allow(net::now()); });
  };
  host.engine().set_hooks(std::move(hooks));
  serve(host.io());
  return examples::serve_on_loopback(host, *wanted);
}
