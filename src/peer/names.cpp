#include "peer/peer.hpp"

namespace visavis::peer {

std::string_view to_string(Drop drop) {
  switch (drop) {
    case Drop::kUnknownProtocol: return "unknown_protocol";
    case Drop::kStunMalformed: return "stun_malformed";
    case Drop::kStunNotARequest: return "stun_not_a_request";
    case Drop::kStunUsername: return "stun_username";
    case Drop::kStunIntegrity: return "stun_integrity";
    case Drop::kStunTooMany: return "stun_too_many";
    case Drop::kDtlsEarly: return "dtls_early";
    case Drop::kDtlsUnknownRoute: return "dtls_unknown_route";
    case Drop::kDtlsTooMany: return "dtls_too_many";
    case Drop::kDtlsApplicationData: return "dtls_application_data";
    case Drop::kSrtpEarly: return "srtp_early";
    case Drop::kSrtpMalformed: return "srtp_malformed";
    case Drop::kSrtpAuthentication: return "srtp_authentication";
    case Drop::kSrtpReplay: return "srtp_replay";
    case Drop::kSrtpTooManySources: return "srtp_too_many_sources";
    case Drop::kCount: break;
  }
  return "unknown";
}

std::string_view to_string(FailureReason reason) {
  switch (reason) {
    case FailureReason::kFingerprintMismatch: return "fingerprint mismatch";
    case FailureReason::kNoSrtpProfile: return "no SRTP profile in common";
    case FailureReason::kHandshake: return "DTLS handshake failed";
    case FailureReason::kHandshakeTimeout: return "DTLS handshake timed out";
    case FailureReason::kClosed: return "closed by the peer";
  }
  return "unknown";
}

}  // namespace visavis::peer
