#pragma once

#include <cstddef>

namespace visavis {

/// What a processor fetches at once. Not `std::hardware_destructive_interference_size`, which
/// depends on the compiler's flags.
inline constexpr std::size_t kCacheLineBytes = 64;

/// Asks for the one line at `place`, of whose type nothing need be known.
inline void prefetch_line(const void* place) {
  constexpr int kForWriting = 1;
  constexpr int kSoon = 3;
  __builtin_prefetch(place, kForWriting, kSoon);
}

/// As `prefetch()`, for the first `kBytes` of an object that is longer.
template <std::size_t kBytes, class Object>
void prefetch_lines(const Object& object) {
  static_assert(kBytes > 0 && kBytes <= sizeof(Object));
  const auto* const begin = reinterpret_cast<const std::byte*>(&object);
  for (std::size_t at = 0; at < kBytes; at += kCacheLineBytes) {
    prefetch_line(begin + at);
  }
  if constexpr (alignof(Object) < kCacheLineBytes) {
    prefetch_line(begin + kBytes - 1);
  }
}

/// Asks the processor to bring the cache lines of `object` near, for writing, while something else
/// is done. What it points to stays where it is. Only a hint: it changes no result.
///
/// Thousands of viewers' numbers fit no core's second-level cache, so each viewer's turn would
/// begin with waiting for one line after another.
template <class Object>
void prefetch(const Object& object) {
  prefetch_lines<sizeof(Object)>(object);
}

}  // namespace visavis
