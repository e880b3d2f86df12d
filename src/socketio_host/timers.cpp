#include "socketio_host/timers.hpp"

#include <algorithm>

namespace visavis::socketio {

TimerId Timers::arm(Instant at, Action action, std::optional<Duration> period) {
  const TimerId id(++last_);
  due_.emplace(Place(at, id), Timer{.action = std::move(action), .period = period});
  times_.emplace(id, at);
  return id;
}

void Timers::cancel(TimerId timer) {
  if (const auto time = times_.find(timer); time != times_.end()) {
    due_.erase(Place(time->second, timer));
    times_.erase(time);
  }
}

void Timers::handle_timeout(Instant now) {
  // Only what was due when this began: an action that arms one for now must not keep us here.
  const std::uint64_t newest = last_;
  while (!due_.empty() && due_.begin()->first.first <= now &&
         due_.begin()->first.second.value() <= newest) {
    auto due = due_.extract(due_.begin());
    const TimerId id = due.key().second;
    Timer& timer = due.mapped();
    if (!timer.period) {
      times_.erase(id);
      timer.action();
      continue;
    }
    timer.action();
    if (const auto time = times_.find(id); time != times_.end()) {
      time->second = now + std::max(*timer.period, Duration(1));
      due.key().first = time->second;
      due_.insert(std::move(due));
    }
  }
}

}  // namespace visavis::socketio
