#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace visavis::conference {

/// `error.code` of an ack, as docs/protocol.md and the schema list them.
enum class ErrorCode : std::uint8_t {
  kUnknownEvent,
  kInvalidPayload,
  kNotJoined,
  kAlreadyJoined,
  kRateLimited,
  kShuttingDown,
  kInternal,
  kRoomNameInvalid,
  kNameInvalid,
  kNameTooLong,
  kMetadataTooLarge,
  kTokenTooLarge,
  kRoomFull,
  kTooManyRooms,
  kTooManyPrepared,
  kTooManyPreparedFromAddress,
  kOfferTooLarge,
  kInvalidOffer,
  kNoMedia,
  kNoSuchLine,
  kLineInUse,
  kTooManyStreams,
  kNoSuchStream,
  kTooManyTiles,
  kNoSuchParticipant,
  kMessageTooLarge,
  kInvalidResumeToken,
  kResumedElsewhere,
  kStatsPending,
  kStatsTimeout,
  kMediaFailed,
  kNameTaken,
  kTooManySessions,
  kTooManySessionsFromAddress,
};
inline constexpr std::size_t kErrorCodeCount = 34;

/// As it stands on the wire: "name-too-long".
[[nodiscard]] std::string_view to_string(ErrorCode code);

}  // namespace visavis::conference
