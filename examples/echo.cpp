// The smallest server: `echo [PORT]`. It sends every event back as it came, and acks what wants it.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "socketio_host/host.hpp"

int main(int count, char** values) {
  using namespace visavis::socketio;
  Host host;
  host.io().on_connection([](Socket& socket) {
    socket.on_any([&socket](std::string_view event, const Arguments& arguments, Ack ack) {
      if (ack) {
        ack(arguments);
      } else {
        socket.emit(event, arguments);
      }
    });
  });
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
