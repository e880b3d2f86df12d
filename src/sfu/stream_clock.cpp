#include "sfu/stream_clock.hpp"

#include "rtp/sequence.hpp"

namespace visavis::sfu {
namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;
/// A publisher's clock that jumps by more than this was set, not drifting.
constexpr Duration kClockSet = std::chrono::seconds(1);
/// The quickest report counts; slower ones pull by this share, so that drift is followed.
constexpr int kSlowShare = 64;

}  // namespace

std::uint32_t clock_rate_of(rtp::MediaKind kind) {
  return rtp::clock_rate(kind == rtp::MediaKind::kAudio ? rtp::CodecName::kOpus
                                                        : rtp::CodecName::kVp8);
}

Duration to_duration(std::int64_t units, std::uint32_t rate) {
  return Duration(units * kMicroseconds / rate);
}

std::int64_t to_units(Duration duration, std::uint32_t rate) {
  return duration.count() * rate / kMicroseconds;
}

Instant PublisherClock::handle_sender_report(Instant now, rtp::NtpTime ntp) {
  const Instant expected = to_server_time(ntp).value_or(now);
  const Duration late = now - expected;
  const bool quickest = late < Duration::zero();
  const bool clock_was_set = late > kClockSet || late < -kClockSet;
  const Instant at = quickest || clock_was_set ? now : expected + (late / kSlowShare);
  anchor_ = {.ntp = ntp, .at = at};
  return at;
}

std::optional<Instant> PublisherClock::to_server_time(rtp::NtpTime ntp) const {
  if (!anchor_) {
    return std::nullopt;
  }
  return anchor_->at + rtp::ntp_difference(ntp, anchor_->ntp);
}

void StreamClock::handle_packet(Instant arrival, rtp::Timestamp timestamp) {
  if (!arrived_) {
    arrived_ = {.at = arrival, .timestamp = timestamp};
    return;
  }
  const std::int64_t step = rtp::distance(arrived_->timestamp, timestamp);
  if (step <= 0 && to_duration(step, rate_) > -kTrustedError) {
    return;  // Another packet of the same frame, or a late one.
  }
  const Instant expected = on_line(*arrived_, timestamp);
  const Duration late = arrival - expected;
  const bool broken = late > kTrustedError || late < -kTrustedError;  // The timestamps jumped.
  if (broken) {
    arrived_ = {.at = arrival, .timestamp = timestamp};
  } else {
    arrived_ = {.at = late < Duration::zero() ? arrival : expected + (late / kLateShare),
                .timestamp = timestamp};
  }
}

void StreamClock::handle_sender_report(Instant at, rtp::Timestamp timestamp) {
  if (!arrived_) {
    return;  // Nothing to judge it by yet; the next one comes within seconds.
  }
  const Duration error = at - on_line(*arrived_, timestamp);
  if (error > kTrustedError || error < -kTrustedError) {
    reported_.reset();
    return;
  }
  reported_ = {.at = at, .timestamp = timestamp};
}

void StreamClock::restart() {
  arrived_.reset();
  reported_.reset();
}

Instant StreamClock::time_of(rtp::Timestamp timestamp) const {
  return on_line(point().value_or(ClockPoint{}), timestamp);
}

rtp::Timestamp StreamClock::timestamp_at(Instant at) const {
  const ClockPoint from = point().value_or(ClockPoint{});
  const std::int64_t units = to_units(at - from.at, rate_);
  return rtp::Timestamp(from.timestamp.value() + static_cast<std::uint32_t>(units));
}

Instant StreamClock::on_line(const ClockPoint& point, rtp::Timestamp timestamp) const {
  return point.at + to_duration(rtp::distance(point.timestamp, timestamp), rate_);
}

}  // namespace visavis::sfu
