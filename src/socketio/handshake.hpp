#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/time.hpp"
#include "json/value.hpp"

namespace visavis::http {
class Headers;
}
namespace visavis::engineio {
struct Handshake;
}

namespace visavis::socketio {

/// What the client said when it came: the first HTTP request of the connection, and the `auth`
/// object of the namespace.
class Handshake {
 public:
  Handshake(std::shared_ptr<const engineio::Handshake> connection, json::Value auth);

  [[nodiscard]] const http::Headers& headers() const;
  [[nodiscard]] const SocketAddress& address() const;
  /// Over TLS.
  [[nodiscard]] bool secure() const;
  /// The request has an Origin header.
  [[nodiscard]] bool cross_domain() const;
  [[nodiscard]] Instant issued() const;
  /// The request's target as it came: path and query.
  [[nodiscard]] std::string_view url() const;
  /// Raw, without the question mark.
  [[nodiscard]] std::string_view query() const;
  /// The first value of this name in the query, percent-decoded.
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
  /// Always an object; empty if the client sent none.
  [[nodiscard]] const json::Value& auth() const { return auth_; }

 private:
  // Shared by the sockets (one for each namespace) of one connection.
  std::shared_ptr<const engineio::Handshake> connection_;
  json::Value auth_;
};

}  // namespace visavis::socketio
