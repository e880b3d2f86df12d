#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/prefetch.hpp"
#include "srtp/cipher.hpp"
#include "srtp/profile.hpp"
#include "srtp/source_indices.hpp"

namespace visavis::srtp {

/// Seals what we send to one peer: SRTP and SRTCP under one master key (RFC 3711, RFC 7714).
///
/// Keeps the rollover counter of each SSRC; an SSRC is known from its first packet on and forgotten
/// never, for a used sequence number must not be used again with other bytes (RFC 3711 §9.1,
/// RFC 7714 §8.1): the caller numbers its packets upward. Numbers up to 32767 behind the newest are
/// placed right.
class alignas(kCacheLineBytes) Sealer {
 public:
  /// `key` has `kKeyBytes`, `salt` has `salt_bytes(profile)`; `cipher` is kept.
  Sealer(Profile profile, Bytes key, Bytes salt, Cipher& cipher = openssl_cipher());

  /// What sealing adds. The cell must have room for it behind the packet.
  [[nodiscard]] std::size_t overhead_rtp() const { return overhead_rtp_; }
  [[nodiscard]] std::size_t overhead_rtcp() const { return overhead_rtcp_; }

  [[nodiscard]] const Cipher& cipher() const { return *cipher_; }

  /// Hints for a packet that comes soon: what is touched to count it, and then what says whose key
  /// it is.
  void prefetch_state() const { prefetch_line(this); }
  void prefetch_key() const { prefetch_line(key_.get()); }

  /// Seals the RTP packet in the first `size` bytes of `cell`, in place; the sealed size, which is
  /// always `size + overhead_rtp()`. A packet that is no RTP is a bug of ours.
  std::size_t seal_rtp(MutableBytes cell, std::size_t size);
  /// The first half of `seal_rtp()`: counts the packet, and leaves the work to be given to
  /// `Cipher::seal_rtp()` with others'. With a `payload` only what is before it lies in `cell`
  /// (`SealJob`). Writes all of `job`, where it stays: copying what has just been written in small
  /// pieces would wait for them.
  void prepare_rtp(CipherJob& job, MutableBytes cell, std::size_t size, Bytes payload);
  /// The same for an RTCP compound; the SRTCP index counts up by itself.
  std::size_t seal_rtcp(MutableBytes cell, std::size_t size);

 private:
  // All that an RTP packet touches is in the first cache line.
  Cipher* cipher_;
  std::unique_ptr<CipherKey> key_;
  std::uint16_t overhead_rtp_;
  std::uint16_t overhead_rtcp_;
  std::uint32_t rtcp_index_ = 0;
  SourceIndices sources_;
};

}  // namespace visavis::srtp
