#include "conference/error_code.hpp"

namespace visavis::conference {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownEvent: return "unknown-event";
    case ErrorCode::kInvalidPayload: return "invalid-payload";
    case ErrorCode::kNotJoined: return "not-joined";
    case ErrorCode::kAlreadyJoined: return "already-joined";
    case ErrorCode::kRateLimited: return "rate-limited";
    case ErrorCode::kShuttingDown: return "shutting-down";
    case ErrorCode::kInternal: return "internal";
    case ErrorCode::kRoomNameInvalid: return "room-name-invalid";
    case ErrorCode::kNameInvalid: return "name-invalid";
    case ErrorCode::kNameTooLong: return "name-too-long";
    case ErrorCode::kMetadataTooLarge: return "metadata-too-large";
    case ErrorCode::kTokenTooLarge: return "token-too-large";
    case ErrorCode::kRoomFull: return "room-full";
    case ErrorCode::kTooManyRooms: return "too-many-rooms";
    case ErrorCode::kTooManyPrepared: return "too-many-prepared";
    case ErrorCode::kTooManyPreparedFromAddress: return "too-many-prepared-from-address";
    case ErrorCode::kOfferTooLarge: return "offer-too-large";
    case ErrorCode::kInvalidOffer: return "invalid-offer";
    case ErrorCode::kNoMedia: return "no-media";
    case ErrorCode::kNoSuchLine: return "no-such-line";
    case ErrorCode::kLineInUse: return "line-in-use";
    case ErrorCode::kTooManyStreams: return "too-many-streams";
    case ErrorCode::kNoSuchStream: return "no-such-stream";
    case ErrorCode::kTooManyTiles: return "too-many-tiles";
    case ErrorCode::kNoSuchParticipant: return "no-such-participant";
    case ErrorCode::kMessageTooLarge: return "message-too-large";
    case ErrorCode::kInvalidResumeToken: return "invalid-resume-token";
    case ErrorCode::kResumedElsewhere: return "resumed-elsewhere";
    case ErrorCode::kStatsPending: return "stats-pending";
    case ErrorCode::kStatsTimeout: return "stats-timeout";
    case ErrorCode::kMediaFailed: return "media-failed";
    case ErrorCode::kNameTaken: return "name-taken";
    case ErrorCode::kTooManySessions: return "too-many-sessions";
    case ErrorCode::kTooManySessionsFromAddress: return "too-many-sessions-from-address";
  }
  return "";
}

}  // namespace visavis::conference
