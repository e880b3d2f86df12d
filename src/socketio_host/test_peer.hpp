#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "tls/tls_context.hpp"
#include "tls/tls_session.hpp"

namespace visavis::socketio {

/// A blocking connection, through TLS if it is given whom to trust. It gives up after seconds, so
/// that a fault is a failure and no hang.
class TestPeer {
 public:
  explicit TestPeer(std::uint16_t port, const tls::TlsContext* trusting = nullptr)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    if (trusting != nullptr) {
      tls_.emplace(*trusting, "localhost");
      send_ciphertext();
      while (tls_->state() == tls::TlsSession::State::kHandshaking && receive()) {
      }
    }
  }
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;
  ~TestPeer() { ::close(fd_); }

  /// The server's certificate was trusted.
  [[nodiscard]] bool is_secure() const {
    return tls_ && tls_->state() == tls::TlsSession::State::kOpen;
  }
  void send(std::string_view text) {
    if (tls_) {
      tls_->write(as_bytes(text));
      send_ciphertext();
    } else {
      send_bytes(as_bytes(text));
    }
  }
  /// Reads until `end` has come; what came up to there.
  std::string read_until(std::string_view end) {
    while (input_.find(end) == std::string::npos) {
      if (!receive()) {
        ADD_FAILURE() << "no " << end << " in: " << input_;
        return {};
      }
    }
    const std::size_t size = input_.find(end) + end.size();
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
  }
  /// Whether the next that comes is this; it stays to be read. False: the other end closed, too.
  bool begins_with(std::string_view text) {
    while (input_.size() < text.size() && receive()) {
    }
    return input_.starts_with(text);
  }
  /// What the next read gives, when all before it has been read.
  std::string read_once() {
    receive();
    return std::exchange(input_, {});
  }
  /// Reads until the other end closes; what came up to there.
  std::string read_all() {
    while (receive()) {
    }
    return std::exchange(input_, {});
  }
  /// The body of the next answer; all of ours end with what is asked for.
  std::string request(std::string_view line, std::string_view body, std::string_view end) {
    std::string text(line);
    text += " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    send(text += body);
    return read_until(end);
  }
  /// Asks for a WebSocket; what is answered is still to be read.
  void ask_for_socket() {
    send(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  }
  /// A text frame, masked with zeros.
  void say(std::string_view packet) {
    std::string frame = {'\x81', static_cast<char>(0x80U | packet.size()), 0, 0, 0, 0};
    send(frame += packet);
  }

 private:
  /// False: the other end closed, or nothing came in time.
  bool receive() {
    std::array<std::byte, 16'384> bytes{};
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      return false;
    }
    const Bytes received = Bytes(bytes).first(static_cast<std::size_t>(got));
    if (!tls_) {
      input_ += as_text(received);
      return true;
    }
    tls_->handle_ciphertext(received);
    std::array<std::byte, 16'384> text{};
    while (const std::size_t count = tls_->read(text)) {
      input_ += as_text(Bytes(text).first(count));
    }
    send_ciphertext();
    return tls_->state() != tls::TlsSession::State::kFailed;
  }
  void send_ciphertext() {
    std::array<std::byte, 16'384> bytes{};
    while (const std::size_t count = tls_->poll_ciphertext(bytes)) {
      send_bytes(Bytes(bytes).first(count));
    }
  }
  void send_bytes(Bytes bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  int fd_;
  std::optional<tls::TlsSession> tls_;
  std::string input_;
};

}  // namespace visavis::socketio
