#include "sfu/nack_map.hpp"

namespace visavis::sfu {

void NackMap::begin_segment(const Segment& segment) {
  if (begun_ && older_.size() < kSegmentsMax - 1) {
    newest_older_ = older_.size();
    older_.push_back(current_);
  } else if (begun_) {
    newest_older_ = (newest_older_ + 1) % older_.size();
    older_[newest_older_] = current_;
  }
  current_ = segment;
  begun_ = true;
}

const Segment& NackMap::at(std::size_t back) const {
  return back == 0 ? current_ : older_[(newest_older_ + older_.size() + 1 - back) % older_.size()];
}

const Segment* NackMap::find(std::int64_t out) const {
  for (std::size_t back = 0; back < size(); ++back) {
    const Segment& segment = at(back);
    if (out >= segment.first_out) {
      return &segment;
    }
  }
  return nullptr;
}

bool NackMap::has_sent(const LogPlace& place, std::int64_t next_out) const {
  std::int64_t end = next_out;  // Of the stretch that is looked at.
  for (std::size_t back = 0; back < size(); ++back) {
    const Segment& segment = at(back);
    const bool same_log = segment.stream == place.stream && segment.layer == place.layer &&
                          segment.epoch == place.epoch;
    if (same_log && end > segment.first_out && end - segment.sequence_offset > place.sequence) {
      return true;
    }
    end = segment.first_out;
  }
  return false;
}

bool NackMap::may_resend(Instant now, std::int64_t out, Duration round_trip) {
  if (resent_.empty()) {
    resent_.resize(kResentMax);
  }
  Resent& place = resent_[static_cast<std::size_t>(out) % kResentMax];
  const auto at_us = static_cast<std::uint32_t>(now.time_since_epoch().count());
  if (place.out == static_cast<std::int32_t>(out) && at_us - place.at_us < round_trip.count()) {
    return false;
  }
  place = {.out = static_cast<std::int32_t>(out), .at_us = at_us};
  return true;
}

}  // namespace visavis::sfu
