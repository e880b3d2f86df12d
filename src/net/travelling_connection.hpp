#pragma once

#include <cstddef>
#include <optional>

#include "base/address.hpp"
#include "http/server.hpp"
#include "net/tcp_connection.hpp"

namespace visavis::net {

/// A TCP connection on its way from one thread's `HttpHost` to another's: socket, TLS, what has not
/// left yet, and the request that it came with.
struct TravellingConnection {
  TcpConnection tcp;
  SocketAddress remote;
  bool secure = false;
  bool peer_ended = false;
  std::optional<http::Server::Handover> request{};  ///< none: not a byte was read yet

  /// What it keeps in memory besides this object, about.
  [[nodiscard]] std::size_t held_bytes() const {
    return (tcp.is_secure() ? kTlsBytes : 0) + (request ? request->held_bytes() : 0);
  }
  /// Of OpenSSL, for one connection.
  static constexpr std::size_t kTlsBytes = 20'000;
};

}  // namespace visavis::net
