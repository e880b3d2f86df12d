#include "testpeer/frame_assembler.hpp"

#include <algorithm>

namespace visavis::testpeer {

void FrameAssembler::handle_packet(Instant now, const ReceivedPacket& packet) {
  if (pieces_.empty()) {
    pieces_.resize(kWindow);
    pli_at_ = now + kPatience;  // Until then the first keyframe should be there.
  }
  const std::int64_t sequence = unwrapper_.unwrap(packet.sequence);
  newest_ = std::max(newest_, sequence);
  if (sequence <= newest_ - kWindow || (next_ && sequence < *next_)) {
    return;
  }
  pieces_[static_cast<std::size_t>(sequence % kWindow)] = {.sequence = sequence, .packet = packet};
  if (packet.stamp.key && packet.stamp.first() && (!key_at_ || sequence > *key_at_)) {
    key_at_ = sequence;
  }
  complete_frames(now);
  note_stuck(now);
}

const FrameAssembler::Piece* FrameAssembler::piece(std::int64_t sequence) const {
  const Piece& at = pieces_[static_cast<std::size_t>(sequence % kWindow)];
  return at.sequence == sequence ? &at : nullptr;
}

std::optional<std::int64_t> FrameAssembler::end_of_frame(std::int64_t start) const {
  const Piece* first = piece(start);
  if (first == nullptr || !first->packet.stamp.first()) {
    return std::nullopt;
  }
  const std::int64_t end = start + first->packet.stamp.count;
  // From behind: nearly always it is the last packet that is not there yet.
  for (std::int64_t at = end - 1; at > start; --at) {
    const Piece* part = piece(at);
    if (part == nullptr || part->packet.timestamp != first->packet.timestamp) {
      return std::nullopt;
    }
  }
  return end;
}

void FrameAssembler::complete_frames(Instant now) {
  for (;;) {
    if (next_) {
      if (const auto end = end_of_frame(*next_)) {
        complete(now, *next_, *end);
        continue;
      }
    }
    const bool waited = stuck_since_ && now - *stuck_since_ >= kPatience;
    const bool patient = next_ && !waited && !is_cut(*next_);
    const auto key_end = key_at_ && !patient ? end_of_frame(*key_at_) : std::nullopt;
    if (!key_end) {
      return;
    }
    jumped_ = next_.has_value() && *next_ != *key_at_;
    const bool cut = next_ && is_cut(*next_);
    report_.cut += cut ? 1U : 0U;
    report_.skipped += jumped_ && !cut ? 1U : 0U;
    complete(now, *key_at_, *key_end);
  }
}

void FrameAssembler::complete(Instant now, std::int64_t start, std::int64_t end) {
  const ReceivedPacket& first = piece(start)->packet;
  const ReceivedPacket& last = piece(end - 1)->packet;
  check_continuity(first, last);
  count_pause(now);
  ++report_.frames;
  report_.keyframes += first.stamp.key ? 1U : 0U;
  const Duration latency = now - first.stamp.captured;
  report_.latency_sum += latency;
  report_.latency_max = std::max(report_.latency_max, latency);
  report_.source = first.stamp.source;
  previous_ = first;
  next_ = end;
  jumped_ = false;
  stuck_since_.reset();
  pli_at_ = kNever;
  if (key_at_ && *key_at_ < end) {
    key_at_.reset();
  }
}

void FrameAssembler::check_continuity(const ReceivedPacket& first, const ReceivedPacket& last) {
  const auto demand = [this](bool holds) { report_.breaks += holds ? 0U : 1U; };
  demand(last.marker);
  if (!previous_) {
    demand(first.stamp.key);
    return;
  }
  const bool same_source = previous_->stamp.source == first.stamp.source;
  report_.switches += same_source ? 0U : 1U;
  const bool refers_back = same_source && previous_->stamp.frame + 1 == first.stamp.frame;
  demand(first.stamp.key || refers_back);
  demand(rtp::newer_than(first.timestamp, previous_->timestamp));
  if (first.picture_id && previous_->picture_id && !jumped_) {
    constexpr unsigned kMask = 0x7FFF;
    demand(((*previous_->picture_id + 1U) & kMask) == *first.picture_id);
  }
}

void FrameAssembler::count_pause(Instant now) {
  const Instant before = report_.last_frame_at.value_or(now);
  report_.last_frame_at = now;
  if (!report_.first_frame_at) {
    report_.first_frame_at = now;
    return;
  }
  const auto pause = static_cast<double>((now - before).count());
  constexpr double kVisibleUs = 150'000;
  constexpr double kWeight = 1.0 / 30;
  const bool known = report_.frames > 10;
  if (known && pause > std::max(3 * mean_pause_us_, mean_pause_us_ + kVisibleUs)) {
    ++report_.freezes;
  } else {
    mean_pause_us_ += (pause - mean_pause_us_) * (known ? kWeight : 0.3);
  }
}

bool FrameAssembler::has_gap(std::int64_t next) const {
  for (std::int64_t at = next; at < newest_; ++at) {
    if (piece(at) == nullptr) {
      return true;
    }
  }
  return false;
}

bool FrameAssembler::is_cut(std::int64_t next) const {
  const Piece* first = piece(next);
  if (first == nullptr) {
    return false;
  }
  const std::int64_t end = next + first->packet.stamp.count;
  for (std::int64_t at = next + 1; at < end && at <= newest_; ++at) {
    const Piece* part = piece(at);
    if (part != nullptr && part->packet.timestamp != first->packet.timestamp) {
      return true;
    }
  }
  return false;
}

void FrameAssembler::note_stuck(Instant now) {
  if (next_ && !stuck_since_ && (has_gap(*next_) || is_cut(*next_))) {
    stuck_since_ = now;
    pli_at_ = now + kStuckMax;
  }
}

void FrameAssembler::handle_loss(Instant now) {
  if (!pieces_.empty() && pli_at_ > now) {
    pli_at_ = std::min(pli_at_, now);
  }
}

bool FrameAssembler::poll_keyframe_request(Instant now) {
  if (now < pli_at_) {
    return false;
  }
  complete_frames(now);
  if (now < pli_at_) {
    return false;
  }
  pli_at_ = now + kPliGap;
  return true;
}

}  // namespace visavis::testpeer
