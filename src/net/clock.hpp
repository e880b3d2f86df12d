#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace visavis::net {

/// Where every `Instant` of a running server comes from: CLOCK_MONOTONIC. Never goes back.
[[nodiscard]] Instant now();

/// Seconds since 1970, for certificates and logs; a core never sees it.
[[nodiscard]] std::int64_t unix_seconds();
/// The same, finer.
[[nodiscard]] std::chrono::sys_time<Duration> unix_time();

}  // namespace visavis::net
