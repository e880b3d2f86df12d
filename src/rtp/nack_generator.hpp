#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "rtp/sequence.hpp"

namespace visavis::rtp {

/// Finds the gaps in one received stream and says what to ask for again, and when (RFC 4585
/// §6.2.1).
///
/// A gap is asked for `kReorderWait` after it was seen, then once per round trip, `kRetries` times
/// in all, then given up. Drive it like every core: `handle_*`, then `poll_nack()`, then sleep
/// until `next_timeout()`.
class NackGenerator {
 public:
  /// Packets that are reordered on the way arrive within this.
  static constexpr Duration kReorderWait = std::chrono::milliseconds(5);
  static constexpr Duration kInitialRoundTrip = std::chrono::milliseconds(100);
  static constexpr Duration kRoundTripMin = std::chrono::milliseconds(10);
  static constexpr unsigned kRetries = 10;
  /// A hole larger than this is an outage, not a loss: a keyframe mends it better.
  static constexpr std::size_t kMissingMax = 1000;

  /// True when it had been asked for.
  bool handle_packet(Instant now, SequenceNumber sequence);
  void set_round_trip(Duration round_trip);

  /// Numbers to ask for now, ascending, as many as `into` holds; they count as asked for.
  [[nodiscard]] std::span<const SequenceNumber> poll_nack(Instant now,
                                                          std::span<SequenceNumber> into);
  /// May be early: a gap that was filled does not move it.
  [[nodiscard]] Instant next_timeout() const { return next_ask_; }

  /// True once, after packets were given up or too many were missing: only a keyframe helps now.
  [[nodiscard]] bool take_needs_keyframe();
  [[nodiscard]] std::size_t missing() const { return missing_.size(); }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  struct Missing {
    std::int64_t sequence;
    Instant ask_at;
    unsigned asked = 0;
  };

  bool fill(std::int64_t sequence);

  SequenceUnwrapper unwrapper_;
  std::optional<std::int64_t> newest_;
  std::vector<Missing> missing_;  // Ascending.
  Instant next_ask_ = kNever;
  Duration round_trip_ = kInitialRoundTrip;
  std::uint64_t given_up_ = 0;
  bool needs_keyframe_ = false;
};

}  // namespace visavis::rtp
