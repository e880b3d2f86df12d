#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace visavis {

/// Lets `per_second` things pass each second on average, and at most `burst` at once after a rest.
class TokenBucket {
 public:
  /// As many at once as in a second.
  explicit TokenBucket(double per_second) : TokenBucket(per_second, per_second) {}
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  /// False when there were too many, and then nothing is taken. Time must not go back.
  [[nodiscard]] bool take(Instant now, double amount = 1) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(burst_, tokens_ + (seconds * per_second_));
    filled_ = now;
    if (tokens_ < amount) {
      return false;
    }
    tokens_ -= amount;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  Instant filled_{};
};

}  // namespace visavis
