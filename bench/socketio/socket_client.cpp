#include "socketio/socket_client.hpp"

#include <algorithm>

namespace visavis::bench {
namespace {

/// What a client must send (RFC 6455 §4.1).
constexpr std::string_view kBareHeaders =
    "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// What Chromium 130 sends besides.
constexpr std::string_view kBrowserHeaders =
    "Host: localhost:3000\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\nOrigin: http://localhost:3000\r\nSec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// RFC 6455 §5.3 wants a new one for each frame; for loopback load any but zero costs the server as
/// much.
constexpr std::array<char, 4> kMask = {0x37, 0x5A, 0x11, 0x6C};

unsigned byte(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

SocketClient::SocketClient(Loop& loop, const Target& target, const Options& options)
    : Link(loop, target), upgrading_(!options.sid.empty()) {
  output() += "GET /socket.io/?EIO=4&transport=websocket";
  if (upgrading_) {
    output() += "&sid=" + options.sid;
  }
  output() += " HTTP/1.1\r\n";
  output() += options.browser_headers ? kBrowserHeaders : kBareHeaders;
}

std::size_t SocketClient::handle_input(std::string_view input) {
  std::size_t taken = 0;
  if (!open_) {
    taken = handle_answer(input);
    if (!open_) {
      return taken;
    }
  }
  while (input.size() - taken >= 2 && !failed_) {
    const std::string_view rest = input.substr(taken);
    std::size_t header = 2;
    std::size_t size = byte(rest, 1) & 0x7FU;
    if (size == 126) {
      header = 4;
      size = rest.size() < header ? rest.size() : (byte(rest, 2) << 8U) | byte(rest, 3);
    } else if (size == 127) {
      header = 10;
      size = 0;
      for (std::size_t i = 2; i < std::min<std::size_t>(rest.size(), 10); ++i) {
        size = (size << 8U) | byte(rest, i);
      }
    }
    if (rest.size() < header + size) {
      break;
    }
    taken += header + size;
    handle_frame(byte(rest, 0) & 0x0FU, rest.substr(header, size));
  }
  return taken;
}

std::size_t SocketClient::handle_answer(std::string_view input) {
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return 0;
  }
  open_ = input.starts_with("HTTP/1.1 101");
  failed_ = !open_;
  if (open_ && upgrading_) {
    ready_ = true;
    if (ready_handler_) {
      ready_handler_();
    }
  }
  return end + 4;
}

void SocketClient::handle_frame(unsigned opcode, std::string_view payload) {
  if (opcode == 0x1) {
    handle_text(payload);
  } else if (opcode == 0x2 && taker_) {
    taker_(true, payload);
  } else if (opcode == 0x8) {
    ended_ = true;
  }
}

void SocketClient::handle_text(std::string_view packet) {
  if (packet == "2") {
    ++pings_;
    write_text("3");
  } else if (ready_ && taker_) {
    taker_(false, packet);
  } else if (packet.starts_with('0') && !upgrading_) {
    write_text("40");
  } else if (packet.starts_with("40") && !ready_) {
    ready_ = true;
    if (ready_handler_) {
      ready_handler_();
    }
  } else if (packet.starts_with("44")) {
    failed_ = true;
  }
}

void SocketClient::write_frame(unsigned opcode, std::string_view payload) {
  std::string& to = output();
  to.push_back(static_cast<char>(0x80U | opcode));
  if (payload.size() < 126) {
    to.push_back(static_cast<char>(0x80U | payload.size()));
  } else {
    to.push_back(static_cast<char>(0x80U | 126U));
    to.push_back(static_cast<char>(payload.size() >> 8U));
    to.push_back(static_cast<char>(payload.size() & 0xFFU));
  }
  to.append(kMask.data(), kMask.size());
  const std::size_t start = to.size();
  to += payload;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    to[start + i] = static_cast<char>(to[start + i] ^ kMask.at(i % kMask.size()));
  }
}

void SocketClient::handle_closed() {
  ended_ = true;
  failed_ = failed_ || !ready_;
}

}  // namespace visavis::bench
