#pragma once

#include <algorithm>
#include <cstdint>

namespace visavis::sfu {

/// A share that grows with what is sent: `max` to begin with and at most, and one more for each
/// packet. Counted when something is taken, not when packets are sent: those are many.
class SendCredit {
 public:
  explicit SendCredit(std::uint32_t max) : max_(max), left_(max) {}

  /// `sent`: packets so far. False when less than `amount` is left, and then nothing is taken.
  [[nodiscard]] bool take(std::uint64_t sent, std::uint64_t amount) {
    const std::uint64_t earned = left_ + (sent - sent_then_);
    sent_then_ = sent;
    left_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(max_, earned));
    if (amount > left_) {
      return false;
    }
    left_ -= static_cast<std::uint32_t>(amount);
    return true;
  }

 private:
  std::uint32_t max_;
  std::uint32_t left_;
  std::uint64_t sent_then_ = 0;
};

}  // namespace visavis::sfu
