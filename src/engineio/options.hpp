#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace visavis::engineio {

/// Cross-origin requests (Fetch standard §3.2), answered as Node's `cors` package does.
struct CorsOptions {
  /// "*" allows every origin; otherwise the request's origin must be one of these.
  std::vector<std::string> origins = {"*"};
  std::string methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
  /// Empty: what the preflight asks for is allowed.
  std::string allowed_headers;
  std::string exposed_headers;
  bool credentials = false;
  std::optional<unsigned> max_age_s;
};

/// Sent with the first answer of a session, for balancers that keep a client on one server.
struct CookieOptions {
  std::string name = "io";
  std::string path = "/";
  bool http_only = true;
  std::string same_site = "Lax";
};

struct DeflateOptions {
  bool enabled = false;
  std::size_t threshold_bytes = 1024;  ///< smaller messages go as they are
  int level = 6;
};

/// What becomes of a session whose client does not keep up, so that more than `high_water_bytes`
/// are queued and unsent. `Handlers::high_water` tells of it in each case.
enum class HighWaterPolicy : std::uint8_t {
  kTell,          ///< nothing else; volatile messages need a writable transport, as Node's do
  kDropVolatile,  ///< volatile messages wait below the mark as others do, and are dropped above it
  kClose,         ///< it is closed (transport error)
};

/// The defaults are those of Node's server where it has the option.
struct Options {
  std::string path = "/engine.io/";
  Duration ping_interval = std::chrono::milliseconds(25'000);
  Duration ping_timeout = std::chrono::milliseconds(20'000);
  Duration upgrade_timeout = std::chrono::milliseconds(10'000);
  std::size_t max_payload = 1'000'000;
  bool polling = true;
  bool websocket = true;
  bool allow_upgrades = true;
  std::optional<CorsOptions> cors;
  std::optional<CookieOptions> cookie;
  DeflateOptions per_message_deflate;
  /// Above it a handshake is refused with 503.
  std::size_t sessions_max = 20'000;
  /// A session whose queue and unsent bytes pass this is closed (transport error): its client does
  /// not read, and one such must not take the memory of all.
  std::size_t buffered_bytes_max = 8'000'000;
  /// A message of the largest size that clients may send, waiting: it is time to send less.
  std::size_t high_water_bytes = 1'000'000;
  HighWaterPolicy high_water_policy = HighWaterPolicy::kTell;
};

/// What happened since the start.
struct Counters {
  std::uint64_t sessions_opened = 0;
  std::uint64_t sessions_closed = 0;
  std::uint64_t sessions_refused = 0;  ///< `sessions_max`
  std::uint64_t upgraded = 0;
  std::uint64_t upgrades_failed = 0;
  std::uint64_t bad_requests = 0;  ///< answered with an error code of the protocol
  std::uint64_t ping_timeouts = 0;
  std::uint64_t parse_errors = 0;  ///< sessions closed for bytes that are no packet
  std::uint64_t too_big = 0;       ///< frames over `max_payload`; posts are counted by `http`
  std::uint64_t overflows = 0;     ///< sessions closed for what they did not read
  std::uint64_t high_waters = 0;   ///< sessions that passed `high_water_bytes`, each time
  std::uint64_t volatile_dropped = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t deflated = 0;  ///< messages compressed, once per broadcast
};

}  // namespace visavis::engineio
