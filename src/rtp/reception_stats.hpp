#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/sequence.hpp"

namespace visavis::rtp {

/// What a receiver counts about one stream, and the report block made of it (RFC 3550 §6.4, A.3,
/// A.8). Retransmissions on an RTX stream are not told to it.
class ReceptionStats {
 public:
  ReceptionStats(Ssrc ssrc, std::uint32_t clock_rate) : ssrc_(ssrc), clock_rate_(clock_rate) {}

  void handle_packet(Instant now, SequenceNumber sequence, Timestamp timestamp);
  void handle_sender_report(Instant now, NtpTime ntp);

  /// The block for a report that leaves now; the fraction lost counts since the block before.
  [[nodiscard]] ReportBlock make_block(Instant now);

  [[nodiscard]] std::uint64_t packets() const { return received_; }
  [[nodiscard]] bool empty() const { return received_ == 0; }

 private:
  void update_jitter(Instant now, Timestamp timestamp);

  Ssrc ssrc_;
  std::uint32_t clock_rate_;
  SequenceUnwrapper unwrapper_;
  std::int64_t base_ = 0;
  std::int64_t highest_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t expected_before_ = 0;
  std::uint64_t received_before_ = 0;
  std::optional<Instant> arrived_before_;
  Timestamp timestamp_before_;
  double jitter_ = 0;  // In timestamp units.
  std::uint32_t last_sender_report_ = 0;
  Instant sender_report_at_{};
};

}  // namespace visavis::rtp
