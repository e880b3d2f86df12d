#include "sfu/nack_map.hpp"

#include <algorithm>

namespace visavis::sfu {

Segment& NackMap::begin_segment(Segment segment) {
  newest_ = (newest_ + 1) % kSegmentsMax;
  count_ = std::min(count_ + 1, kSegmentsMax);
  segments_[newest_] = segment;
  return segments_[newest_];
}

const Segment* NackMap::find(std::int64_t out) const {
  for (std::size_t back = 0; back < count_; ++back) {
    const Segment& segment = segments_[(newest_ + kSegmentsMax - back) % kSegmentsMax];
    if (out >= segment.first_out) {
      return &segment;
    }
  }
  return nullptr;
}

bool NackMap::may_resend(Instant now, std::int64_t out, Duration round_trip) {
  if (resent_.empty()) {
    resent_.resize(kResentMax);
  }
  Resent& place = resent_[static_cast<std::size_t>(out) % kResentMax];
  if (place.out == out && now - place.at < round_trip) {
    return false;
  }
  place = {.out = out, .at = now};
  return true;
}

}  // namespace visavis::sfu
