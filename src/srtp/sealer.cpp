#include "srtp/sealer.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "base/prefetch.hpp"
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
    Source& source = find(ssrc, number);
    constexpr std::uint64_t kIndexMask = 0xFFFF'FFFF'FFFF;
    const std::int64_t index =
        source.newest + rtp::distance(rtp::SequenceUnwrapper::wrap(source.newest), number);
    source.newest = std::max(source.newest, index);
    return static_cast<std::uint64_t>(index) & kIndexMask;
  }

 private:
  struct Source {
    std::uint32_t ssrc;
    std::int64_t newest;
  };
  /// The first that are used, a viewer's audio and video as a rule, lie here and not in a vector:
  /// nothing but the sealer's own cache line is touched for them.
  static constexpr std::size_t kFirstMax = 2;

  Source& find(std::uint32_t ssrc, rtp::SequenceNumber number) {
    for (std::size_t at = 0; at < first_count_; ++at) {
      if (first_[at].ssrc == ssrc) {
        return first_[at];
      }
    }
    return find_beyond(ssrc, number);
  }

  Source& find_beyond(std::uint32_t ssrc, rtp::SequenceNumber number) {
    const auto at = std::ranges::find(others_, ssrc, &Source::ssrc);
    if (at != others_.end()) {
      return *at;
    }
    const Source added{.ssrc = ssrc, .newest = number.value()};
    if (first_count_ < kFirstMax) {
      return first_[first_count_++] = added;
    }
    check(kFirstMax + others_.size() < Sealer::kSourcesMax);
    return others_.emplace_back(added);
  }

  std::array<Source, kFirstMax> first_{};
  std::uint32_t first_count_ = 0;
  std::vector<Source> others_;
};

// What sealing needs of a packet that we have written ourselves (RFC 3550 §5.1, §5.3.1): all else
// that a parser looks at would be in vain.
constexpr std::size_t kFixedHeaderBytes = 12;
constexpr std::size_t kSequenceAt = 2;
constexpr std::size_t kSsrcAt = 8;

std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return ByteReader(bytes.subspan(at, 2)).u16();
}
std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return ByteReader(bytes.subspan(at, 4)).u32();
}

std::size_t header_size_of(Bytes packet) {
  constexpr std::size_t kWordBytes = 4;
  constexpr unsigned kVersion2 = 0x80;
  constexpr unsigned kVersionMask = 0xC0;
  constexpr unsigned kExtensionBit = 0x10;
  constexpr unsigned kSourcesMask = 0x0F;
  const auto first = std::to_integer<unsigned>(packet[0]);
  check((first & kVersionMask) == kVersion2);
  const std::size_t size = kFixedHeaderBytes + ((first & kSourcesMask) * kWordBytes);
  if ((first & kExtensionBit) == 0) {
    return size;
  }
  check(size + kWordBytes <= packet.size());
  return size + kWordBytes + (read_u16(packet, size + 2) * kWordBytes);
}

}  // namespace

/// All that an RTP packet touches is in the first cache line.
struct alignas(kCacheLineBytes) Sealer::State {
  Cipher& cipher;
  std::unique_ptr<CipherKey> key;
  std::uint16_t overhead_rtp;
  std::uint16_t overhead_rtcp;
  std::uint32_t rtcp_index = 0;
  Sources sources;
};

Sealer::Sealer(Profile profile, Bytes key, Bytes salt, Cipher& cipher)
    : state_(std::make_unique<State>(
          State{.cipher = cipher,
                .key = cipher.make_key(derive_key_set(profile, key, salt), Direction::kSeal),
                .overhead_rtp = static_cast<std::uint16_t>(tag_bytes(profile)),
                .overhead_rtcp = static_cast<std::uint16_t>(rtcp_overhead_bytes(profile)),
                .sources = {}})) {}

Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

void Sealer::prefetch_state() const {
  prefetch_lines<kCacheLineBytes>(*state_);
}

std::size_t Sealer::overhead_rtp() const {
  return state_->overhead_rtp;
}

std::size_t Sealer::overhead_rtcp() const {
  return state_->overhead_rtcp;
}

const Cipher& Sealer::cipher() const {
  return state_->cipher;
}

void Sealer::prepare_rtp(CipherJob& job, MutableBytes cell, std::size_t size, Bytes payload) {
  check(size >= kFixedHeaderBytes + payload.size() && size + state_->overhead_rtp <= cell.size());
  const std::size_t header_size = payload.empty() ? header_size_of(cell) : size - payload.size();
  check(header_size <= size);
  const rtp::SequenceNumber number(read_u16(cell, kSequenceAt));
  const std::uint32_t ssrc = read_u32(cell, kSsrcAt);
  job.key = state_->key.get();
  job.sealed = cell.first(size + state_->overhead_rtp);
  job.place.ssrc = ssrc;
  job.place.index = state_->sources.next_index(ssrc, number);
  job.place.header_size = header_size;
  job.payload = payload;
}

std::size_t Sealer::seal_rtp(MutableBytes cell, std::size_t size) {
  CipherJob job;
  prepare_rtp(job, cell, size, {});
  state_->cipher.seal_rtp({&job, 1});
  return job.sealed.size();
}

std::size_t Sealer::seal_rtcp(MutableBytes cell, std::size_t size) {
  const std::size_t sealed_size = size + state_->overhead_rtcp;
  check(size >= kRtcpHeaderBytes && sealed_size <= cell.size());
  constexpr std::size_t kReporterAt = 4;
  constexpr std::uint32_t kIndexMask = 0x7FFF'FFFF;
  state_->cipher.seal_rtcp({.key = state_->key.get(),
                            .sealed = cell.first(sealed_size),
                            .place = {.ssrc = ByteReader(cell.subspan(kReporterAt)).u32(),
                                      .index = state_->rtcp_index++ & kIndexMask,
                                      .header_size = kRtcpHeaderBytes}});
  return sealed_size;
}

}  // namespace visavis::srtp
