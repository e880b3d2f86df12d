#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/callback.hpp"
#include "base/time.hpp"
#include "engineio/cors.hpp"
#include "http/message.hpp"

namespace visavis::engineio {

class Server;

/// Why a request is refused, with the numbers that Node's server puts into its answers.
enum class ErrorCode : std::uint8_t {
  kTransportUnknown,
  kSessionUnknown,
  kBadHandshakeMethod,
  kBadRequest,
  kForbidden,
  kUnsupportedProtocol,
};
/// "Transport unknown" and so on.
[[nodiscard]] std::string_view message_of(ErrorCode code);

/// A request that was refused; all of it is lent for the call.
struct ConnectionError {
  using Detail = std::pair<std::string_view, std::string>;

  const http::Request& request;
  ErrorCode code;
  std::string_view message;
  std::span<const Detail>
      context;  ///< Node's, such as {"sid", "…"} or {"name", "MIDDLEWARE_FAILURE"}
};

/// The one word that a hook owes the server, now or later; said late, it says the time. When the
/// client has left or the server is gone, it is not heard. Who lets it fall without a word has
/// refused once `Options::decision_timeout` is over.
class Decision {
 public:
  struct Pass {
    std::string id;     ///< the new session's, where that was asked for
    CorsOrigin origin;  ///< where that was asked for
  };
  struct Refuse {
    std::string message;
  };
  using Outcome = std::variant<Pass, Refuse, http::Response>;

  Decision(std::weak_ptr<Server*> server, std::uint64_t number)
      : server_(std::move(server)), number_(number) {}
  Decision(Decision&&) = default;
  Decision& operator=(Decision&&) = default;
  Decision(const Decision&) = delete;
  Decision& operator=(const Decision&) = delete;
  ~Decision() = default;

  void settle(Instant now, Outcome outcome);

 private:
  std::weak_ptr<Server*> server_;
  std::uint64_t number_;
};

/// What a middleware says at its end.
class Next : Decision {
 public:
  explicit Next(Decision decision) : Decision(std::move(decision)) {}

  void operator()(Instant now) { settle(now, Pass()); }
  /// 400 "Bad request"; the reason is for `Hooks::connection_error` alone.
  void fail(Instant now, std::string reason) { settle(now, Refuse(std::move(reason))); }
  /// The request is answered, and goes no further.
  void answer(Instant now, http::Response response) { settle(now, std::move(response)); }
};

/// What `allow_request` says.
class Verdict : Decision {
 public:
  explicit Verdict(Decision decision) : Decision(std::move(decision)) {}

  void allow(Instant now) { settle(now, Pass()); }
  /// 403 with code 4; a WebSocket gets 400. Without a message it is "Forbidden".
  void refuse(Instant now, std::string message = {}) { settle(now, Refuse(std::move(message))); }
};

/// What `generate_id` says: an id that is no living session's, of 1 to 255 printable ASCII
/// characters other than '"' and '\'. Whoever can guess it has the session.
class IdVerdict : Decision {
 public:
  explicit IdVerdict(Decision decision) : Decision(std::move(decision)) {}

  void use(Instant now, std::string id) { settle(now, Pass(std::move(id), {})); }
  void fail(Instant now, std::string reason) { settle(now, Refuse(std::move(reason))); }
};

/// A request on its way through the middlewares; lent until the middleware returns.
struct Passing {
  const http::Request& request;
  http::Headers& headers;  ///< of whatever will answer it
  bool upgrade;            ///< it asks for a WebSocket
};

/// Sees every request under the path, of sessions and of those that ask for one.
using Middleware = Callback<void(Instant, const Passing&, Next)>;
using HeadersHook = Callback<void(http::Headers&, const http::Request&)>;

/// What an application may decide of its clients' requests. None of them may destroy the server.
struct Hooks {
  /// Asked before a session begins.
  Callback<void(Instant, const http::Request&, Verdict)> allow_request = {};
  /// Makes the session's id; by default it is 20 random characters.
  Callback<void(Instant, const http::Request&, IdVerdict)> generate_id = {};
  /// May add to the first answer of a session, its 101 included.
  HeadersHook initial_headers = {};
  /// May add to every answer of a session, its 101 included.
  HeadersHook headers = {};
  /// Whom a request counts for in `Options::per_address`: by default the other end of its
  /// connection; behind a proxy, what its X-Forwarded-For says.
  Callback<IpAddress(const http::Request&)> client_address = {};
  /// A request was refused.
  Callback<void(Instant, const ConnectionError&)> connection_error = {};
};

}  // namespace visavis::engineio
