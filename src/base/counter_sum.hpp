#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace visavis {
namespace detail {

/// Becomes a counter, and nothing else: no other integer, no floating point, no bool.
struct AnyCounter {
  template <std::same_as<std::uint64_t> Of>
  consteval operator Of() const {  // NOLINT(google-explicit-constructor): that is all it is for
    return 0;
  }
};

template <class Of, std::size_t... Index>
consteval bool takes_counters(std::index_sequence<Index...> /*numbers*/) {
  return requires { Of{(static_cast<void>(Index), AnyCounter())...}; };
}

}  // namespace detail

/// Whether a struct has fields of `std::uint64_t` (or arrays and structs of such) and no others:
/// as many of them as have room in it can be given, each to a field of exactly this type.
template <class Of>
inline constexpr bool kOnlyCounters =
    std::is_aggregate_v<Of> && std::is_trivially_copyable_v<Of> &&
    sizeof(Of) % sizeof(std::uint64_t) == 0 &&
    detail::takes_counters<Of>(std::make_index_sequence<sizeof(Of) / sizeof(std::uint64_t)>());

/// Field by field. A new field is added up, too, or does not compile.
template <class Of>
[[nodiscard]] constexpr Of counter_sum(const Of& one, const Of& other) {
  static_assert(kOnlyCounters<Of>, "a field is no std::uint64_t: it cannot be added up as one");
  using Numbers = std::array<std::uint64_t, sizeof(Of) / sizeof(std::uint64_t)>;
  auto total = std::bit_cast<Numbers>(one);
  const auto more = std::bit_cast<Numbers>(other);
  for (std::size_t i = 0; i < total.size(); ++i) {
    total.at(i) += more.at(i);
  }
  return std::bit_cast<Of>(total);
}

}  // namespace visavis
