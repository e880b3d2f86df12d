#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "srtp/cipher.hpp"
#include "srtp/profile.hpp"

namespace visavis::srtp {

/// Seals what we send to one peer: SRTP and SRTCP under one master key (RFC 3711, RFC 7714).
///
/// Keeps the rollover counter of each SSRC; an SSRC is known from its first packet on and forgotten
/// never, for a used sequence number must not be used again with other bytes (RFC 3711 §9.1,
/// RFC 7714 §8.1): the caller numbers its packets upward. Numbers up to 32767 behind the newest are
/// placed right.
class Sealer {
 public:
  /// Slots and their RTX, audio and video: 49 seats and some. An SSRC beyond it is a bug.
  static constexpr std::size_t kSourcesMax = 512;

  /// `key` has `kKeyBytes`, `salt` has `salt_bytes(profile)`; `cipher` is kept.
  Sealer(Profile profile, Bytes key, Bytes salt, Cipher& cipher = openssl_cipher());
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;
  ~Sealer();

  /// What sealing adds. The cell must have room for it behind the packet.
  [[nodiscard]] std::size_t overhead_rtp() const;
  [[nodiscard]] std::size_t overhead_rtcp() const;

  [[nodiscard]] const Cipher& cipher() const;

  /// A hint for a packet that comes soon: what is touched to count it.
  void prefetch_state() const;

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
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace visavis::srtp
