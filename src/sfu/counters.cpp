#include "sfu/counters.hpp"

#include "sfu/event.hpp"

namespace visavis::sfu {

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::kUnknownRoute: return "unknown_route";
    case DropReason::kUnknownUfrag: return "unknown_ufrag";
    case DropReason::kNoStream: return "no_stream";
    case DropReason::kTooManySources: return "too_many_sources";
    case DropReason::kUnknownPayloadType: return "unknown_payload_type";
    case DropReason::kMalformed: return "malformed";
    case DropReason::kTooLarge: return "too_large";
    case DropReason::kDuplicate: return "duplicate";
    case DropReason::kTooOld: return "too_old";
    case DropReason::kNoMemory: return "no_memory";
    case DropReason::kPadding: return "padding";
    case DropReason::kViewerTooSlow: return "viewer_too_slow";
    case DropReason::kPeerTooFast: return "peer_too_fast";
    case DropReason::kStreamTooRestless: return "stream_too_restless";
    case DropReason::kTooManyHandshakes: return "too_many_handshakes";
    case DropReason::kReasonCount: break;
  }
  return "unknown";
}

std::string_view to_string(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kTooManyPeers: return "too_many_peers";
    case RefusalReason::kTooManyStreams: return "too_many_streams";
    case RefusalReason::kTooManySlots: return "too_many_slots";
    case RefusalReason::kDuplicatePeer: return "duplicate_peer";
    case RefusalReason::kDuplicateStream: return "duplicate_stream";
    case RefusalReason::kDuplicateUfrag: return "duplicate_ufrag";
    case RefusalReason::kUnknownPeer: return "unknown_peer";
    case RefusalReason::kUnknownStream: return "unknown_stream";
    case RefusalReason::kUnknownSlot: return "unknown_slot";
    case RefusalReason::kUnknownMid: return "unknown_mid";
    case RefusalReason::kWrongKind: return "wrong_kind";
    case RefusalReason::kEventsFull: return "events_full";
    case RefusalReason::kReasonCount: break;
  }
  return "unknown";
}

std::string_view to_string(SlotState state) {
  switch (state) {
    case SlotState::kEmpty: return "empty";
    case SlotState::kWaitingForKeyframe: return "waiting for keyframe";
    case SlotState::kShowing: return "showing";
    case SlotState::kCodecUnsupported: return "codec unsupported";
  }
  return "unknown";
}

}  // namespace visavis::sfu
