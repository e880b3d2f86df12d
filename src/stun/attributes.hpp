#pragma once

#include <cstddef>
#include <cstdint>

/// The numbers that reader and writer share.
namespace visavis::stun {

inline constexpr std::size_t kHeaderBytes = 20;
inline constexpr std::size_t kAttributeHeaderBytes = 4;
inline constexpr std::size_t kIntegrityBytes = 20;            // HMAC-SHA1, RFC 8489 §14.5
inline constexpr std::uint32_t kMagicCookie = 0x2112A442;     // RFC 8489 §5
inline constexpr std::uint32_t kFingerprintXor = 0x5354554E;  // RFC 8489 §14.7
inline constexpr std::size_t kFingerprintAttributeBytes = 8;
inline constexpr std::size_t kDatagramBytesMax =
    1500;  // RFC 8489 §6.1: a check fits the path's MTU
inline constexpr std::size_t kUsernameBytesMax =
    513;  // RFC 8489 §14.3: fewer than 509; RFC 5389: 513

// RFC 8489 §18.3, RFC 8445 §16.1.
inline constexpr std::uint16_t kMappedAddress = 0x0001;
inline constexpr std::uint16_t kUsername = 0x0006;
inline constexpr std::uint16_t kMessageIntegrity = 0x0008;
inline constexpr std::uint16_t kErrorCode = 0x0009;
inline constexpr std::uint16_t kUnknownAttributes = 0x000A;
inline constexpr std::uint16_t kRealm = 0x0014;
inline constexpr std::uint16_t kNonce = 0x0015;
inline constexpr std::uint16_t kMessageIntegritySha256 = 0x001C;
inline constexpr std::uint16_t kXorMappedAddress = 0x0020;
inline constexpr std::uint16_t kPriority = 0x0024;
inline constexpr std::uint16_t kUseCandidate = 0x0025;
inline constexpr std::uint16_t kComprehensionOptional = 0x8000;  // From here on, RFC 8489 §14.
inline constexpr std::uint16_t kFingerprint = 0x8028;
inline constexpr std::uint16_t kIceControlled = 0x8029;
inline constexpr std::uint16_t kIceControlling = 0x802A;

}  // namespace visavis::stun
