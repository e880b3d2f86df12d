#include "srtp/opener.hpp"

#include <optional>

#include "base/byte_reader.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"
#include "srtp/packet_place.hpp"
#include "srtp/protection.hpp"

namespace visavis::srtp {
namespace {

/// RFC 3711 §3.3.1: the index nearest to the newest. Nothing for one before the stream's begin.
std::optional<std::uint64_t> estimate_index(const ReplayWindow* window,
                                            rtp::SequenceNumber number) {
  if (window == nullptr) {
    return number.value();
  }
  const auto newest = static_cast<std::int64_t>(window->newest());
  const std::int64_t index = newest + rtp::distance(rtp::SequenceUnwrapper::wrap(newest), number);
  return index >= 0 ? std::optional(static_cast<std::uint64_t>(index)) : std::nullopt;
}

/// The index, if nothing stands in the way of trying the cipher on a packet that has it.
std::expected<std::uint64_t, OpenError> admit(const SourceWindows& sources,
                                              const ReplayWindow* window,
                                              std::optional<std::uint64_t> index) {
  if (window == nullptr && sources.full()) {
    return std::unexpected(OpenError::kTooManySources);
  }
  if (!index || (window != nullptr && !window->fresh(*index))) {
    return std::unexpected(OpenError::kReplayed);
  }
  return *index;
}

/// E and index, where they lie in an SRTCP packet.
Bytes rtcp_index(Profile profile, Bytes sealed) {
  return profile == Profile::kAeadAes128Gcm ? AeadProtection::rtcp_index(sealed)
                                            : CmRtcp::index(sealed);
}

}  // namespace

std::string_view to_string(OpenError error) {
  switch (error) {
    case OpenError::kMalformed: return "malformed";
    case OpenError::kReplayed: return "replayed";
    case OpenError::kForged: return "forged";
    case OpenError::kTooManySources: return "too many sources";
  }
  return "unknown";
}

Opener::Opener(Profile profile, Bytes key, Bytes salt, Cipher& cipher)
    : cipher_(&cipher),
      key_(cipher.make_key(derive_key_set(profile, key, salt), Direction::kOpen)),
      profile_(profile) {}

void Opener::prefetch_rtcp_key() const {
  cipher_->prefetch_rtcp(*key_, profile_);
}

std::expected<MutableBytes, OpenError> Opener::open_rtp(MutableBytes datagram) {
  const auto packet = rtp::parse_packet(datagram);
  const std::size_t tag = tag_bytes(profile_);
  if (!packet || packet->payload.size() < tag) {
    return std::unexpected(OpenError::kMalformed);
  }
  ReplayWindow* window = rtp_.find(packet->ssrc.value());
  const auto index = admit(rtp_, window, estimate_index(window, packet->sequence));
  if (!index) {
    return std::unexpected(index.error());
  }
  const PacketPlace place{.ssrc = packet->ssrc.value(),
                          .index = *index,
                          .header_size = datagram.size() - packet->payload.size()};
  if (!cipher_->open_rtp({.key = key_.get(), .sealed = datagram, .place = place})) {
    return std::unexpected(OpenError::kForged);
  }
  (window != nullptr ? *window : rtp_.add(place.ssrc)).accept(place.index);
  return datagram.first(datagram.size() - tag);
}

std::expected<MutableBytes, OpenError> Opener::open_rtcp(MutableBytes datagram) {
  const std::size_t overhead = rtcp_overhead_bytes(profile_);
  if (datagram.size() < kRtcpHeaderBytes + overhead) {
    return std::unexpected(OpenError::kMalformed);
  }
  constexpr std::size_t kSsrcAt = 4;
  const Bytes word = rtcp_index(profile_, datagram);
  const PacketPlace place{.ssrc = ByteReader(datagram.subspan(kSsrcAt)).u32(),
                          .index = ByteReader(word).u32() & ~kRtcpEncryptedBit,
                          .header_size = kRtcpHeaderBytes};
  ReplayWindow* window = rtcp_.find(place.ssrc);
  if (const auto index = admit(rtcp_, window, place.index); !index) {
    return std::unexpected(index.error());
  }
  if (!cipher_->open_rtcp({.key = key_.get(), .sealed = datagram, .place = place})) {
    return std::unexpected(OpenError::kForged);
  }
  (window != nullptr ? *window : rtcp_.add(place.ssrc)).accept(place.index);
  return datagram.first(datagram.size() - overhead);
}

}  // namespace visavis::srtp
