#include "load/stream_watch.hpp"

#include <algorithm>

#include "base/counter_sum.hpp"

namespace visavis::load {

StreamCounts& StreamCounts::operator+=(const StreamCounts& more) {
  return *this = counter_sum(*this, more);
}

StreamCounts operator-(const StreamCounts& now, const StreamCounts& before) {
  return {.expected = now.expected - before.expected,
          .received = now.received - before.received,
          .repaired = now.repaired - before.repaired,
          .duplicates = now.duplicates - before.duplicates,
          .frames = now.frames - before.frames};
}

bool StreamWatch::has(std::int64_t at) const {
  const auto word = static_cast<std::size_t>(at / kWordBits) % bits_.size();
  return (bits_.at(word) >> static_cast<unsigned>(at % kWordBits) & 1U) != 0;
}

void StreamWatch::advance_to(std::int64_t at) {
  const std::int64_t from = std::max(newest_ + 1, at - kWindow + 1);
  for (std::int64_t clear = from; clear <= at; ++clear) {
    const auto word = static_cast<std::size_t>(clear / kWordBits) % bits_.size();
    bits_.at(word) &= ~(std::uint64_t{1} << static_cast<unsigned>(clear % kWordBits));
  }
  newest_ = at;
}

bool StreamWatch::mark(std::int64_t at) {
  if (newest_ < 0) {
    first_ = at;
    newest_ = at - 1;
  }
  if (at <= newest_ - kWindow || at < 0) {
    return false;
  }
  if (at > newest_) {
    advance_to(at);
  } else if (has(at)) {
    ++counts_.duplicates;
    return false;
  }
  first_ = std::min(first_, at);
  const auto word = static_cast<std::size_t>(at / kWordBits) % bits_.size();
  bits_.at(word) |= std::uint64_t{1} << static_cast<unsigned>(at % kWordBits);
  return true;
}

const SentLog::Packet* StreamWatch::sent_as(rtp::SequenceNumber sequence) const {
  return log_ == nullptr ? nullptr : log_->find(rtp::advance(sequence, -sequence_offset_));
}

StreamWatch::Arrival StreamWatch::handle_packet(Instant now, rtp::SequenceNumber sequence,
                                                rtp::Timestamp timestamp) {
  if (newest_ < 0) {
    began_ = now;
  }
  const std::int64_t at = unwrapper_.unwrap(sequence);
  if (!mark(at)) {
    return {.place = Place::kOld, .latency = std::nullopt, .first = false};
  }
  ++counts_.received;
  const SentLog::Packet* sent = sent_as(sequence);
  const bool known =
      sent != nullptr && rtp::distance(sent->timestamp, timestamp) == timestamp_offset_;
  if (!known) {
    return {.place = Place::kUnknown, .latency = std::nullopt, .first = true};
  }
  complete_frame(at, *sent);
  const bool live = sent->sent >= began_;
  return {.place = Place::kKnown,
          .latency = live ? std::optional(now - sent->sent) : std::nullopt,
          .first = true};
}

void StreamWatch::handle_repair(rtp::SequenceNumber sequence) {
  if (newest_ < 0) {
    return;
  }
  const std::int64_t at = unwrapper_.unwrap(sequence);
  if (!mark(at)) {
    return;
  }
  ++counts_.repaired;
  if (const SentLog::Packet* sent = sent_as(sequence)) {
    complete_frame(at, *sent);
  }
}

/// Counts the frame when `at` was the last of its packets to come.
void StreamWatch::complete_frame(std::int64_t at, const SentLog::Packet& sent) {
  if (sent.count == 0) {
    return;
  }
  const std::int64_t begin = at - sent.index;
  // From behind: nearly always it is the last one that is not there yet.
  for (std::int64_t part = begin + sent.count - 1; part >= begin; --part) {
    if (part > newest_ || part <= newest_ - kWindow || part < first_ || !has(part)) {
      return;
    }
  }
  ++counts_.frames;
}

void StreamWatch::learn(const SentLog& log, const SentLog::Packet& sent,
                        rtp::SequenceNumber sequence, rtp::Timestamp timestamp) {
  log_ = &log;
  sequence_offset_ = rtp::distance(sent.sequence, sequence);
  timestamp_offset_ = rtp::distance(sent.timestamp, timestamp);
}

StreamCounts StreamWatch::counts() const {
  StreamCounts counts = counts_;
  counts.expected = newest_ < 0 ? 0 : static_cast<std::uint64_t>(newest_ - first_ + 1);
  return counts;
}

}  // namespace visavis::load
