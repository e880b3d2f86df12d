#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace visavis::sfu {

/// Bits per second over the last whole second, for reports.
class RateMeter {
 public:
  /// `bytes` is a total that only grows.
  void update(Instant now, std::uint64_t bytes) {
    const Duration passed = now - since_;
    if (passed < kSpan) {
      return;
    }
    const auto micros = static_cast<std::uint64_t>(passed.count());
    bits_per_second_ = (bytes - bytes_) * 8 * 1'000'000 / micros;
    since_ = now;
    bytes_ = bytes;
  }
  [[nodiscard]] std::uint64_t bits_per_second() const { return bits_per_second_; }

 private:
  static constexpr Duration kSpan = std::chrono::seconds(1);

  Instant since_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t bits_per_second_ = 0;
};

}  // namespace visavis::sfu
