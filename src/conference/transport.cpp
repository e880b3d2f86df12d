#include "conference/transport.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace visavis::conference {
namespace {

/// The description is sound, but what it offers cannot be taken.
bool is_about_media(sdp::SdpError error) {
  return error == sdp::SdpError::kNoMedia || error == sdp::SdpError::kUnusableLine ||
         error == sdp::SdpError::kTooManyTracks;
}

/// RFC 8829 §5.2.1: a session id of 62 bits, so that it fits anybody's signed number.
std::string make_origin_id(Entropy& entropy) {
  std::uint64_t id = 0;
  entropy.fill(std::as_writable_bytes(std::span(&id, 1)));
  return std::to_string(id >> 2U);
}

}  // namespace

sfu::PeerSetup Transport::setup(sfu::RoomId room) const {
  sfu::PeerSetup setup{
      .peer = peer,
      .room = room,
      .local = local,
      .remote = {.ufrag = negotiated.remote_ice.ufrag, .pwd = negotiated.remote_ice.pwd},
      .remote_fingerprint = remote_fingerprint,
      .role =
          negotiated.setup == sdp::SetupRole::kActive ? dtls::Role::kClient : dtls::Role::kServer,
      .media = negotiated.media,
      .publish_lines = negotiated.publish_lines,
      .slots = {}};
  for (const sdp::Slot& slot : negotiated.slots) {
    setup.slots.push_back(slot.line);
  }
  return setup;
}

bool Transport::can_publish(std::string_view mid, rtp::MediaKind kind) const {
  return std::ranges::any_of(negotiated.publish_lines, [&](const rtp::PublishLine& line) {
    return line.mid == mid && line.kind == kind;
  });
}

Transport Negotiator::new_transport() {
  Transport transport;
  transport.peer = sfu::PeerId(++last_peer_);
  transport.origin_id = make_origin_id(entropy_);
  transport.local = ice::Credentials::make(entropy_);
  return transport;
}

sdp::OurSide Negotiator::our_side(const Transport& transport, sdp::Purpose purpose) const {
  return {.ice = {.ufrag = transport.local.ufrag, .pwd = transport.local.pwd},
          .fingerprint = {.algorithm = options_.fingerprint.algorithm,
                          .value = options_.fingerprint.value_text()},
          .candidates = options_.candidates,
          .origin_id = transport.origin_id,
          .accept_vp9 = options_.accept_vp9,
          .accept_av1 = options_.accept_av1,
          .purpose = purpose};
}

std::expected<sdp::Description, Refusal> Negotiator::read(std::string_view offer) const {
  const sdp::ParseLimits limits{.bytes_max = options_.limits.offer_bytes};
  auto described = sdp::parse_description(offer, limits);
  if (!described) {
    return refuse(ErrorCode::kInvalidOffer, std::string(to_string(described.error())));
  }
  return *std::move(described);
}

std::expected<Transport, Refusal> Negotiator::negotiate(std::string_view offer,
                                                        const Transport* before) {
  const auto described = read(offer);
  if (!described) {
    return std::unexpected(described.error());
  }
  const bool same = before != nullptr && sdp::same_connection(before->negotiated, *described);
  return conclude(*described, same ? *before : new_transport(), same ? before : nullptr,
                  sdp::Purpose::kCall);
}

std::expected<Transport, Refusal> Negotiator::negotiate_once(std::string_view offer,
                                                             sdp::Purpose purpose) {
  const auto described = read(offer);
  if (!described) {
    return std::unexpected(described.error());
  }
  return conclude(*described, new_transport(), nullptr, purpose);
}

std::expected<Transport, Refusal> Negotiator::conclude(const sdp::Description& offer,
                                                       Transport transport, const Transport* before,
                                                       sdp::Purpose purpose) {
  const auto& [algorithm, value] = offer.fingerprint;
  auto fingerprint = dtls::Fingerprint::parse(algorithm, value);
  if (!fingerprint) {
    return refuse(ErrorCode::kInvalidOffer, "The value of a=fingerprint is malformed.");
  }
  transport.remote_fingerprint = *std::move(fingerprint);
  transport.ice_restarted = before != nullptr && offer.ice != before->negotiated.remote_ice;
  if (transport.ice_restarted) {
    transport.local = ice::Credentials::make(entropy_);
  }
  auto answered = sdp::answer(offer, our_side(transport, purpose),
                              before == nullptr ? nullptr : &before->negotiated, entropy_);
  if (!answered) {
    const bool direct = purpose != sdp::Purpose::kCall;
    const ErrorCode code =
        direct && is_about_media(answered.error()) ? ErrorCode::kNoMedia : ErrorCode::kInvalidOffer;
    return refuse(code, std::string(to_string(answered.error())));
  }
  transport.negotiated = *std::move(answered);
  return transport;
}

}  // namespace visavis::conference
