#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "peer/drop.hpp"
#include "rtp/media_parameters.hpp"
#include "sfu/ids.hpp"

/// What a worker counts. Plain numbers that only grow, owned by the worker's thread; a copy of
/// them crosses threads in a `WorkerReport`.
namespace visavis::sfu {

/// Why a datagram or packet went no further, beside `peer::Drop`. The text is the `reason` label in
/// `/metrics`.
enum class DropReason : std::uint8_t {
  kUnknownRoute,        ///< From an address no peer has, and no STUN request for one.
  kUnknownUfrag,        ///< A STUN request for a user nobody opened.
  kNoStream,            ///< RTP on an SSRC and mid that no open stream claims.
  kTooManySources,      ///< A peer sends on more SSRCs than its lines can need.
  kUnknownPayloadType,  ///< RTP with a payload type that was not agreed on.
  kMalformed,           ///< RTP or RTCP that does not parse.
  kTooLarge,            ///< RTP that would not fit a cell once rewritten.
  kDuplicate,           ///< RTP that the log has already.
  kTooOld,              ///< RTP from before what the log still holds.
  kNoMemory,            ///< All logs together hold what the worker may hold.
  kPadding,             ///< Probing padding: noted for feedback, carries no media.
  kViewerTooSlow,       ///< A cursor overtaken by the end of its log.
  kPeerTooFast,         ///< Beyond what one peer may send in a second; not even opened.
  kStreamTooRestless,   ///< A new SSRC or codec on a line that changed too often of late.
  kTooManyHandshakes,   ///< DTLS, while too many peers' handshakes wait; it comes again.
  kReasonCount,
};
[[nodiscard]] std::string_view to_string(DropReason reason);

/// Why a command was not carried out. The text is the `reason` label in `/metrics`.
enum class RefusalReason : std::uint8_t {
  kTooManyPeers,
  kTooManyStreams,
  kTooManySlots,
  kDuplicatePeer,
  kDuplicateStream,
  kDuplicateUfrag,
  kUnknownPeer,
  kUnknownStream,
  kUnknownSlot,
  kUnknownMid,
  kWrongKind,   ///< Audio behind a video slot, or the other way round.
  kEventsFull,  ///< Nobody drains the events: one was lost.
  kReasonCount,
};
[[nodiscard]] std::string_view to_string(RefusalReason reason);

struct Counters {
  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t handshake_turns = 0;  ///< DTLS datagrams worked, one a wake-up.
  std::uint64_t rtp_in = 0;           ///< Authenticated RTP packets from publishers.
  std::uint64_t rtp_out = 0;          ///< RTP packets to viewers, retransmissions among them.
  std::uint64_t rtcp_in = 0;
  std::uint64_t rtcp_out = 0;
  std::uint64_t transport_feedback_in = 0;  ///< From viewers.
  std::uint64_t nacks_from_viewers = 0;     ///< Sequence numbers asked for.
  std::uint64_t retransmissions_out = 0;    ///< NACKed packets sent again, from the log.
  std::uint64_t nacks_unanswered = 0;       ///< Gone from the log, or never sent.
  std::uint64_t nacks_too_soon = 0;         ///< Sent again less than a round trip ago.
  std::uint64_t nacks_too_many = 0;         ///< Beyond what a viewer may have sent again.
  std::uint64_t nacks_to_publishers = 0;    ///< Sequence numbers we asked for.
  std::uint64_t retransmissions_in = 0;     ///< RTX packets restored.
  std::uint64_t keyframes = 0;              ///< Keyframes that arrived, over all streams.
  std::uint64_t plis_to_publishers = 0;
  std::uint64_t plis_from_viewers = 0;  ///< PLI and FIR.
  std::uint64_t plis_coalesced = 0;     ///< Keyframe wishes that one already sent PLI serves.
  std::uint64_t plis_refused = 0;       ///< Keyframe wishes of a viewer that has too many.
  std::uint64_t reports_too_many = 0;   ///< Blocks of viewers' reports that were not looked at.
  std::uint64_t cache_hits = 0;         ///< A slot began at a fresh cached keyframe.
  std::uint64_t cache_misses = 0;       ///< A slot had to wait for a keyframe.
  std::uint64_t stills = 0;             ///< Of these, began with a still.
  std::uint64_t slot_switches = 0;
  std::uint64_t leaps_narrowed = 0;  ///< Gaps in a stream too wide to be a slot's gaps too.
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kReasonCount)> drops{};
  std::array<std::uint64_t, static_cast<std::size_t>(peer::Drop::kCount)> peer_drops{};
  std::array<std::uint64_t, static_cast<std::size_t>(RefusalReason::kReasonCount)> refusals{};

  void drop(DropReason reason) { ++drops[static_cast<std::size_t>(reason)]; }
  void drop(peer::Drop reason) { ++peer_drops[static_cast<std::size_t>(reason)]; }
  void refuse(RefusalReason reason) { ++refusals[static_cast<std::size_t>(reason)]; }
};

/// One published stream, for the labels `publisher` and `stream` in `/metrics`.
struct StreamCounters {
  StreamId stream;
  PeerId publisher;
  rtp::MediaKind kind = rtp::MediaKind::kAudio;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t keyframes = 0;
  std::uint64_t plis = 0;  ///< Sent to the publisher for this stream.
  std::uint64_t nacks = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t log_bytes = 0;  ///< Held now.
};

}  // namespace visavis::sfu
