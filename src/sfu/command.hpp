#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dtls/fingerprint.hpp"
#include "dtls/session.hpp"
#include "ice/credentials.hpp"
#include "rtp/media_parameters.hpp"
#include "sfu/ids.hpp"

/// What the conference tells a media worker. Values only: a command crosses threads by being moved.
/// A command that names a peer, stream or slot that is not (or no longer) there is counted and
/// ignored, for a close and an assignment may pass each other.
namespace visavis::sfu {

/// What an SDP answer agreed on for one peer.
struct PeerSetup {
  PeerId peer;
  RoomId room;  ///< Speakers are ranked within it.
  ice::Credentials local;
  ice::Credentials remote;
  dtls::Fingerprint remote_fingerprint;
  dtls::Role role = dtls::Role::kServer;  ///< Ours.
  rtp::MediaParameters media;
  std::vector<rtp::PublishLine> publish_lines;
  std::vector<rtp::SlotLine> slots;
};

struct OpenPeer {
  PeerSetup setup;
};

/// The same peer after a renegotiation: lines and slots may have been added (never taken away), its
/// room may have become known, and new ICE credentials mean an ICE restart (RFC 8445 §9).
struct UpdatePeer {
  PeerSetup setup;
};

/// Closes its streams too; slots that showed them become empty. The last that it is sent is DTLS'
/// close_notify.
struct ClosePeer {
  PeerId peer;
};

/// A publisher's m-line becomes a stream that slots may show. Its packets may arrive before or
/// after this.
struct OpenStream {
  StreamId stream;
  PeerId publisher;
  std::string mid;
};

struct CloseStream {
  StreamId stream;
};

/// A muted stream is forwarded as it comes (browsers send silence or black) but never ranks as a
/// speaker, and no keyframe is asked for to keep it fresh.
struct SetStreamMuted {
  StreamId stream;
  bool muted = false;
};

/// Puts another cursor behind a slot; no stream empties it.
struct AssignSlot {
  PeerId peer;
  SlotIndex slot;
  std::optional<StreamId> stream;
};

/// A viewer is likely soon: a keyframe is asked for if the cached run is not fresh.
struct WarmStream {
  StreamId stream;
};

/// Answered by a `PeerReport` with the same number, also when the peer is unknown (then empty).
struct ReportPeer {
  PeerId peer;
  std::uint64_t request = 0;
};

/// Answered by a `WorkerReport` with the same number: what `/metrics` shows.
struct ReportWorker {
  std::uint64_t request = 0;
};

using Command = std::variant<OpenPeer, UpdatePeer, ClosePeer, OpenStream, CloseStream,
                             SetStreamMuted, AssignSlot, WarmStream, ReportPeer, ReportWorker>;

}  // namespace visavis::sfu
