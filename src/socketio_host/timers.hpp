#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/callback.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"

namespace visavis::socketio {

using TimerId = Strong<struct TimerIdMeaning, std::uint64_t>;

/// What is to be done later, in the order of its time. A core: it has no clock.
class Timers {
 public:
  using Action = Callback<void()>;

  /// `period`: again and again, as late as it was called; nothing: once.
  TimerId arm(Instant at, Action action, std::optional<Duration> period = std::nullopt);
  /// Does nothing when it is over. May be called from inside of any action.
  void cancel(TimerId timer);

  [[nodiscard]] Instant next_timeout() const {
    return due_.empty() ? kNever : due_.begin()->first.first;
  }
  void handle_timeout(Instant now);

 private:
  struct Timer {
    Action action;
    std::optional<Duration> period;
  };
  using Place = std::pair<Instant, TimerId>;

  std::map<Place, Timer> due_;
  std::map<TimerId, Instant> times_;
  std::uint64_t last_ = 0;
};

}  // namespace visavis::socketio
