#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "sfu/counters.hpp"
#include "sfu/event.hpp"

namespace visavis::sfu {

/// Events that wait for the host. Bounded: a host that drains after each wake-up never sees the
/// limit, one that has stopped draining loses news and finds that in the counters.
class EventQueue {
 public:
  EventQueue(std::size_t events_max, Counters& counters)
      : events_max_(events_max), counters_(counters) {}

  void push(Event event) {
    if (events_.size() == events_max_) {
      counters_.refuse(RefusalReason::kEventsFull);
      return;
    }
    events_.push_back(std::move(event));
  }
  [[nodiscard]] std::optional<Event> poll() {
    if (events_.empty()) {
      return std::nullopt;
    }
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::size_t events_max_;
  Counters& counters_;
  std::deque<Event> events_;
};

}  // namespace visavis::sfu
