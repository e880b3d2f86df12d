#include "sfu/keyframe_requests.hpp"

#include <algorithm>

namespace visavis::sfu {

bool KeyframeRequests::want(Instant now) {
  const bool is_first = !wanted_;
  wanted_ = true;
  return is_first && now >= ask_at_;
}

void KeyframeRequests::handle_keyframe() {
  wanted_ = false;
  unanswered_ = 0;
}

bool KeyframeRequests::poll_request(Instant now) {
  if (!wanted_ || now < ask_at_) {
    return false;
  }
  ask_at_ = now + interval();
  ++unanswered_;
  return true;
}

Duration KeyframeRequests::interval() const {
  const Duration base = std::max(kIntervalMin, round_trip_ + (round_trip_ / 2));
  const unsigned doublings = std::min(unanswered_, 4U);
  return std::min(base * (1U << doublings), std::max(base, kIntervalMax));
}

}  // namespace visavis::sfu
