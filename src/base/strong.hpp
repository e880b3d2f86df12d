#pragma once

#include <compare>
#include <concepts>
#include <functional>

namespace visavis {

/// An integer with a meaning: two `Strong` types never mix or convert by accident, and the
/// optimiser sees a plain integer.
template <class Meaning, std::integral Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }

  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep value_{};
};

}  // namespace visavis

template <class Meaning, std::integral Rep>
struct std::hash<visavis::Strong<Meaning, Rep>> {
  std::size_t operator()(visavis::Strong<Meaning, Rep> value) const noexcept {
    return std::hash<Rep>{}(value.value());
  }
};
