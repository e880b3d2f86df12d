#include "srtp/sealer.hpp"

#include <algorithm>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {
namespace {

/// The newest index of each SSRC.
class Sources {
 public:
  /// The index of the packet that leaves next (RFC 3711 §3.3.1). One before the stream's first
  /// wraps below zero: receivers refuse it, and no key stream is used twice.
  std::uint64_t next_index(std::uint32_t ssrc, rtp::SequenceNumber number) {
    const auto at = std::ranges::find(sources_, ssrc, &Source::ssrc);
    if (at == sources_.end()) {
      check(sources_.size() < Sealer::kSourcesMax);
      sources_.push_back({.ssrc = ssrc, .newest = number.value()});
      return number.value();
    }
    constexpr std::uint64_t kIndexMask = 0xFFFF'FFFF'FFFF;
    const std::int64_t index =
        at->newest + rtp::distance(rtp::SequenceUnwrapper::wrap(at->newest), number);
    at->newest = std::max(at->newest, index);
    return static_cast<std::uint64_t>(index) & kIndexMask;
  }

 private:
  struct Source {
    std::uint32_t ssrc;
    std::int64_t newest;
  };
  std::vector<Source> sources_;
};

}  // namespace

struct Sealer::State {
  Cipher& cipher;
  std::unique_ptr<CipherKey> key;
  std::size_t overhead_rtp;
  std::size_t overhead_rtcp;
  Sources sources;
  std::uint32_t rtcp_index = 0;
};

Sealer::Sealer(Profile profile, Bytes key, Bytes salt, Cipher& cipher)
    : state_(std::make_unique<State>(
          State{.cipher = cipher,
                .key = cipher.make_key(derive_key_set(profile, key, salt), Direction::kSeal),
                .overhead_rtp = tag_bytes(profile),
                .overhead_rtcp = rtcp_overhead_bytes(profile),
                .sources = {}})) {}

Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

std::size_t Sealer::overhead_rtp() const {
  return state_->overhead_rtp;
}

std::size_t Sealer::overhead_rtcp() const {
  return state_->overhead_rtcp;
}

const Cipher& Sealer::cipher() const {
  return state_->cipher;
}

CipherJob Sealer::prepare_rtp(MutableBytes cell, std::size_t size) {
  const auto packet = rtp::parse_packet(cell.first(size));
  check(packet.has_value());
  const std::size_t sealed_size = size + state_->overhead_rtp;
  check(sealed_size <= cell.size());
  return {.key = state_->key.get(),
          .sealed = cell.first(sealed_size),
          .place = {.ssrc = packet->ssrc.value(),
                    .index = state_->sources.next_index(packet->ssrc.value(), packet->sequence),
                    .header_size = size - packet->payload.size()}};
}

std::size_t Sealer::seal_rtp(MutableBytes cell, std::size_t size) {
  const CipherJob job = prepare_rtp(cell, size);
  state_->cipher.seal_rtp({&job, 1});
  return job.sealed.size();
}

std::size_t Sealer::seal_rtcp(MutableBytes cell, std::size_t size) {
  const std::size_t sealed_size = size + state_->overhead_rtcp;
  check(size >= kRtcpHeaderBytes && sealed_size <= cell.size());
  constexpr std::size_t kSsrcAt = 4;
  constexpr std::uint32_t kIndexMask = 0x7FFF'FFFF;
  state_->cipher.seal_rtcp({.key = state_->key.get(),
                            .sealed = cell.first(sealed_size),
                            .place = {.ssrc = ByteReader(cell.subspan(kSsrcAt)).u32(),
                                      .index = state_->rtcp_index++ & kIndexMask,
                                      .header_size = kRtcpHeaderBytes}});
  return sealed_size;
}

}  // namespace visavis::srtp
