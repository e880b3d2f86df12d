#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "base/bytes.hpp"
#include "base/prefetch.hpp"
#include "srtp/cipher.hpp"
#include "srtp/profile.hpp"
#include "srtp/source_windows.hpp"

namespace visavis::srtp {

/// Why a datagram was not opened. Counted per peer; no single one is worth a log line.
enum class OpenError : std::uint8_t {
  kMalformed,       ///< No RTP or RTCP header, or too short for a tag.
  kReplayed,        ///< Its index has been opened already, or is older than the window.
  kForged,          ///< The tag is wrong.
  kTooManySources,  ///< A new SSRC, and the table is full.
};
inline constexpr std::size_t kOpenErrorCount = 4;
[[nodiscard]] std::string_view to_string(OpenError error);

/// Opens what one peer sealed: SRTP and SRTCP under one master key (RFC 3711, RFC 7714).
///
/// Works in place and allocates only when a new SSRC has proved authentic. An SSRC enters the table
/// only with a packet that opens, so garbage cannot fill it.
class Opener {
 public:
  /// `key` has `kKeyBytes`, `salt` has `salt_bytes(profile)`; `cipher` is kept.
  Opener(Profile profile, Bytes key, Bytes salt, Cipher& cipher = openssl_cipher());

  /// Hints for an `open_rtcp()` that comes soon: for what it knows of the sources, and then for the
  /// key.
  void prefetch_state() const { prefetch_lines<kRtcpBytes>(*this); }
  void prefetch_rtcp_key() const;

  /// The packet's header and plain payload, at the front of `datagram`. After an error the bytes of
  /// `datagram` are of no use.
  [[nodiscard]] std::expected<MutableBytes, OpenError> open_rtp(MutableBytes datagram);
  /// The compound, at the front of `datagram`. Not encrypted ones (E bit 0, RFC 3711 §3.4) are
  /// opened too, their tag is checked just the same.
  [[nodiscard]] std::expected<MutableBytes, OpenError> open_rtcp(MutableBytes datagram);

 private:
  /// Up to what opening RTCP touches: cipher, key and `rtcp_`.
  static constexpr std::size_t kRtcpBytes = (3 * sizeof(void*)) + sizeof(SourceWindows);

  Cipher* cipher_;
  std::unique_ptr<CipherKey> key_;
  Profile profile_;
  SourceWindows rtcp_;
  SourceWindows rtp_;
};

}  // namespace visavis::srtp
