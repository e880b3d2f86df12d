#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace visavis::call {

/// Lets `per_second` things pass each second on average, and as many at once after a second of
/// rest.
class TokenBucket {
 public:
  explicit TokenBucket(double per_second) : per_second_(per_second), tokens_(per_second) {}

  /// False when there were too many. Time must not go back.
  [[nodiscard]] bool take(Instant now) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(per_second_, tokens_ + (seconds * per_second_));
    filled_ = now;
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double tokens_;
  Instant filled_{};
};

}  // namespace visavis::call
