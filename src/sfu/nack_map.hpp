#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "rtp/rtp_packet.hpp"
#include "sfu/picture_numbers.hpp"
#include "sfu/slot_clock.hpp"
#include "sfu/stream_table.hpp"

namespace visavis::sfu {

/// A stretch of a slot during which it read one log: how that log's packets were rewritten. With
/// it any packet of the stretch can be made again from the log, to the bit.
struct Segment {
  StreamRef stream;
  std::uint32_t layer = 0;
  std::uint32_t epoch = 0;           ///< Of the log.
  std::int64_t first_out = 0;        ///< The slot's sequence numbers from here on.
  std::int64_t sequence_offset = 0;  ///< Slot's number = log's number + this.
  TimestampMap timestamps;
  PictureOffsets pictures;
  rtp::PayloadType payload_type;
  std::optional<rtp::PayloadType> rtx_payload_type;
  bool repairable = false;  ///< The viewer may NACK this codec.

  [[nodiscard]] std::int64_t first_in() const { return first_out - sequence_offset; }
};

/// A packet of a log.
struct LogPlace {
  StreamRef stream;
  std::uint32_t layer = 0;
  std::uint32_t epoch = 0;
  std::int64_t sequence = 0;
};

/// What a slot must remember to answer NACKs: which log each stretch of its sequence numbers came
/// from, and what was sent again when. Numbers only; the packets are in the logs.
class NackMap {
 public:
  /// A NACK comes within a second or so; nobody swaps a slot more often than this in that time.
  static constexpr std::size_t kSegmentsMax = 8;

  void begin_segment(const Segment& segment);
  /// The stretch being sent, until the next begins; null before the first.
  [[nodiscard]] const Segment* current() const { return begun_ ? &current_ : nullptr; }
  /// The stretch that `out` was sent in; null when that is forgotten.
  [[nodiscard]] const Segment* find(std::int64_t out) const;

  /// Whether the packet at `place`, or one behind it in its log, has been sent, as far as is
  /// remembered. `next_out`: the slot's number to send next.
  [[nodiscard]] bool has_sent(const LogPlace& place, std::int64_t next_out) const;

  /// Whether `out` may be sent again now: at most once per round trip. If so, it is noted.
  [[nodiscard]] bool may_resend(Instant now, std::int64_t out, Duration round_trip);

 private:
  /// The low bits of both are enough: what they are compared with is near, and a number or an hour
  /// that wraps onto another costs one NACK more.
  struct Resent {
    std::int32_t out = -1;
    std::uint32_t at_us = 0;
  };
  /// Packets sent again lately, one place for each number modulo this. A clash forgets one, which
  /// costs a packet sent twice.
  static constexpr std::size_t kResentMax = 256;

  [[nodiscard]] std::size_t size() const { return begun_ ? older_.size() + 1 : 0; }
  /// The stretch that is `back` before the newest.
  [[nodiscard]] const Segment& at(std::size_t back) const;

  // A packet touches these two, one cache line, and nothing else of it.
  Segment current_;
  bool begun_ = false;
  std::vector<Segment> older_;  ///< A ring, once there are `kSegmentsMax` - 1.
  std::size_t newest_older_ = 0;
  std::vector<Resent> resent_;  ///< Empty until the first NACK: most slots see none.
};

}  // namespace visavis::sfu
