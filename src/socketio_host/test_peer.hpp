#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace visavis::socketio {

/// A blocking connection that gives up after seconds, so that a fault is a failure and no hang.
class TestPeer {
 public:
  explicit TestPeer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;
  ~TestPeer() { ::close(fd_); }

  void send(std::string_view text) const {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// Reads until `end` has come; what came up to there.
  std::string read_until(std::string_view end) {
    std::array<char, 4096> bytes{};
    while (input_.find(end) == std::string::npos) {
      const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (got <= 0) {
        ADD_FAILURE() << "no " << end << " in: " << input_;
        return {};
      }
      input_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    const std::size_t size = input_.find(end) + end.size();
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
  }
  /// Whether the next that comes is this; it stays to be read. False: the other end closed, too.
  bool begins_with(std::string_view text) {
    std::array<char, 4096> bytes{};
    while (input_.size() < text.size()) {
      const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (got <= 0) {
        return false;
      }
      input_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return input_.starts_with(text);
  }
  /// Reads until the other end closes; what came up to there.
  std::string read_all() {
    std::array<char, 4096> bytes{};
    for (ssize_t got = 0; (got = ::recv(fd_, bytes.data(), bytes.size(), 0)) > 0;) {
      input_.append(bytes.data(), static_cast<std::size_t>(got));
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
  void ask_for_socket() const {
    send(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  }
  /// A text frame, masked with zeros.
  void say(std::string_view packet) const {
    std::string frame = {'\x81', static_cast<char>(0x80U | packet.size()), 0, 0, 0, 0};
    send(frame += packet);
  }

 private:
  int fd_;
  std::string input_;
};

}  // namespace visavis::socketio
