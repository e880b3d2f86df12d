#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "engineio/message.hpp"
#include "engineio/options.hpp"
#include "http/server.hpp"

namespace visavis::engineio {

/// A session, while it lives and after; never reused.
using SessionHandle = Strong<struct SessionHandleMeaning, std::uint64_t>;

enum class CloseReason : std::uint8_t {
  kTransportError,
  kTransportClose,
  kForcedClose,
  kPingTimeout,
  kParseError,
  kServerShuttingDown,
};
/// In the words of Node's server: "transport error", "transport close", "forced close", "ping
/// timeout", "parse error", "server shutting down".
[[nodiscard]] std::string_view to_string(CloseReason reason);

/// How a session began.
struct Handshake {
  std::string sid;
  http::Request request;  ///< the first one; without its body
  Instant issued;
  std::string transport;  ///< "polling" or "websocket", as the session began
};

struct SendOptions {
  bool volatile_message = false;  ///< dropped when the transport is not writable now
  bool compress = true;           ///< where permessage-deflate was agreed on
};

/// What a session's owner hears. Each may call anything of the server.
struct Handlers {
  std::move_only_function<void(Instant, SessionHandle, const Handshake&)> open;
  /// The bytes are lent for the call; text is valid UTF-8 and has lost its packet type.
  std::move_only_function<void(Instant, SessionHandle, bool binary, Bytes)> message;
  /// Once for each session that was opened; the handle is unknown afterwards.
  std::move_only_function<void(Instant, SessionHandle, CloseReason)> close;
  /// All that was sent has left for the transport.
  std::move_only_function<void(Instant, SessionHandle)> drain;
};

/// An Engine.IO v4 server (protocol revision 4) on an `http::Server`: sessions over HTTP
/// long-polling, WebSocket, and the upgrade from one to the other.
///
/// It registers its path there and is driven by it; its own timers are `handle_timeout` and
/// `next_timeout`. What it sends comes out of the HTTP server's `poll_output`. The HTTP server and
/// the entropy outlive it and are not driven any more once it is destroyed. Time must not go back.
class Server {
 public:
  Server(http::Server& http, Options options, Entropy& entropy);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  void set_handlers(Handlers handlers);

  /// Unknown (closed) sessions are ignored.
  void send(Instant now, SessionHandle session, SharedMessage message, SendOptions options = {});
  /// What is buffered leaves first where the transport allows it. `Handlers::close` is called
  /// before this returns.
  void close(Instant now, SessionHandle session, CloseReason reason);

  /// Whether a message would leave at once; false for an unknown session.
  [[nodiscard]] bool writable(SessionHandle session) const;
  /// Queued here and unsent in the connection.
  [[nodiscard]] std::size_t buffered_bytes(SessionHandle session) const;
  /// "polling" or "websocket" now; empty for an unknown session.
  [[nodiscard]] std::string_view transport(SessionHandle session) const;
  /// Null for an unknown session; valid while it lives.
  [[nodiscard]] const Handshake* handshake(SessionHandle session) const;
  [[nodiscard]] std::size_t sessions() const;

  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  [[nodiscard]] const Counters& counters() const;
  /// Closes every session (server shutting down) and refuses new ones.
  void shut_down(Instant now);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace visavis::engineio
