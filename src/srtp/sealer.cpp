#include "srtp/sealer.hpp"

#include <algorithm>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"
#include "srtp/protection.hpp"

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
  Protection protection;
  Sources sources;
  std::uint32_t rtcp_index = 0;
};

Sealer::Sealer(Profile profile, Bytes key, Bytes salt)
    : state_(std::make_unique<State>(
          State{.protection = make_protection(profile, key, salt, Direction::kSeal),
                .sources = {},
                .rtcp_index = 0})) {}
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

std::size_t Sealer::overhead_rtp() const {
  return std::visit([](const auto& protection) { return protection.kTagBytes; },
                    state_->protection);
}

std::size_t Sealer::overhead_rtcp() const {
  return std::visit([](const auto& protection) { return protection.kRtcpOverhead; },
                    state_->protection);
}

std::size_t Sealer::seal_rtp(MutableBytes cell, std::size_t size) {
  const auto packet = rtp::parse_packet(cell.first(size));
  check(packet.has_value());
  const std::size_t sealed_size = size + overhead_rtp();
  check(sealed_size <= cell.size());
  const PacketPlace place{
      .ssrc = packet->ssrc.value(),
      .index = state_->sources.next_index(packet->ssrc.value(), packet->sequence),
      .header_size = size - packet->payload.size()};
  std::visit([&](auto& protection) { protection.seal_rtp(cell.first(sealed_size), place); },
             state_->protection);
  return sealed_size;
}

std::size_t Sealer::seal_rtcp(MutableBytes cell, std::size_t size) {
  const std::size_t sealed_size = size + overhead_rtcp();
  check(size >= kRtcpHeaderBytes && sealed_size <= cell.size());
  constexpr std::size_t kSsrcAt = 4;
  constexpr std::uint32_t kIndexMask = 0x7FFF'FFFF;
  const PacketPlace place{.ssrc = ByteReader(cell.subspan(kSsrcAt)).u32(),
                          .index = state_->rtcp_index++ & kIndexMask,
                          .header_size = kRtcpHeaderBytes};
  std::visit([&](auto& protection) { protection.seal_rtcp(cell.first(sealed_size), place); },
             state_->protection);
  return sealed_size;
}

}  // namespace visavis::srtp
