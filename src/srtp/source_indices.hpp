#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "rtp/sequence.hpp"

namespace visavis::srtp {

/// The newest index of each SSRC that one `Sealer` has sealed.
class SourceIndices {
 public:
  /// Slots and their RTX, audio and video: 49 seats and some. An SSRC beyond it is a bug.
  static constexpr std::size_t kSourcesMax = 512;

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
    check(kFirstMax + others_.size() < kSourcesMax);
    return others_.emplace_back(added);
  }

  std::array<Source, kFirstMax> first_{};
  std::uint32_t first_count_ = 0;
  std::vector<Source> others_;
};

}  // namespace visavis::srtp
