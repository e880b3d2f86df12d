#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/entropy.hpp"
#include "rtp/media_parameters.hpp"
#include "sdp/description.hpp"

/// The server's half of offer/answer (RFC 3264, RFC 8829 §5.3) with Visavis's mapping rules:
/// sending lines are answered `recvonly`, receiving lines are *slots* and answered `sendonly` at
/// once with constant msid and SSRCs.
namespace visavis::sdp {

/// What a connection is for, which decides the role of its m-lines.
enum class Purpose : std::uint8_t {
  kCall,  ///< Sending lines publish, receiving lines are slots.
  /// Sending lines only, one of a kind, and all of them (WHIP, RFC 9725 §4.4); H.264 of any
  /// profile, with the others.
  kPublish,
  kPlay,  ///< Receiving lines only, slots also when offered `sendrecv` (WHEP).
};

/// What the server brings into an answer.
struct OurSide {
  IceCredentials ice;
  Fingerprint fingerprint;
  std::vector<SocketAddress> candidates;  ///< In the order of preference.
  std::string origin_id;                  ///< Decimal, one per connection.
  bool accept_vp9 = false;                ///< From publishers; viewers may always receive it.
  bool accept_av1 = false;
  std::uint16_t slots_max = 128;
  Purpose purpose = Purpose::kCall;
};

/// A slot, and the seat it belongs to; none for an audio-only slot.
struct Slot {
  rtp::SlotLine line;
  std::optional<std::uint16_t> seat{};

  friend bool operator==(const Slot&, const Slot&) = default;
};

/// What offer and answer agreed on; also what a further offer is held against.
struct Negotiated {
  std::string answer;
  IceCredentials remote_ice;
  Fingerprint remote_fingerprint;
  std::string remote_origin_id;
  SetupRole setup = SetupRole::kPassive;  ///< Ours: `kPassive` or `kActive` (we begin with DTLS).
  std::uint32_t answers = 0;              ///< Given so far, this one too.
  rtp::MediaParameters media;
  std::vector<rtp::PublishLine> publish_lines;
  std::vector<Slot> slots;            ///< `slots[i].line.slot == i`.
  std::vector<rtp::Format> can_send;  ///< What the browser may be asked to send, best first.
  std::vector<rtp::Format> can_show;  ///< What the browser can receive on its slots.
  std::vector<OfferedCodec> codecs;   ///< With the offer's own payload types and parameters.
  std::vector<std::string> mids;      ///< Of all lines of the offer, in order.
  std::vector<std::string> medias;    ///< "audio", "video" and so on, beside `mids`.
};

/// Whether a further offer comes from the same RTCPeerConnection as the one `before` was made for
/// (same session id and certificate).
[[nodiscard]] bool same_connection(const Negotiated& before, const Description& offer);

/// Answers an offer. `before` is what the same RTCPeerConnection negotiated earlier, or nullptr:
/// its lines must still be there in their order, its slots keep number and SSRCs, and new receiving
/// lines form further seats. `entropy` gives the new SSRCs, unique in the connection.
///
/// The n-th new receiving video line and the n-th new receiving audio line form a seat; audio lines
/// left over are audio-only slots.
[[nodiscard]] std::expected<Negotiated, SdpError> answer(const Description& offer,
                                                         const OurSide& ours,
                                                         const Negotiated* before,
                                                         Entropy& entropy);

}  // namespace visavis::sdp
