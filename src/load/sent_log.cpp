#include "load/sent_log.hpp"

namespace visavis::load {

void SentLog::handle_sent(Instant now, rtp::SequenceNumber sequence, rtp::Timestamp timestamp,
                          bool marker) {
  if (newest_ && !rtp::newer_than(sequence, *newest_)) {
    return;
  }
  const Packet* before = newest_ ? find(rtp::advance(sequence, -1)) : nullptr;
  const bool continues =
      kind_ == rtp::MediaKind::kVideo && before != nullptr && before->timestamp == timestamp;
  Packet& packet = packets_[sequence.value() % kPackets];
  packet = {.sent = now,
            .timestamp = timestamp,
            .sequence = sequence,
            .index = static_cast<std::uint16_t>(continues ? before->index + 1 : 0),
            .count = 0,
            .used = true};
  newest_ = sequence;
  ++sent_;
  if (marker || kind_ == rtp::MediaKind::kAudio) {
    close_frame(sequence);
  }
}

void SentLog::close_frame(rtp::SequenceNumber last) {
  const auto count = static_cast<std::uint16_t>(packets_[last.value() % kPackets].index + 1);
  for (int back = 0; back < count; ++back) {
    packets_[rtp::advance(last, -back).value() % kPackets].count = count;
  }
  ++frames_;
}

const SentLog::Packet* SentLog::find(rtp::Timestamp timestamp, std::uint16_t index) const {
  if (!newest_) {
    return nullptr;
  }
  for (int back = 0; back < static_cast<int>(kPackets); ++back) {
    const Packet* packet = find(rtp::advance(*newest_, -back));
    if (packet == nullptr || rtp::newer_than(timestamp, packet->timestamp)) {
      return nullptr;
    }
    if (packet->timestamp == timestamp && packet->index == index) {
      return packet;
    }
  }
  return nullptr;
}

}  // namespace visavis::load
