#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace visavis::sfu {

class Slot;

/// Which of a viewer's slots may have packets to send: the few of a wake-up, or "look at all". Lies
/// where waking a viewer writes anyway, so that a slot is touched only when its turn comes.
class WokenSlots {
 public:
  /// With the viewer's other marks one cache line.
  static constexpr std::size_t kNamedMax = 5;

  void add(Slot& slot) {
    if (count_ < kNamedMax) {
      named_[count_] = &slot;
    }
    count_ = static_cast<std::uint8_t>(count_ < kNamedMax ? count_ + 1 : kNamedMax + 1);
  }
  void clear() { count_ = 0; }

  /// More than have a place: `for_each` knows only some.
  [[nodiscard]] bool too_many() const { return count_ > kNamedMax; }
  /// One may come twice.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t at = 0; at < count_ && at < kNamedMax; ++at) {
      visit(*named_[at]);
    }
  }

 private:
  std::array<Slot*, kNamedMax> named_{};
  std::uint8_t count_ = 0;
};

}  // namespace visavis::sfu
