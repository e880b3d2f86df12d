#include "srtp/opener.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/prefetch.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"
#include "srtp/packet_place.hpp"
#include "srtp/protection.hpp"
#include "srtp/replay_window.hpp"

namespace visavis::srtp {
namespace {

/// The replay windows of the SSRCs that have proved authentic. The SSRCs lie together, because
/// they are searched for each packet; the first, which is a viewer's only one, lies here.
class Sources {
 public:
  [[nodiscard]] ReplayWindow* find(std::uint32_t ssrc) {
    if (first_ == ssrc) {
      return &first_window_;
    }
    const auto at = std::ranges::find(ssrcs_, ssrc);
    return at == ssrcs_.end() ? nullptr : &windows_[static_cast<std::size_t>(at - ssrcs_.begin())];
  }
  [[nodiscard]] bool full() const { return ssrcs_.size() + 1 == Opener::kSourcesMax; }
  ReplayWindow& add(std::uint32_t ssrc) {
    if (!first_) {
      first_ = ssrc;
      return first_window_;
    }
    ssrcs_.push_back(ssrc);
    return windows_.emplace_back();
  }

 private:
  std::optional<std::uint32_t> first_;
  ReplayWindow first_window_;
  std::vector<std::uint32_t> ssrcs_;
  std::vector<ReplayWindow> windows_;
};

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
std::expected<std::uint64_t, OpenError> admit(const Sources& sources, const ReplayWindow* window,
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
                                            : CmProtection::rtcp_index(sealed);
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

struct Opener::State {
  Profile profile;
  Cipher& cipher;
  std::unique_ptr<CipherKey> key;
  Sources rtcp;
  Sources rtp;
};

Opener::Opener(Profile profile, Bytes key, Bytes salt, Cipher& cipher)
    : state_(std::make_unique<State>(
          State{.profile = profile,
                .cipher = cipher,
                .key = cipher.make_key(derive_key_set(profile, key, salt), Direction::kOpen),
                .rtcp = {},
                .rtp = {}})) {}
Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;
Opener::~Opener() = default;

void Opener::prefetch_state() const {
  prefetch_lines<sizeof(Sources)>(*state_);
}

void Opener::prefetch_rtcp_key() const {
  state_->cipher.prefetch_rtcp(*state_->key, state_->profile);
}

std::expected<MutableBytes, OpenError> Opener::open_rtp(MutableBytes datagram) {
  const auto packet = rtp::parse_packet(datagram);
  const std::size_t tag = tag_bytes(state_->profile);
  if (!packet || packet->payload.size() < tag) {
    return std::unexpected(OpenError::kMalformed);
  }
  ReplayWindow* window = state_->rtp.find(packet->ssrc.value());
  const auto index = admit(state_->rtp, window, estimate_index(window, packet->sequence));
  if (!index) {
    return std::unexpected(index.error());
  }
  const PacketPlace place{.ssrc = packet->ssrc.value(),
                          .index = *index,
                          .header_size = datagram.size() - packet->payload.size()};
  if (!state_->cipher.open_rtp({state_->key.get(), datagram, place})) {
    return std::unexpected(OpenError::kForged);
  }
  (window != nullptr ? *window : state_->rtp.add(place.ssrc)).accept(place.index);
  return datagram.first(datagram.size() - tag);
}

std::expected<MutableBytes, OpenError> Opener::open_rtcp(MutableBytes datagram) {
  const std::size_t overhead = rtcp_overhead_bytes(state_->profile);
  if (datagram.size() < kRtcpHeaderBytes + overhead) {
    return std::unexpected(OpenError::kMalformed);
  }
  constexpr std::size_t kSsrcAt = 4;
  const Bytes word = rtcp_index(state_->profile, datagram);
  const PacketPlace place{.ssrc = ByteReader(datagram.subspan(kSsrcAt)).u32(),
                          .index = ByteReader(word).u32() & ~kRtcpEncryptedBit,
                          .header_size = kRtcpHeaderBytes};
  ReplayWindow* window = state_->rtcp.find(place.ssrc);
  if (const auto index = admit(state_->rtcp, window, place.index); !index) {
    return std::unexpected(index.error());
  }
  if (!state_->cipher.open_rtcp({state_->key.get(), datagram, place})) {
    return std::unexpected(OpenError::kForged);
  }
  (window != nullptr ? *window : state_->rtcp.add(place.ssrc)).accept(place.index);
  return datagram.first(datagram.size() - overhead);
}

}  // namespace visavis::srtp
