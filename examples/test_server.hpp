#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

// What the servers for tests share. The examples do it themselves, so that each can be read alone.

namespace visavis::examples {

/// The whole text as a number.
template <class Number>
[[nodiscard]] bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// What `[--port N]` says, where no other flag is known: without it `otherwise`. Nothing if the
/// arguments are anything else.
[[nodiscard]] inline std::optional<std::uint16_t> read_port(std::span<char* const> arguments,
                                                            std::uint16_t otherwise) {
  std::uint16_t port = otherwise;
  if (arguments.size() == 1) {
    return port;
  }
  const bool whole = arguments.size() == 3 && std::string_view(arguments[1]) == "--port" &&
                     read_number(arguments[2], port);
  return whole ? std::optional(port) : std::nullopt;
}

/// Tells whoever started us that we listen.
inline void say_ready(std::uint16_t port) {
  std::printf("ready on http://localhost:%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
}

/// Serves on 127.0.0.1 and ::1 (port 0 takes a free one) until SIGINT or SIGTERM; what `main` gives
/// back.
template <class AnyHost>
[[nodiscard]] int serve_on_loopback(AnyHost& host, std::uint16_t wanted) {
  const auto port = host.listen_loopback(wanted);
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().text.c_str());
    return 1;
  }
  say_ready(*port);
  host.run();
  return 0;
}

}  // namespace visavis::examples
