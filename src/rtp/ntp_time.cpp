#include "rtp/ntp_time.hpp"

#include <algorithm>
#include <limits>

namespace visavis::rtp {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::uint64_t kFractionMask = 0xFFFF'FFFF;

}  // namespace

NtpTime ntp_time(Instant at) {
  const auto micros = static_cast<std::uint64_t>(at.time_since_epoch().count());
  const std::uint64_t seconds = micros / kMicrosPerSecond;
  const std::uint64_t fraction = ((micros % kMicrosPerSecond) << 32U) / kMicrosPerSecond;
  return NtpTime{seconds << 32U | fraction};
}

Duration ntp_difference(NtpTime later, NtpTime earlier) {
  const auto difference = static_cast<std::int64_t>(later.value - earlier.value);
  const std::int64_t seconds = difference >> 32U;
  const auto fraction = static_cast<std::uint64_t>(difference) & kFractionMask;
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 31U;
  const std::uint64_t micros = ((fraction * kMicrosPerSecond) + kHalf) >> 32U;
  return Duration((seconds * kMicrosPerSecond) + static_cast<std::int64_t>(micros));
}

std::uint32_t to_short_ntp(Duration duration) {
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  constexpr std::int64_t kUnits = 65'536;
  constexpr std::int64_t kSecondsMax = kMax / kUnits;
  const std::int64_t micros = std::max<std::int64_t>(duration.count(), 0);
  if (micros / kMicrosPerSecond > kSecondsMax) {
    return static_cast<std::uint32_t>(kMax);
  }
  return static_cast<std::uint32_t>(std::min(micros * kUnits / kMicrosPerSecond, kMax));
}

Duration from_short_ntp(std::uint32_t fixed_point) {
  return Duration((std::int64_t{fixed_point} * kMicrosPerSecond) >> 16U);
}

}  // namespace visavis::rtp
