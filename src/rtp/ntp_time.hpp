#pragma once

#include <compare>
#include <cstdint>

#include "base/time.hpp"

namespace visavis::rtp {

/// 64 bits of 32.32 fixed-point seconds (RFC 3550 §4). Ours count from the start of the time line,
/// not from 1900: the standard allows it, and receivers only compare (RFC 3550 §6.4.1).
struct NtpTime {
  std::uint64_t value = 0;

  /// The middle 32 bits: 16.16 fixed-point seconds (RFC 3550 §4).
  [[nodiscard]] constexpr std::uint32_t middle() const {
    return static_cast<std::uint32_t>(value >> 16U);
  }
  friend constexpr auto operator<=>(NtpTime, NtpTime) = default;
};

[[nodiscard]] NtpTime ntp_time(Instant at);
/// The distance between two NTP times of one sender.
[[nodiscard]] Duration ntp_difference(NtpTime later, NtpTime earlier);
/// A duration in 1/65536 s, as LSR/DLSR count (RFC 3550 §6.4.1); capped at what 32 bits hold.
[[nodiscard]] std::uint32_t to_short_ntp(Duration duration);
[[nodiscard]] Duration from_short_ntp(std::uint32_t fixed_point);

}  // namespace visavis::rtp
