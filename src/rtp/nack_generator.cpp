#include "rtp/nack_generator.hpp"

#include <algorithm>
#include <utility>

namespace visavis::rtp {

bool NackGenerator::handle_packet(Instant now, SequenceNumber sequence) {
  const std::int64_t at = unwrapper_.unwrap(sequence);
  if (!newest_) {
    newest_ = at;
    return false;
  }
  if (at <= *newest_) {
    return fill(at);
  }
  const std::int64_t first = *newest_ + 1;
  newest_ = at;
  const auto hole = static_cast<std::size_t>(at - first);
  if (missing_.size() + hole > kMissingMax) {
    given_up_ += missing_.size() + hole;
    missing_.clear();
    needs_keyframe_ = true;
    return false;
  }
  for (std::int64_t number = first; number < at; ++number) {
    missing_.push_back({.sequence = number, .ask_at = now + kReorderWait});
  }
  if (hole > 0) {
    next_ask_ = std::min(next_ask_, now + kReorderWait);
  }
  return false;
}

bool NackGenerator::fill(std::int64_t sequence) {
  bool asked = false;
  const auto at = std::ranges::lower_bound(missing_, sequence, {}, &Missing::sequence);
  if (at != missing_.end() && at->sequence == sequence) {
    asked = at->asked > 0;
    missing_.erase(at);
  }
  if (missing_.empty()) {
    next_ask_ = kNever;
  }
  return asked;
}

void NackGenerator::set_round_trip(Duration round_trip) {
  round_trip_ = std::max(round_trip, kRoundTripMin);
}

std::span<const SequenceNumber> NackGenerator::poll_nack(Instant now,
                                                         std::span<SequenceNumber> into) {
  if (now < next_ask_) {
    return {};
  }
  const std::size_t given_up = std::erase_if(missing_, [now](const Missing& packet) {
    return packet.ask_at <= now && packet.asked == kRetries;
  });
  given_up_ += given_up;
  needs_keyframe_ = needs_keyframe_ || given_up > 0;

  std::size_t count = 0;
  next_ask_ = kNever;
  for (Missing& packet : missing_) {
    if (packet.ask_at <= now && count < into.size()) {
      into[count++] = SequenceUnwrapper::wrap(packet.sequence);
      packet.ask_at = now + round_trip_;
      ++packet.asked;
    }
    next_ask_ = std::min(next_ask_, packet.ask_at);
  }
  return into.first(count);
}

bool NackGenerator::take_needs_keyframe() {
  return std::exchange(needs_keyframe_, false);
}

}  // namespace visavis::rtp
