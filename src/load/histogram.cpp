#include "load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace visavis::load {

std::size_t Histogram::bucket_of(std::uint64_t micros) {
  constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
  if (micros < kSteps) {
    return micros;
  }
  const auto octave = static_cast<unsigned>(std::bit_width(micros)) - 1 - kStepBits;
  return (std::size_t{octave + 1} << kStepBits) + (micros >> octave) - kSteps;
}

std::uint64_t Histogram::top_of(std::size_t bucket) {
  constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
  if (bucket < kSteps) {
    return bucket;
  }
  const std::size_t octave = (bucket >> kStepBits) - 1;
  const std::uint64_t step = (bucket & (kSteps - 1)) + kSteps;
  return ((step + 1) << octave) - 1;
}

void Histogram::add(Duration of) {
  constexpr Duration kLongest = std::chrono::hours(1);
  const Duration counted = std::clamp(of, Duration::zero(), kLongest);
  ++buckets_.at(bucket_of(static_cast<std::uint64_t>(counted.count())));
  ++count_;
  max_ = std::max(max_, counted);
}

Duration Histogram::percentile(double share) const {
  if (count_ == 0) {
    return Duration::zero();
  }
  const auto wanted = static_cast<std::uint64_t>(
      std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_.at(bucket);
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::min(Duration(static_cast<std::int64_t>(top_of(bucket))), max_);
    }
  }
  return max_;
}

}  // namespace visavis::load
