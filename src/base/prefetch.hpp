#pragma once

#include <cstddef>

namespace visavis {

/// Asks the processor to bring the cache lines of `object` near, for writing, while something else
/// is done. What it points to stays where it is. Only a hint: it changes no result.
///
/// Thousands of viewers' numbers fit no core's second-level cache, so each viewer's turn would
/// begin with waiting for one line after another.
template <class Object>
void prefetch(const Object& object) {
  constexpr std::size_t kLineBytes = 64;
  constexpr int kForWriting = 1;
  constexpr int kSoon = 3;
  const auto* const begin = reinterpret_cast<const std::byte*>(&object);
  for (std::size_t at = 0; at < sizeof(Object); at += kLineBytes) {
    __builtin_prefetch(begin + at, kForWriting, kSoon);
  }
  __builtin_prefetch(begin + sizeof(Object) - 1, kForWriting, kSoon);
}

}  // namespace visavis
