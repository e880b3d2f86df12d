#include "testpeer/video_sender.hpp"

#include <algorithm>

namespace visavis::testpeer {

VideoSender::VideoSender(VideoSource source, SendStream stream)
    : source_(source), stream_(std::move(stream)) {}

void VideoSender::handle_timeout(Instant now) {
  while (const auto frame = source_.poll_frame(now)) {
    for (std::uint16_t index = 0; index < frame->packets; ++index) {
      queue_.push_back({.sequence = stream_.take_sequence(), .index = index, .frame = *frame});
    }
  }
}

Instant VideoSender::next_timeout() const {
  if (!repeats_.empty()) {
    return Instant{};  // At once.
  }
  return queue_.empty() ? source_.next_frame_at() : std::min(burst_at_, source_.next_frame_at());
}

std::size_t VideoSender::poll_packet(Instant now, SendContext& context, MutableBytes cell) {
  while (!repeats_.empty()) {
    const rtp::SequenceNumber sequence = repeats_.front();
    repeats_.pop_front();
    const std::size_t at = sequence.value() % kHistory;
    const bool kept =
        at < history_.size() && history_[at].frame.bytes > 0 && history_[at].sequence == sequence;
    if (kept) {
      ++counters_.retransmitted;
      return write_rtx(now, context, history_[at], cell);
    }
    ++counters_.forgotten;
  }
  if (queue_.empty() || now < burst_at_) {
    return 0;
  }
  const Sent sent = queue_.front();
  queue_.pop_front();
  if (history_.empty()) {
    history_.resize(kHistory);
  }
  history_[sent.sequence.value() % kHistory] = sent;
  const std::size_t size = write(now, context, sent, cell);
  pay_for(now, size);
  return size;
}

void VideoSender::pay_for(Instant now, std::size_t bytes) {
  paid_at_ = std::max(paid_at_, now) + time_of(bytes);
  if (paid_at_ - now >= std::min(kBurst, time_of(kBurstBytesMax))) {
    burst_at_ = paid_at_;
  }
}

Duration VideoSender::time_of(std::size_t bytes) const {
  const auto rate = static_cast<std::int64_t>(source_.options().bits_per_second);
  return Duration(std::chrono::seconds(bytes * 8)) * 100 / (rate * kPacingPercent);
}

SendStream::Packet VideoSender::packet_of(const Sent& sent) {
  return {.sequence = sent.sequence,
          .captured = sent.frame.captured,
          .marker = sent.index + 1 == sent.frame.packets,
          .level = std::nullopt};
}

std::size_t VideoSender::write(Instant now, SendContext& context, const Sent& sent,
                               MutableBytes cell) {
  const std::size_t header = stream_.write_header(now, context, packet_of(sent), cell);
  const std::size_t payload = source_.write_payload(sent.frame, sent.index, cell.subspan(header));
  stream_.count(payload);
  return context.sealer->seal_rtp(cell, header + payload);
}

std::size_t VideoSender::write_rtx(Instant now, SendContext& context, const Sent& sent,
                                   MutableBytes cell) {
  const std::size_t header = stream_.write_rtx_header(now, context, packet_of(sent), cell);
  const std::size_t payload = source_.write_payload(sent.frame, sent.index, cell.subspan(header));
  return context.sealer->seal_rtp(cell, header + payload);
}

void VideoSender::handle_nack(rtp::SequenceNumber sequence) {
  ++counters_.nacked;
  if (!stream_.line().rtx || repeats_.size() >= kHistory) {
    ++counters_.forgotten;
    return;
  }
  repeats_.push_back(sequence);
}

void VideoSender::handle_keyframe_request() {
  ++counters_.plis;
  source_.request_keyframe();
}

}  // namespace visavis::testpeer
