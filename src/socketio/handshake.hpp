#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/time.hpp"
#include "json/date.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

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
  /// `zero`: what a clock on the wall shows at `Instant{}`.
  Handshake(std::shared_ptr<const engineio::Handshake> connection, json::Value auth,
            json::Date zero);

  [[nodiscard]] const http::Headers& headers() const;
  [[nodiscard]] const SocketAddress& address() const;
  /// Over TLS.
  [[nodiscard]] bool secure() const;
  /// The request has an Origin header.
  [[nodiscard]] bool cross_domain() const;
  /// When the session began.
  [[nodiscard]] Instant issued() const;
  /// The same by the clock on the wall; right if `Options::wall_clock_zero` is.
  [[nodiscard]] json::Date time() const;
  /// The request's target as it came: path and query.
  [[nodiscard]] std::string_view url() const;
  /// Raw, without the question mark.
  [[nodiscard]] std::string_view query() const;
  /// The value of this name in the query, percent-decoded; the last one, as with Node, where it
  /// comes twice.
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
  /// Always an object; empty if the client sent none.
  [[nodiscard]] const json::Value& auth() const { return auth_; }

  /// All of it as the object that Node's `socket.handshake` is: headers (names in lower case),
  /// time, address, xdomain, secure, issued, url, query, auth.
  [[nodiscard]] json::Raw to_json() const;

 private:
  // Shared by the sockets (one for each namespace) of one connection.
  std::shared_ptr<const engineio::Handshake> connection_;
  json::Value auth_;
  json::Date zero_;
};

}  // namespace visavis::socketio
