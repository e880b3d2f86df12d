#include "app/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <variant>

namespace visavis::app {
namespace {

using Place = std::variant<std::size_t*, double*, Duration*>;

struct Limit {
  std::string_view name;
  std::string_view meaning;
  Place (*place)(Config&);
};

/// Every limit is at least 1, so that a call stays possible, and fits in a double exactly.
constexpr double kLeast = 1;
constexpr double kMost = 1e12;

constexpr std::array kLimits = {
    Limit{.name = "name-characters",
          .meaning = "characters of a participant's name",
          .place = [](Config& c) -> Place { return &c.conference.limits.name_characters; }},
    Limit{.name = "room-name-characters",
          .meaning = "characters of a room's name",
          .place = [](Config& c) -> Place { return &c.conference.limits.room_name_characters; }},
    Limit{.name = "metadata-bytes",
          .meaning = "bytes of a participant's metadata",
          .place = [](Config& c) -> Place { return &c.conference.limits.metadata_bytes; }},
    Limit{.name = "message-bytes",
          .meaning = "bytes of a message",
          .place = [](Config& c) -> Place { return &c.conference.limits.message_bytes; }},
    Limit{.name = "messages-per-second",
          .meaning = "messages a second of a participant",
          .place = [](Config& c) -> Place { return &c.conference.limits.messages_per_second; }},
    Limit{.name = "offer-bytes",
          .meaning = "bytes of an SDP offer",
          .place = [](Config& c) -> Place { return &c.conference.limits.offer_bytes; }},
    Limit{.name = "streams-per-participant",
          .meaning = "streams a participant may publish",
          .place = [](Config& c) -> Place { return &c.conference.limits.streams_per_participant; }},
    Limit{.name = "participants-per-room",
          .meaning = "participants of a room",
          .place = [](Config& c) -> Place { return &c.conference.limits.participants_per_room; }},
    Limit{.name = "rooms",
          .meaning = "rooms",
          .place = [](Config& c) -> Place { return &c.conference.limits.rooms; }},
    Limit{.name = "prepared-peers",
          .meaning = "transports prepared before a join",
          .place = [](Config& c) -> Place { return &c.conference.prepared_max; }},
    Limit{.name = "prepared-peers-per-address",
          .meaning = "of them for one address",
          .place = [](Config& c) -> Place { return &c.conference.prepared_per_address_max; }},
    Limit{.name = "prepare-seconds",
          .meaning = "how long a prepared transport waits",
          .place = [](Config& c) -> Place { return &c.conference.prepare_timeout; }},
    Limit{.name = "resume-seconds",
          .meaning = "how long a lost participant is kept",
          .place = [](Config& c) -> Place { return &c.conference.resume_timeout; }},
    Limit{.name = "lost-participants",
          .meaning = "how many are kept; above it the longest lost goes",
          .place = [](Config& c) -> Place { return &c.conference.lost_max; }},
    Limit{.name = "whip-sessions",
          .meaning = "WHIP and WHEP sessions",
          .place = [](Config& c) -> Place { return &c.conference.direct_max; }},
    Limit{.name = "whip-sessions-per-address",
          .meaning = "of them for one address",
          .place = [](Config& c) -> Place { return &c.conference.direct_per_address_max; }},
    Limit{.name = "requests-per-second",
          .meaning = "requests a second of one socket",
          .place = [](Config& c) -> Place { return &c.conference.requests_per_second; }},
    Limit{.name = "log-bytes-per-layer",
          .meaning = "cached bytes of a stream's layer",
          .place = [](Config& c) -> Place { return &c.worker.log_bytes_max; }},
    Limit{.name = "log-bytes",
          .meaning = "cached bytes of all streams",
          .place = [](Config& c) -> Place { return &c.worker.logs_bytes_max; }},
    Limit{.name = "early-media-bytes",
          .meaning = "media kept of browsers and encoders whose DTLS handshake is not done yet",
          .place = [](Config& c) -> Place { return &c.worker.early_media_bytes_max; }},
    Limit{.name = "peers",
          .meaning = "browsers with media",
          .place = [](Config& c) -> Place { return &c.worker.peers_max; }},
    Limit{.name = "peer-bytes-per-second",
          .meaning = "media bytes a second taken from one browser, 200 more for each datagram; "
                     "65536 at once",
          .place = [](Config& c) -> Place { return &c.worker.peer_bytes_per_second; }},
    Limit{.name = "connections",
          .meaning = "TCP connections",
          .place = [](Config& c) -> Place { return &c.http_limits.connections_max; }},
    Limit{.name = "connections-per-address",
          .meaning = "of them for one address; 0: no limit",
          .place = [](Config& c) -> Place { return &c.http_limits.per_address.open_max; }},
    Limit{.name = "connect-rate",
          .meaning = "new ones a second of one address; 0: no limit",
          .place = [](Config& c) -> Place { return &c.http_limits.per_address.per_second; }},
    Limit{.name = "connect-burst",
          .meaning = "new ones of one address at once",
          .place = [](Config& c) -> Place { return &c.http_limits.per_address.burst; }},
    Limit{.name = "sessions",
          .meaning = "Socket.IO sessions",
          .place = [](Config& c) -> Place { return &c.engineio.sessions_max; }},
    Limit{.name = "session-buffered-bytes",
          .meaning = "unsent bytes of a session",
          .place = [](Config& c) -> Place { return &c.engineio.buffered_bytes_max; }},
};

struct Writer {
  double value;
  void operator()(std::size_t* place) const { *place = static_cast<std::size_t>(value); }
  void operator()(double* place) const { *place = value; }
  void operator()(Duration* place) const {
    *place = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
  }
};

struct Reader {
  double operator()(const std::size_t* place) const { return static_cast<double>(*place); }
  double operator()(const double* place) const { return *place; }
  double operator()(const Duration* place) const {
    return std::chrono::duration<double>(*place).count();
  }
};

}  // namespace

std::expected<void, Error> set_limit(Config& config, std::string_view name, double value) {
  const auto* const limit = std::ranges::find(kLimits, name, &Limit::name);
  if (limit == kLimits.end()) {
    return std::unexpected(Error{fmt::format("there is no limit \"{}\"", name)});
  }
  const bool allowed = value >= kLeast && value <= kMost;  // False for NaN, too.
  if (!allowed) {
    return std::unexpected(
        Error{fmt::format("limit {} must be between {} and {}", name, kLeast, kMost)});
  }
  std::visit(Writer{value}, limit->place(config));
  return {};
}

std::string describe_limits(const Config& config) {
  Config copy = config;
  std::string text;
  for (const Limit& limit : kLimits) {
    text += fmt::format("  {:<27} {} ({})\n", limit.name, limit.meaning,
                        std::visit(Reader{}, limit.place(copy)));
  }
  return text;
}

}  // namespace visavis::app
