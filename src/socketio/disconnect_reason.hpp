#pragma once

#include <cstdint>
#include <string_view>

namespace visavis::socketio {

/// Why a socket ended, as Node's server tells them apart.
enum class DisconnectReason : std::uint8_t {
  kTransportError,
  kTransportClose,             ///< the connection was lost or closed by the client
  kForcedClose,                ///< we closed it, mostly for a packet that is not Socket.IO
  kForcedServerClose,          ///< … for a packet to a namespace that it is not for
  kPingTimeout,                ///< no pong in time
  kParseError,                 ///< a packet that is not Engine.IO
  kServerShuttingDown,         ///< `Server::shut_down()`
  kClientNamespaceDisconnect,  ///< the client left the namespace
  kServerNamespaceDisconnect,  ///< `Socket::disconnect()`
};

/// The words of Node's server: "transport close", "client namespace disconnect", …
[[nodiscard]] std::string_view to_string(DisconnectReason reason);

}  // namespace visavis::socketio
