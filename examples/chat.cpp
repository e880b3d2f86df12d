// Rooms, names and who is typing: `chat [PORT]`, then open the page it prints in two windows.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/shared_bytes.hpp"
#include "chat_page.hpp"
#include "socketio_host/host.hpp"

namespace {

using namespace visavis;
using socketio::Ack;
using socketio::Arguments;
using socketio::ConnectError;
using socketio::Next;
using socketio::Socket;

constexpr std::size_t kNameMax = 40;
constexpr std::size_t kTextMax = 2000;

struct Chatter {
  std::string name;
  std::string room;
};

/// Who comes must have a name.
void check_name(Socket& socket, Next next) {
  const std::string name(socket.handshake().auth()["name"].as_string());
  if (name.empty() || name.size() > kNameMax) {
    next(ConnectError{.message = "a name has 1 to 40 bytes"});
    return;
  }
  socket.data<Chatter>().name = name;
  next();
}

void enter(Socket& socket, std::string_view room) {
  Chatter& chatter = socket.data<Chatter>();
  if (!chatter.room.empty()) {
    socket.to(chatter.room).emit("left", chatter.name);
    socket.leave(chatter.room);
  }
  chatter.room = room;
  socket.join(room);
  socket.to(room).emit("joined", chatter.name);
}

void serve(Socket& socket) {
  socket.on("enter", [&socket](const Arguments& arguments, Ack ack) {
    enter(socket, arguments[0].as_string());
    socket.of()
        .in(arguments[0].as_string())
        .fetch_sockets([ack = std::move(ack)](const socketio::FetchedSockets& fetched) mutable {
          socketio::Payload names = socketio::Payload::ack();
          names.writer().begin_array();
          for (const socketio::RemoteSocket& other : fetched.sockets) {
            const Chatter* const chatter = other.data<Chatter>();
            names.writer().string(chatter != nullptr ? chatter->name : "");
          }
          names.writer().end_array();
          ack.send(std::move(names));
        });
  });
  socket.on("say", [&socket](const Arguments& arguments, Ack ack) {
    const Chatter& chatter = socket.data<Chatter>();
    const std::string_view text = arguments[0].as_string();
    if (chatter.room.empty() || text.empty() || text.size() > kTextMax) {
      ack(false);
      return;
    }
    socket.to(chatter.room).emit("said", chatter.name, text);
    ack(true);
  });
  socket.on("typing", [&socket](const Arguments&, const Ack&) {
    const Chatter& chatter = socket.data<Chatter>();
    // Lost on a slow line, nobody misses it.
    socket.to(chatter.room).volatile_().emit("typing", chatter.name);
  });
  socket.on_disconnect([&socket](socketio::DisconnectReason) {
    const Chatter& chatter = socket.data<Chatter>();
    socket.to(chatter.room).emit("left", chatter.name);
  });
}

void serve_page(http::Server& http) {
  http.route("/", [&http](Instant now, http::RequestId id, const http::Request& request) {
    if (request.path() != "/") {
      http.respond(now, id, http::text_response(404, "not found\n"));
      return;
    }
    http::Response page;
    page.headers.set("Content-Type", "text/html; charset=utf-8");
    page.body = share(to_buffer(as_bytes(kChatPage)));
    http.respond(now, id, std::move(page));
  });
}

}  // namespace

int main(int count, char** values) {
  socketio::HostOptions options;
  options.socketio.recovery = socketio::RecoveryOptions{};
  options.socketio.event_rate = socketio::EventRate{.per_second = 20, .burst = 50};
  socketio::Host host(options);
  host.io().use(check_name);
  host.io().on_connection(serve);
  serve_page(host.http());
  const long wanted = count > 1 ? std::strtol(values[1], nullptr, 10) : 3000;
  const auto port = host.listen_loopback(static_cast<std::uint16_t>(wanted));
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().text.c_str());
    return 1;
  }
  std::printf("ready on http://localhost:%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  host.run();
  return 0;
}
