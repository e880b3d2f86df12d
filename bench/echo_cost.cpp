// Echoes through a whole Socket.IO server over loopback sockets, in one thread: the clients are its
// other half. tools/instruction_cost.sh runs it under callgrind, which counts only what stands
// between the two `TOGGLE_COLLECT`: the server's turns.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdlib>
#include <deque>
#include <iterator>
#include <string>
#include <string_view>

#include "net/file_descriptor.hpp"
#include "socketio_host/host.hpp"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_ZERO_STATS
#endif

namespace {

using visavis::net::FileDescriptor;
namespace socketio = visavis::socketio;

constexpr std::size_t kClients = 16;
constexpr std::size_t kWarmUp = 20;
constexpr std::size_t kRounds = 100;
constexpr std::string_view kFields = " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n";
constexpr std::string_view kEcho = R"(421["echo","12345678"])";
constexpr std::string_view kPath = "/socket.io/?EIO=4&transport=";

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "echo_cost: {}\n", what);
  std::exit(2);  // NOLINT(concurrency-mt-unsafe): the program has one thread.
}

/// The server, and how much of it is counted.
class Bench {
 public:
  Bench() {
    host_.io().on_connection([](socketio::Socket& socket) {
      socket.on("echo",
                [](const socketio::Arguments& arguments, socketio::Ack ack) { ack(arguments[0]); });
    });
    const auto port = host_.listen_loopback(0);
    port_ = port ? *port : 0;
    host_.turn();
  }

  void turn() {
    CALLGRIND_TOGGLE_COLLECT;
    host_.turn();
    CALLGRIND_TOGGLE_COLLECT;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  socketio::Host host_;
  std::uint16_t port_ = 0;
};

/// One connection of a client; the kernel has what is said on it at once.
class Line {
 public:
  explicit Line(Bench& bench) : bench_(bench), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(bench.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The socket interface's own cast.
    if (::connect(socket_.value(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
      give_up("no connection");
    }
  }

  void say(std::string_view bytes) {
    if (::send(socket_.value(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
      give_up("the server has closed");
    }
  }
  /// What the server says next: until it does, it is given turns.
  std::string hear() {
    std::string bytes(4096, '\0');
    for (int tries = 0; tries < 1000; ++tries) {
      const ssize_t size = ::recv(socket_.value(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size > 0) {
        bytes.resize(static_cast<std::size_t>(size));
        return bytes;
      }
      bench_.turn();
    }
    give_up("no answer");
  }

 private:
  Bench& bench_;
  FileDescriptor socket_;
};

/// An echo is a post and a parked poll.
class PollingClient {
 public:
  explicit PollingClient(Bench& bench) : get_(bench), post_(bench) {
    poll();
    const std::string opened = get_.hear();
    path_ += "&sid=" + opened.substr(opened.find(R"("sid":")") + 7, 20);
    post("40");
    static_cast<void>(post_.hear());
    poll();
    static_cast<void>(get_.hear());
  }

  void begin() {
    poll();
    post(kEcho);
  }
  bool end() {
    return post_.hear().ends_with("\r\n\r\nok") && get_.hear().ends_with(R"(431["12345678"])");
  }

 private:
  void poll() { get_.say(fmt::format("GET {}{}\r\n", path_, kFields)); }
  void post(std::string_view body) {
    post_.say(
        fmt::format("POST {}{}Content-Type: text/plain;charset=UTF-8\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    path_, kFields, body.size(), body));
  }

  Line get_;
  Line post_;
  std::string path_ = std::string(kPath) + "polling";
};

class WebSocketClient {
 public:
  explicit WebSocketClient(Bench& bench) : line_(bench) {
    line_.say(
        fmt::format("GET {}websocket{}Connection: Upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    kPath, kFields));
    static_cast<void>(line_.hear());
    say("40");
    static_cast<void>(line_.hear());
  }

  void begin() { say(kEcho); }
  bool end() { return line_.hear().ends_with(R"(431["12345678"])"); }

 private:
  /// Shorter than 126 bytes, masked with zeros.
  void say(std::string_view text) {
    line_.say(fmt::format("\x81{}{}{}", static_cast<char>(0x80U | text.size()),
                          std::string_view("\0\0\0\0", 4), text));
  }

  Line line_;
};

template <class Client>
void echo(std::deque<Client>& clients, std::size_t rounds) {
  for (std::size_t i = 0; i < rounds; ++i) {
    for (Client& client : clients) {
      client.begin();
    }
    for (Client& client : clients) {
      if (!client.end()) {
        give_up("not what was said");
      }
    }
  }
}

template <class Client>
void run(Bench& bench) {
  std::deque<Client> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(bench);
  }
  echo(clients, kWarmUp);
  CALLGRIND_ZERO_STATS;
  echo(clients, kRounds);
  fmt::print("units {}\n", kClients * kRounds);
}

}  // namespace

// usage: echo_cost polling|websocket
int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? *std::next(arguments) : "";
  Bench bench;
  if (what == "polling") {
    run<PollingClient>(bench);
  } else if (what == "websocket") {
    run<WebSocketClient>(bench);
  } else {
    give_up("polling or websocket?");
  }
}
