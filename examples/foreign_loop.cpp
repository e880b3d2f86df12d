// Inside an event loop that is not ours: here plain poll(2), which watches the standard input as
// well. Every line that comes there goes to all clients: `foreign_loop [PORT]`.

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/clock.hpp"
#include "socketio_host/host.hpp"

namespace {

using namespace visavis;

volatile std::sig_atomic_t stopped = 0;  // NOLINT: a signal handler can reach nothing else.

/// Emits the lines that have come; false at the end of the input.
bool read_lines(socketio::Host& host, std::string& rest) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (count <= 0) {
    return count < 0 && errno == EINTR;
  }
  rest.append(bytes.data(), static_cast<std::size_t>(count));
  // From outside of a handler: the server does not know how late it is.
  host.io().set_now(net::now());
  for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
    host.io().emit("line", std::string_view(rest).substr(0, end));
    rest.erase(0, end + 1);
  }
  return true;
}

void run(socketio::Host& host) {
  std::array<pollfd, 2> watched{pollfd{.fd = host.fd(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
  std::string rest;
  host.turn();  // books what was set up before
  while (stopped == 0) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (watched[1].revents != 0 && !read_lines(host, rest)) {
      watched[1].fd = -1;  // no more lines; the clients stay
    }
    // Also when only the other descriptor was ready: what was emitted must leave.
    host.turn();
  }
}

}  // namespace

int main(int count, char** values) {
  std::signal(SIGTERM, [](int) { stopped = 1; });
  std::signal(SIGINT, [](int) { stopped = 1; });
  socketio::Host host;
  host.io().on_connection([](socketio::Socket& socket) {
    socket.on("echo",
              [](const socketio::Arguments& arguments, socketio::Ack ack) { ack(arguments[0]); });
  });
  int ticks = 0;
  host.every(std::chrono::milliseconds(200), [&] { host.io().emit("tick", ++ticks); });
  const long wanted = count > 1 ? std::strtol(values[1], nullptr, 10) : 3000;
  const auto port = host.listen_loopback(static_cast<std::uint16_t>(wanted));
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().text.c_str());
    return 1;
  }
  std::printf("ready on http://localhost:%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  run(host);
  return 0;
}
