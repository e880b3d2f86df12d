#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/ntp_time.hpp"
#include "rtp/rtp_packet.hpp"

namespace visavis::sfu {

/// A point of the line that ties a stream's timestamps to the server's time line.
struct ClockPoint {
  Instant at;
  rtp::Timestamp timestamp;
};

/// How a publisher's NTP clock lies on the server's time line. One per publisher, so that its audio
/// and video are moved alike and stay in step.
class PublisherClock {
 public:
  /// A sender report with this NTP time has just arrived; where it lies on the server's time line.
  Instant handle_sender_report(Instant now, rtp::NtpTime ntp);
  /// Where `ntp` lies, a one-way delay included: the delay of the quickest report.
  [[nodiscard]] std::optional<Instant> to_server_time(rtp::NtpTime ntp) const;

 private:
  struct Anchor {
    rtp::NtpTime ntp;
    Instant at;
  };
  std::optional<Anchor> anchor_;
};

/// When, on the server's time line, the content of a stream's packets was captured.
///
/// The publisher's sender reports say so (RFC 3550 §6.4.1); before the first one, and if a report
/// makes no sense, the arrival of the packets serves.
class StreamClock {
 public:
  explicit StreamClock(std::uint32_t clock_rate) : rate_(clock_rate) {}

  void handle_packet(Instant arrival, rtp::Timestamp timestamp);
  /// `at` is where the report's NTP time lies on the server's time line.
  void handle_sender_report(Instant at, rtp::Timestamp timestamp);
  /// The stream's timestamps begin anew.
  void restart();

  /// Nothing before the first packet.
  [[nodiscard]] std::optional<ClockPoint> point() const { return reported_ ? reported_ : arrived_; }
  /// When the content of `timestamp` was captured. There must be a point.
  [[nodiscard]] Instant time_of(rtp::Timestamp timestamp) const;
  /// The timestamp of what is captured at `at`. There must be a point.
  [[nodiscard]] rtp::Timestamp timestamp_at(Instant at) const;
  [[nodiscard]] std::uint32_t rate() const { return rate_; }
  [[nodiscard]] bool has_report() const { return reported_.has_value(); }

 private:
  /// A report further than this from what arrivals say is a broken clock, not a slow network.
  static constexpr Duration kTrustedError = std::chrono::seconds(2);
  /// Arrivals jitter upward: the line follows the earliest at once and later ones by this share,
  /// so that a drifting clock is followed too.
  static constexpr int kLateShare = 1024;

  [[nodiscard]] Instant on_line(const ClockPoint& point, rtp::Timestamp timestamp) const;

  std::uint32_t rate_;
  std::optional<ClockPoint> arrived_;
  std::optional<ClockPoint> reported_;
};

/// Of the RTP timestamps of a stream or slot: all codecs of a kind that are forwarded have the same
/// (RFC 7587 §4.1, RFC 7741 §4.1, RFC 6184 §8.2.1).
[[nodiscard]] std::uint32_t clock_rate_of(rtp::MediaKind kind);

/// Between timestamp units and time. Negative spans too.
[[nodiscard]] Duration to_duration(std::int64_t units, std::uint32_t rate);
[[nodiscard]] std::int64_t to_units(Duration duration, std::uint32_t rate);

}  // namespace visavis::sfu
