#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/entropy.hpp"
#include "conference/options.hpp"
#include "conference/refusal.hpp"
#include "dtls/fingerprint.hpp"
#include "ice/credentials.hpp"
#include "sdp/answer.hpp"
#include "sfu/command.hpp"

namespace visavis::conference {

/// One RTCPeerConnection of a client, as the signalling side knows it: what was agreed on, and the
/// media worker's peer for it.
struct Transport {
  sfu::PeerId peer;
  std::string origin_id;  ///< Of our answers.
  ice::Credentials local;
  dtls::Fingerprint remote_fingerprint;
  sdp::Negotiated negotiated;
  bool ice_restarted = false;  ///< By the newest offer.
  bool connected = false;

  [[nodiscard]] sfu::PeerSetup setup(sfu::RoomId room) const;
  /// The publishing line of this mid, if it is of this kind.
  [[nodiscard]] bool can_publish(std::string_view mid, rtp::MediaKind kind) const;
};

/// Makes answers. Says nothing to the worker: whoever keeps the transport does.
class Negotiator {
 public:
  Negotiator(const Options& options, Entropy& entropy) : options_(options), entropy_(entropy) {}

  /// The transport after this offer. Of the same RTCPeerConnection as `before` (which may be null):
  /// the same peer with more or newer; otherwise another peer.
  [[nodiscard]] std::expected<Transport, Refusal> negotiate(std::string_view offer,
                                                            const Transport* before);
  /// The transport of a client that makes one offer, and only publishes or only plays.
  [[nodiscard]] std::expected<Transport, Refusal> negotiate_once(std::string_view offer,
                                                                 sdp::Purpose purpose);

 private:
  [[nodiscard]] std::expected<Transport, Refusal> conclude(const sdp::Description& offer,
                                                           Transport transport,
                                                           const Transport* before,
                                                           sdp::Purpose purpose);
  [[nodiscard]] std::expected<sdp::Description, Refusal> read(std::string_view offer) const;
  [[nodiscard]] Transport new_transport();
  [[nodiscard]] sdp::OurSide our_side(const Transport& transport, sdp::Purpose purpose) const;

  const Options& options_;
  Entropy& entropy_;
  std::uint64_t last_peer_ = 0;
};

}  // namespace visavis::conference
