// A server in somebody else's project: `outside PORT`.

#include <cstdio>
#include <cstdlib>
#include <socketio_host/host.hpp>

using namespace visavis;

int main(int count, char** values) {
  socketio::Host host;
  host.io().on_connection([](socketio::Socket& socket) {
    socket.emit("welcome", socket.id());
    socket.on("upper", [](const socketio::Arguments& arguments, socketio::Ack ack) {
      std::string text(arguments[0].as_string());
      for (char& c : text) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      }
      ack(text);
    });
  });
  const int wanted = count > 1 ? std::atoi(values[1]) : 3000;
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
