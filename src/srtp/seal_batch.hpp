#pragma once

#include <vector>

#include "srtp/sealer.hpp"

namespace visavis::srtp {

/// One RTP packet to be sealed in place. Sealer and cell must stay until `SealBatch::flush()`.
struct SealJob {
  Sealer* sealer = nullptr;
  MutableBytes cell;     ///< Has room for `size + sealer->overhead_rtp()`.
  std::size_t size = 0;  ///< Of the plain packet.
};

/// The send path's one interface to the cipher: jobs are added over all subscribers of a wake-up,
/// and are sealed when `flush()` returns. The sealed size is known at `add()`, so cells are packed
/// at once. A cipher that wants many packets in flight changes only this class.
class SealBatch {
 public:
  /// Above this many waiting jobs `add()` seals what waits: the packets are still in the cache
  /// then.
  static constexpr std::size_t kWaitingMax = 64;

  SealBatch() { jobs_.reserve(kWaitingMax); }

  /// The size that the packet will have when it is sealed.
  std::size_t add(const SealJob& job);
  void flush();

 private:
  std::vector<SealJob> jobs_;
};

}  // namespace visavis::srtp
