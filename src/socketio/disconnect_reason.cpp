#include "socketio/disconnect_reason.hpp"

namespace visavis::socketio {

std::string_view to_string(DisconnectReason reason) {
  switch (reason) {
    case DisconnectReason::kTransportError: return "transport error";
    case DisconnectReason::kTransportClose: return "transport close";
    case DisconnectReason::kForcedClose: return "forced close";
    case DisconnectReason::kForcedServerClose: return "forced server close";
    case DisconnectReason::kPingTimeout: return "ping timeout";
    case DisconnectReason::kParseError: return "parse error";
    case DisconnectReason::kServerShuttingDown: return "server shutting down";
    case DisconnectReason::kClientNamespaceDisconnect: return "client namespace disconnect";
    case DisconnectReason::kServerNamespaceDisconnect: return "server namespace disconnect";
  }
  return "";
}

}  // namespace visavis::socketio
