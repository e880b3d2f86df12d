#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace visavis::sfu {

/// When a publisher is asked for a keyframe of one layer: all who wait for one are served by one
/// PLI, there is at most one per round trip, and it is repeated while none comes.
class KeyframeRequests {
 public:
  /// An encoder needs a frame's time to answer; asking more often only makes more keyframes.
  static constexpr Duration kIntervalMin = std::chrono::milliseconds(200);
  /// An unanswered request is repeated ever more seldom, up to this: the publisher may be gone.
  static constexpr Duration kIntervalMax = std::chrono::seconds(2);

  /// Somebody needs a keyframe newer than all that came. True if this wish makes a request of its
  /// own, false if one that is under way serves it too.
  bool want(Instant now);
  /// One came: whoever waited is served.
  void handle_keyframe();
  /// Nobody waits any more.
  void cancel() { wanted_ = false; }
  void set_round_trip(Duration round_trip) { round_trip_ = round_trip; }

  /// Whether to ask now; asking is then taken as done.
  [[nodiscard]] bool poll_request(Instant now);
  [[nodiscard]] Instant next_timeout() const { return wanted_ ? ask_at_ : kNever; }
  [[nodiscard]] bool wanted() const { return wanted_; }

 private:
  [[nodiscard]] Duration interval() const;

  Duration round_trip_{};
  Instant ask_at_ = Instant::min();  ///< Not before this.
  unsigned unanswered_ = 0;
  bool wanted_ = false;
};

}  // namespace visavis::sfu
