#pragma once

#include <string>
#include <string_view>

namespace visavis::websocket {

/// Whether a client's `Sec-WebSocket-Key` is base64 of 16 bytes (RFC 6455 §4.1).
[[nodiscard]] bool is_key(std::string_view key);

/// The server's `Sec-WebSocket-Accept` for the client's key (RFC 6455 §4.2.2).
[[nodiscard]] std::string accept_key(std::string_view key);

}  // namespace visavis::websocket
