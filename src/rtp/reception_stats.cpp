#include "rtp/reception_stats.hpp"

#include <algorithm>
#include <cmath>

namespace visavis::rtp {
namespace {

constexpr std::int64_t kUnwrapOffset = 0x10000;  // Where SequenceUnwrapper starts.
constexpr double kSecondsPerMicro = 1e-6;

}  // namespace

void ReceptionStats::handle_packet(Instant now, SequenceNumber sequence, Timestamp timestamp) {
  const std::int64_t at = unwrapper_.unwrap(sequence);
  if (received_ == 0) {
    base_ = at;
    highest_ = at;
  }
  base_ = std::min(base_, at);
  highest_ = std::max(highest_, at);
  ++received_;
  update_jitter(now, timestamp);
}

void ReceptionStats::update_jitter(Instant now, Timestamp timestamp) {
  if (arrived_before_) {
    const auto micros = static_cast<double>((now - *arrived_before_).count());
    const double arrival = micros * kSecondsPerMicro * clock_rate_;
    const double transit = std::abs(arrival - distance(timestamp_before_, timestamp));
    jitter_ += (transit - jitter_) / 16;  // RFC 3550 A.8
  }
  arrived_before_ = now;
  timestamp_before_ = timestamp;
}

void ReceptionStats::handle_sender_report(Instant now, NtpTime ntp) {
  last_sender_report_ = ntp.middle();
  sender_report_at_ = now;
}

ReportBlock ReceptionStats::make_block(Instant now) {
  ReportBlock block;
  block.ssrc = ssrc_;
  if (received_ == 0) {
    return block;
  }
  const auto expected = static_cast<std::uint64_t>(highest_ - base_ + 1);
  const auto lost = static_cast<std::int64_t>(expected - received_);
  const auto expected_now = static_cast<std::int64_t>(expected - expected_before_);
  const auto lost_now = expected_now - static_cast<std::int64_t>(received_ - received_before_);
  expected_before_ = expected;
  received_before_ = received_;

  constexpr std::int64_t kLostMax = 0x7F'FFFF;  // 24 bits, signed
  block.cumulative_lost = static_cast<std::int32_t>(std::clamp(lost, -kLostMax - 1, kLostMax));
  if (expected_now > 0 && lost_now > 0) {
    const std::int64_t fraction = std::min<std::int64_t>((lost_now << 8) / expected_now, 255);
    block.fraction_lost = static_cast<std::uint8_t>(fraction);
  }
  block.highest_sequence = static_cast<std::uint32_t>(highest_ - kUnwrapOffset);
  block.jitter = static_cast<std::uint32_t>(jitter_);
  block.last_sender_report = last_sender_report_;
  if (last_sender_report_ != 0) {
    block.delay_since_sender_report = to_short_ntp(now - sender_report_at_);
  }
  return block;
}

}  // namespace visavis::rtp
