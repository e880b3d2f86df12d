#pragma once

#include <cstdint>
#include <memory>

#include "base/entropy.hpp"
#include "dtls/fingerprint.hpp"

namespace visavis::dtls {

/// Which SRTP profiles a handshake offers or accepts; a server of ours takes GCM where it can.
enum class SrtpProfiles : std::uint8_t { kAll, kGcm, kCm };

/// A self-signed ECDSA P-256 certificate with its key, and what every session made with it has in
/// common. A process has one; browsers know it by its fingerprint alone (RFC 8827 §6.5).
///
/// A value: copies are the same identity and may be used from different threads.
class Identity {
 public:
  struct Context;

  /// The key comes from `entropy`; the signature's nonce from OpenSSL (see `SeededOpenssl`).
  /// A client that measures names one profile, so that it knows what it gets.
  [[nodiscard]] static Identity make(Entropy& entropy, SrtpProfiles profiles = SrtpProfiles::kAll);

  /// sha-256.
  [[nodiscard]] const Fingerprint& fingerprint() const { return fingerprint_; }
  /// For `Session` alone.
  [[nodiscard]] const Context& context() const { return *context_; }

 private:
  Identity() = default;

  /// Shared by the copies and by nobody else; never changed after `make`.
  std::shared_ptr<const Context> context_;
  Fingerprint fingerprint_;
};

}  // namespace visavis::dtls
