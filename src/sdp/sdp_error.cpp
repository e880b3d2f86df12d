#include "sdp/sdp_error.hpp"

namespace visavis::sdp {

std::string_view to_string(SdpError error) {
  switch (error) {
    case SdpError::kTooLarge: return "The session description is too large.";
    case SdpError::kTooManyLines: return "The session description has too many lines.";
    case SdpError::kTooManyMediaLines: return "The session description has too many m-lines.";
    case SdpError::kSyntax: return "The session description is malformed.";
    case SdpError::kNoMedia: return "The offer has no audio or video line that can be used.";
    case SdpError::kNotBundled: return "All m-lines must be in one BUNDLE group.";
    case SdpError::kNoRtcpMux: return "Every audio and video line needs a=rtcp-mux.";
    case SdpError::kNoIceCredentials:
      return "a=ice-ufrag (4 to 256 characters) and a=ice-pwd (22 to 256) are required.";
    case SdpError::kNoFingerprint:
      return "An a=fingerprint with sha-256, sha-384 or sha-512 is required.";
    case SdpError::kNoSetupRole:
      return "a=setup must be actpass, active or passive, and leave the DTLS roles as they are.";
    case SdpError::kNoMid: return "Every m-line needs an a=mid of its own.";
    case SdpError::kLinesChanged:
      return "A further offer must keep the m-lines of the one before, in their order.";
    case SdpError::kUnusableLine:
      return "A sending line has no codec that can be used: there are VP8, H.264 with "
             "packetization-mode=1, and Opus.";
    case SdpError::kTooManyTracks: return "A publisher sends at most one audio and one video line.";
    case SdpError::kTooManySlots: return "The offer has too many receiving lines.";
  }
  return "";
}

}  // namespace visavis::sdp
