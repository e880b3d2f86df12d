#pragma once

#include <cstdint>
#include <string_view>

namespace visavis::sdp {

/// Why a session description is not taken. The sentence of `to_string()` is meant for the developer
/// of the client that sent it.
enum class SdpError : std::uint8_t {
  kTooLarge,
  kTooManyLines,
  kTooManyMediaLines,
  kSyntax,            ///< A line that is not `x=…`, or a mandatory field that does not parse.
  kNoMedia,           ///< Nothing in it that Visavis can send or receive.
  kNotBundled,        ///< No BUNDLE group, or none that holds an audio or video line.
  kNoRtcpMux,         ///< An accepted line without `a=rtcp-mux`.
  kNoIceCredentials,  ///< Missing, or shorter or longer than RFC 8839 §5.4 allows.
  kNoFingerprint,     ///< Missing, or with no hash that is good enough.
  kNoSetupRole,       ///< `a=setup:holdconn`, or another DTLS role than the connection has.
  kNoMid,             ///< A line without `a=mid`, or two lines with the same.
  kLinesChanged,      ///< A further offer that drops, reorders or retypes earlier lines.
  kUnusableLine,      ///< A publisher's sending line of no codec that is forwarded.
  kTooManyTracks,     ///< A publisher's second sending line of a kind.
  kTooManySlots,      ///< More receiving lines than the server serves.
};

[[nodiscard]] std::string_view to_string(SdpError error);

}  // namespace visavis::sdp
