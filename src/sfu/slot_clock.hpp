#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"

namespace visavis::sfu {

/// How a slot moves a stream's timestamps: unchanged steps from the anchor (the head at the swap)
/// on, and squeezed ones before it.
struct TimestampMap {
  static constexpr std::uint32_t kUnsqueezed = 1U << 16U;

  rtp::Timestamp anchor_in;
  rtp::Timestamp anchor_out;
  std::uint32_t squeeze = kUnsqueezed;  ///< 16.16 fixed point, at most 1.

  [[nodiscard]] rtp::Timestamp map(rtp::Timestamp in) const {
    const std::int64_t from_anchor = rtp::distance(anchor_in, in);
    const std::int64_t moved = from_anchor >= 0 ? from_anchor : -((-from_anchor * squeeze) >> 16);
    return rtp::Timestamp(anchor_out.value() + static_cast<std::uint32_t>(moved));
  }
  /// Without the squeeze: where the line of the live stream runs.
  [[nodiscard]] rtp::Timestamp map_live(rtp::Timestamp in) const {
    return rtp::Timestamp(anchor_out.value() + (in.value() - anchor_in.value()));
  }
};

/// The part of a stream that a slot begins with, in the stream's own time.
struct CachedRun {
  rtp::Timestamp first;  ///< Of the keyframe (or of the only packet).
  rtp::Timestamp head;
  Instant head_time;  ///< When the head was captured, on the server's time line.
};

/// The time line of a slot: one line between server time and RTP timestamps, for the life of the
/// slot, whatever streams it shows. Receivers play audio and video of a seat in step by it.
class SlotClock {
 public:
  /// A cached run is squeezed into no more than this, about a frame: its pictures are to be decoded
  /// at once, not shown one after the other, and what a receiver waits for is the head.
  static constexpr Duration kRunSpan = std::chrono::milliseconds(33);
  /// Between the last timestamp of the stream before and the first of the next: audio lasts, and
  /// what overlaps is thrown away by the receiver; a picture takes no time.
  static constexpr Duration kAudioGap = std::chrono::milliseconds(20);
  static constexpr Duration kVideoGap = std::chrono::milliseconds(1);

  /// The slot's first packet has a timestamp near `start`.
  SlotClock(rtp::MediaKind kind, rtp::Timestamp start);

  /// Finds the place of a run between the last sent timestamp and now; its head lands on the slot's
  /// line. The timestamps of different frames stay different, if need be by landing some
  /// milliseconds late.
  TimestampMap enter(const CachedRun& run);
  /// A packet with this timestamp leaves.
  void note_sent(rtp::Timestamp timestamp);

  [[nodiscard]] rtp::Timestamp timestamp_at(Instant at) const;
  [[nodiscard]] std::uint32_t rate() const { return rate_; }

 private:
  /// Even squeezed, two frames of a run are this share of their distance apart (at 30 frames a
  /// second 11 units of 90 kHz).
  static constexpr std::int64_t kSqueezeMax = 256;
  /// No swap lands further ahead of the line than this.
  static constexpr Duration kAheadMax = std::chrono::seconds(10);

  std::uint32_t rate_;
  Duration gap_;
  rtp::Timestamp start_;
  Instant origin_{};
  rtp::Timestamp last_sent_;
  bool started_ = false;
  bool sent_ = false;
};

}  // namespace visavis::sfu
