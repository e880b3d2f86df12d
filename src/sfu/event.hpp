#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "sfu/counters.hpp"
#include "sfu/ids.hpp"

/// What a media worker tells the conference. Values only.
namespace visavis::sfu {

/// ICE and DTLS are done: media can flow both ways. Once per peer, and again when a silent one is
/// back.
struct PeerConnected {
  PeerId peer;
};

/// No authenticated check for 30 s: nothing is sent to it until one comes. The peer is kept.
struct PeerSilent {
  PeerId peer;
};

/// The peer can never work (wrong fingerprint, failed handshake). It is kept until `ClosePeer`.
struct PeerFailed {
  PeerId peer;
  std::string_view reason;  ///< Static text.
};

/// The first packet of a stream, and whenever its codec changes.
struct StreamActive {
  StreamId stream;
  rtp::Format format;
};

enum class SlotState : std::uint8_t {
  kEmpty,
  kWaitingForKeyframe,  ///< Also while nothing at all has arrived yet.
  kShowing,
  kCodecUnsupported,  ///< The viewer has no payload type for the stream's codec: nothing is sent.
};
[[nodiscard]] std::string_view to_string(SlotState state);

/// After every `AssignSlot`, and whenever the state changes.
struct SlotChanged {
  PeerId peer;
  SlotIndex slot;
  SlotState state = SlotState::kEmpty;
};

/// At most every 200 ms a room, only when the order or the set changed.
struct SpeakersChanged {
  RoomId room;
  std::vector<StreamId> loudest_first;  ///< Only those who speak.
};

struct StreamReport {
  StreamCounters counters;
  std::uint64_t missing = 0;  ///< Packets asked for again right now.
  std::uint64_t lost = 0;     ///< Packets that never came, retransmissions or not.
  bool fresh = false;         ///< A viewer would start from the cache.
};

struct SlotReport {
  SlotIndex slot;
  std::optional<StreamId> stream;
  SlotState state = SlotState::kEmpty;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t nacks = 0;
  std::uint64_t retransmissions = 0;
  double fraction_lost = 0;  ///< From the viewer's last receiver report, 0 to 1.
};

struct PeerReport {
  PeerId peer;
  std::uint64_t request = 0;
  bool connected = false;
  std::optional<Duration> rtt;  ///< From receiver reports (RFC 3550 §6.4.1).
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t bitrate_in_bps = 0;  ///< Over the last second or so.
  std::uint64_t bitrate_out_bps = 0;
  std::vector<StreamReport> streams;  ///< What it publishes.
  std::vector<SlotReport> slots;      ///< What it views.
};

struct WorkerReport {
  std::uint64_t request = 0;
  Counters counters;
  std::uint64_t peers = 0;
  std::uint64_t log_bytes = 0;
  std::vector<StreamCounters> streams;
};

using Event = std::variant<PeerConnected, PeerSilent, PeerFailed, StreamActive, SlotChanged,
                           SpeakersChanged, PeerReport, WorkerReport>;

}  // namespace visavis::sfu
