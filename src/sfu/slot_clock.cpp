#include "sfu/slot_clock.hpp"

#include <algorithm>

#include "sfu/stream_clock.hpp"

namespace visavis::sfu {

SlotClock::SlotClock(rtp::MediaKind kind, rtp::Timestamp start)
    : rate_(clock_rate_of(kind)),
      gap_(kind == rtp::MediaKind::kAudio ? kAudioGap : kVideoGap),
      start_(start) {}

TimestampMap SlotClock::enter(const CachedRun& run) {
  if (!started_) {
    started_ = true;
    origin_ = run.head_time;
  }
  const rtp::Timestamp line = timestamp_at(run.head_time);
  const std::int64_t length = rtp::distance(run.first, run.head);
  // All counted from where the head lands on the line.
  std::int64_t head = 0;
  std::int64_t first = -std::min(length, to_units(kRunSpan, rate_));
  const std::int64_t last_sent = rtp::distance(line, last_sent_);
  // After hours without a packet the distance has wrapped, and nothing is in the way.
  if (sent_ && last_sent < to_units(kAheadMax, rate_)) {
    first = std::max(first, last_sent + to_units(gap_, rate_));
    head = std::max(head, first + ((length + kSqueezeMax - 1) / kSqueezeMax));
  }
  TimestampMap map;
  map.anchor_in = run.head;
  map.anchor_out = rtp::Timestamp(line.value() + static_cast<std::uint32_t>(head));
  if (length > head - first) {
    map.squeeze = static_cast<std::uint32_t>(((head - first) << 16) / length);
  }
  return map;
}

void SlotClock::note_sent(rtp::Timestamp timestamp) {
  if (!sent_ || rtp::newer_than(timestamp, last_sent_)) {
    last_sent_ = timestamp;
    sent_ = true;
  }
}

rtp::Timestamp SlotClock::timestamp_at(Instant at) const {
  const std::int64_t units = to_units(at - origin_, rate_);
  return rtp::Timestamp(start_.value() + static_cast<std::uint32_t>(units));
}

}  // namespace visavis::sfu
