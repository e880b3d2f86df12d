#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "rtp/rtcp_writer.hpp"
#include "rtp/sequence.hpp"

namespace visavis::rtp {

/// Notes when packets with transport-wide sequence numbers arrive, and tells their sender
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). One per transport.
class TransportFeedbackRecorder {
 public:
  /// Often enough for a bandwidth estimator, seldom enough to cost under 1 % of a stream.
  static constexpr Duration kInterval = std::chrono::milliseconds(100);
  /// Statuses in one feedback packet: its chunks and deltas stay below 1 kB.
  static constexpr std::size_t kStatusesMax = 400;
  /// Arrivals that wait to be told; more than 100 ms of 300 Mbit/s. Older ones are forgotten first.
  static constexpr std::size_t kArrivalsMax = 4096;

  void handle_packet(Instant now, SequenceNumber sequence);

  [[nodiscard]] Instant next_timeout() const { return due_at_; }
  [[nodiscard]] bool due(Instant now) const { return now >= due_at_; }

  /// Writes one feedback packet. False when nothing waits (the next is then due when a packet has
  /// arrived) or when it did not fit. Call until false.
  bool write(Instant now, RtcpWriter& writer, Ssrc sender, Ssrc media);

 private:
  struct Arrival {
    std::int64_t sequence;
    Instant at;
  };

  SequenceUnwrapper unwrapper_;
  std::vector<Arrival> arrivals_;  // Ascending by sequence.
  std::optional<std::int64_t> next_base_;
  std::uint8_t feedback_count_ = 0;
  Instant due_at_ = kNever;
};

}  // namespace visavis::rtp
