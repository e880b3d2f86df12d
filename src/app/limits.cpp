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
    Limit{"name-characters", "characters of a participant's name",
          [](Config& c) -> Place { return &c.conference.limits.name_characters; }},
    Limit{"room-name-characters", "characters of a room's name",
          [](Config& c) -> Place { return &c.conference.limits.room_name_characters; }},
    Limit{"metadata-bytes", "bytes of a participant's metadata",
          [](Config& c) -> Place { return &c.conference.limits.metadata_bytes; }},
    Limit{"message-bytes", "bytes of a message",
          [](Config& c) -> Place { return &c.conference.limits.message_bytes; }},
    Limit{"messages-per-second", "messages a second of a participant",
          [](Config& c) -> Place { return &c.conference.limits.messages_per_second; }},
    Limit{"offer-bytes", "bytes of an SDP offer",
          [](Config& c) -> Place { return &c.conference.limits.offer_bytes; }},
    Limit{"streams-per-participant", "streams a participant may publish",
          [](Config& c) -> Place { return &c.conference.limits.streams_per_participant; }},
    Limit{"participants-per-room", "participants of a room",
          [](Config& c) -> Place { return &c.conference.limits.participants_per_room; }},
    Limit{"rooms", "rooms", [](Config& c) -> Place { return &c.conference.limits.rooms; }},
    Limit{"prepared-peers", "transports prepared before a join",
          [](Config& c) -> Place { return &c.conference.prepared_max; }},
    Limit{"prepared-peers-per-address", "of them for one address",
          [](Config& c) -> Place { return &c.conference.prepared_per_address_max; }},
    Limit{"prepare-seconds", "how long a prepared transport waits",
          [](Config& c) -> Place { return &c.conference.prepare_timeout; }},
    Limit{"resume-seconds", "how long a lost participant is kept",
          [](Config& c) -> Place { return &c.conference.resume_timeout; }},
    Limit{"requests-per-second", "requests a second of one socket",
          [](Config& c) -> Place { return &c.conference.requests_per_second; }},
    Limit{"log-bytes-per-layer", "cached bytes of a stream's layer",
          [](Config& c) -> Place { return &c.worker.log_bytes_max; }},
    Limit{"log-bytes", "cached bytes of all streams",
          [](Config& c) -> Place { return &c.worker.logs_bytes_max; }},
    Limit{"peers", "browsers with media", [](Config& c) -> Place { return &c.worker.peers_max; }},
    Limit{"connections", "TCP connections",
          [](Config& c) -> Place { return &c.http_limits.connections_max; }},
    Limit{"sessions", "Socket.IO sessions",
          [](Config& c) -> Place { return &c.engineio.sessions_max; }},
    Limit{"session-buffered-bytes", "unsent bytes of a session",
          [](Config& c) -> Place { return &c.engineio.buffered_bytes_max; }},
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
  if (!(value >= kLeast && value <= kMost)) {
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
