#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "load/sent_log.hpp"
#include "rtp/sequence.hpp"

namespace visavis::load {

/// Counted by one watched stream since it began.
struct StreamCounts {
  std::uint64_t expected = 0;  ///< From the first packet to the newest, by sequence number.
  std::uint64_t received = 0;  ///< Of them, at the first go.
  std::uint64_t repaired = 0;  ///< Of them, by retransmission.
  std::uint64_t duplicates = 0;
  std::uint64_t frames = 0;  ///< Complete ones.

  [[nodiscard]] std::uint64_t missing() const {
    return expected > received + repaired ? expected - received - repaired : 0;
  }
  StreamCounts& operator+=(const StreamCounts& more);
  friend StreamCounts operator-(const StreamCounts& now, const StreamCounts& before);
};

/// Loss, frames and latency of one received stream from its headers alone, beside the log of what
/// its publisher sent.
///
/// A server renumbers what it forwards, by a constant per viewer as long as it shows one source:
/// `learn()` tells it from one packet whose payload was read. A packet that does not fit is
/// `kUnknown`: the next one should be opened and learnt from.
class StreamWatch {
 public:
  enum class Place : std::uint8_t { kKnown, kUnknown, kOld };
  struct Arrival {
    Place place = Place::kUnknown;
    std::optional<Duration> latency;  ///< Since the publisher sent it; not of what a cache held.
    bool first = false;               ///< Was not there before.
  };

  [[nodiscard]] Arrival handle_packet(Instant now, rtp::SequenceNumber sequence,
                                      rtp::Timestamp timestamp);
  void handle_repair(rtp::SequenceNumber sequence);
  /// The packet that came as (`sequence`, `timestamp`) left as `sent` of `log`, which is lent.
  void learn(const SentLog& log, const SentLog::Packet& sent, rtp::SequenceNumber sequence,
             rtp::Timestamp timestamp);

  [[nodiscard]] StreamCounts counts() const;
  [[nodiscard]] const SentLog* source() const { return log_; }

 private:
  static constexpr std::int64_t kWindow = 1024;  ///< As the replay window of `srtp`.
  static constexpr std::int64_t kWordBits = 64;

  [[nodiscard]] bool has(std::int64_t at) const;
  /// False when it is older than the window, or there already.
  [[nodiscard]] bool mark(std::int64_t at);
  void advance_to(std::int64_t at);
  [[nodiscard]] const SentLog::Packet* sent_as(rtp::SequenceNumber sequence) const;
  void complete_frame(std::int64_t at, const SentLog::Packet& sent);

  rtp::SequenceUnwrapper unwrapper_;
  std::int64_t first_ = 0;
  std::int64_t newest_ = -1;
  std::array<std::uint64_t, kWindow / kWordBits> bits_{};
  StreamCounts counts_;
  const SentLog* log_ = nullptr;
  int sequence_offset_ = 0;
  std::int32_t timestamp_offset_ = 0;
  Instant began_{};
};

}  // namespace visavis::load
