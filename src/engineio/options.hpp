#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "engineio/cors.hpp"
#include "http/address_table.hpp"

namespace visavis::engineio {

/// Sent with the first answer of a polling session, for balancers that keep a client on one server
/// (RFC 6265 §4.1). Fields that are empty are left out.
struct CookieOptions {
  std::string name = "io";
  std::string path = "/";
  std::string domain{};
  std::optional<std::int64_t> max_age_s{};
  std::string expires{};  ///< "Wed, 21 Oct 2026 07:28:00 GMT"
  bool http_only = true;
  bool secure = false;
  bool partitioned = false;
  std::string priority{};  ///< "Low", "Medium" or "High"
  std::string same_site = "Lax";
};

/// Answers to polls, packed for clients that accept it.
struct HttpCompressionOptions {
  bool enabled = true;
  std::size_t threshold_bytes = 1024;  ///< smaller answers go as they are
  int level = 6;
};

/// A browser lets any page open a WebSocket to us; it only says which page it is (RFC 6455 §10.2).
enum class WebSocketOrigins : std::uint8_t {
  kAny,      ///< as Node's server
  kAllowed,  ///< our own host's pages and those that `cors` allows; others are forbidden
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

/// Which of several servers behind one port this is, a thread of the program each. It stands in the
/// last letter of each session's id, so a request that another one's session is asked by is known
/// at sight, and its connection is given to that one (`http::Route::elsewhere`).
struct Shard {
  static constexpr std::size_t kCountMax = 64;  ///< as many as that letter has values
  std::size_t index = 0;
  std::size_t count = 1;
};

/// The defaults are those of Node's server where it has the option.
struct Options {
  std::string path = "/engine.io/";
  /// Whether `path` ends with a slash, however it is written here.
  bool add_trailing_slash = true;
  Duration ping_interval = std::chrono::milliseconds(25'000);
  Duration ping_timeout = std::chrono::milliseconds(20'000);
  /// Pings wait for each other up to this long, so that one turn of the loop serves many sessions;
  /// but never more than a fiftieth of the interval. A client allows for `ping_timeout` besides.
  Duration ping_batch = Duration::zero();
  Duration upgrade_timeout = std::chrono::milliseconds(10'000);
  std::size_t max_payload = 1'000'000;
  bool polling = true;
  bool websocket = true;
  bool allow_upgrades = true;
  /// Clients of protocol revision 3 too (Socket.IO 2).
  bool allow_eio3 = false;
  std::optional<CorsOptions> cors{};
  WebSocketOrigins websocket_origins = WebSocketOrigins::kAny;
  std::optional<CookieOptions> cookie{};
  HttpCompressionOptions http_compression{};
  DeflateOptions per_message_deflate{};
  /// Nothing: it is alone.
  std::optional<Shard> shard = std::nullopt;
  /// Above it a handshake is refused with 503.
  std::size_t sessions_max = 20'000;
  /// Sessions of one address (`Hooks::client_address`), refused with 429. Off: behind a proxy that
  /// is not asked for the client's address, all have one.
  http::AddressLimit per_address{};
  /// Null: counted by `per_address` here; otherwise by this, for all servers that share it.
  std::shared_ptr<http::AddressCounter> addresses = nullptr;
  /// A hook that takes longer has refused.
  Duration decision_timeout = std::chrono::seconds(30);
  /// Requests that wait for hooks, and their bodies together; more get 503.
  std::size_t decisions_max = 10'000;
  std::size_t decision_bytes_max = 64'000'000;
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
  std::uint64_t sessions_refused = 0;     ///< `sessions_max`
  std::uint64_t refused_per_address = 0;  ///< `per_address.open_max`
  std::uint64_t refused_per_rate = 0;     ///< `per_address.per_second`
  std::uint64_t refused_by_hooks = 0;     ///< by middlewares, `allow_request`, `generate_id`
  std::uint64_t origins_refused = 0;      ///< WebSockets of other pages
  std::uint64_t decisions_refused = 0;    ///< too many requests waited for hooks
  std::uint64_t decisions_overdue = 0;    ///< `decision_timeout`
  std::uint64_t upgraded = 0;
  std::uint64_t upgrades_failed = 0;
  std::uint64_t bad_requests = 0;  ///< answered with an error code of the protocol
  std::uint64_t ping_timeouts = 0;
  std::uint64_t parse_errors = 0;  ///< sessions closed for bytes that are no packet, or no frame
  std::uint64_t too_big = 0;       ///< frames over `max_payload`; posts are counted by `http`
  std::uint64_t overflows = 0;     ///< sessions closed for what they did not read
  std::uint64_t high_waters = 0;   ///< sessions that passed `high_water_bytes`, each time
  std::uint64_t volatile_dropped = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t deflated = 0;      ///< messages compressed, once per broadcast
  std::uint64_t packed_polls = 0;  ///< answers to polls that were compressed
};

}  // namespace visavis::engineio
