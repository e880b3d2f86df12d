#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "conference/error_code.hpp"

namespace visavis::conference {

/// What happened since the start, for `/metrics`.
struct Counters {
  std::uint64_t sockets = 0;
  std::uint64_t requests = 0;
  std::uint64_t joins = 0;
  std::uint64_t prepared = 0;       ///< `prepare` requests that were granted.
  std::uint64_t prepared_used = 0;  ///< …and then taken over by a `join`.
  std::uint64_t prepared_expired = 0;
  std::uint64_t resumes = 0;
  std::uint64_t leaves = 0;
  std::uint64_t lost = 0;  ///< Participants who did not come back in time.
  std::uint64_t negotiations = 0;
  std::uint64_t ice_restarts = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_forgotten = 0;  ///< Kept for a lost participant, and then too many.
  std::uint64_t views = 0;
  std::uint64_t peers_failed = 0;
  std::uint64_t peers_silent = 0;
  std::uint64_t codec_requests = 0;
  std::uint64_t direct_publishers = 0;  ///< Who came without a socket (WHIP).
  std::uint64_t direct_players = 0;     ///< The same (WHEP).
  std::uint64_t direct_expired = 0;     ///< Of both, those that never connected.
  std::uint64_t overloaded = 0;         ///< Requests refused because no worker takes the commands.
  std::array<std::uint64_t, kErrorCodeCount> refusals{};  ///< By `ErrorCode`.

  void refuse(ErrorCode code) { ++refusals[static_cast<std::size_t>(code)]; }
};

struct Gauges {
  std::size_t rooms = 0;
  std::size_t participants = 0;
  std::size_t prepared = 0;
  std::size_t streams = 0;
  std::size_t direct_publishers = 0;
  std::size_t direct_players = 0;
};

struct StreamLabel {
  std::string room;
  std::string participant;  ///< Id.
  std::string name;
  std::string stream;  ///< Id, as clients know it.
  std::string source;
};

}  // namespace visavis::conference
