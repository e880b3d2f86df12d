#pragma once

#include <vector>

#include "srtp/cipher.hpp"
#include "srtp/sealer.hpp"

namespace visavis::srtp {

/// One RTP packet to be sealed. Sealer, cell and payload stay until `SealBatch::flush()`.
struct SealJob {
  Sealer* sealer = nullptr;
  MutableBytes cell;     ///< Has room for `size + sealer->overhead_rtp()`.
  std::size_t size = 0;  ///< Of the plain packet.
  /// Where the payload, the packet's end, is read from: a log, say. Empty: it lies in the cell.
  Bytes payload{};
};

/// The send path's one interface to the cipher: jobs are added over all subscribers of a wake-up,
/// and are sealed when `flush()` returns. The sealed size is known at `add()`, so cells are packed
/// at once.
class SealBatch {
 public:
  /// Above this many waiting jobs `add()` seals what waits: the packets are still in the cache
  /// then.
  static constexpr std::size_t kWaitingMax = 64;

  /// `cipher` is the one that all sealers were made with.
  explicit SealBatch(Cipher& cipher = openssl_cipher()) : cipher_(cipher) {}

  /// The size that the packet will have when it is sealed.
  std::size_t add(const SealJob& job);
  void flush();

 private:
  Cipher& cipher_;
  std::vector<CipherJob> jobs_ = std::vector<CipherJob>(kWaitingMax);
  std::size_t waiting_ = 0;
};

}  // namespace visavis::srtp
