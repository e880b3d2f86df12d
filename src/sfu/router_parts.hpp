#pragma once

#include "sfu/counters.hpp"
#include "sfu/event_queue.hpp"
#include "sfu/log_pool.hpp"
#include "sfu/stream_table.hpp"
#include "sfu/work_list.hpp"

namespace visavis::sfu {

/// What the parts of one router have in common.
struct RouterParts {
  RouterParts(std::size_t log_bytes_max, std::size_t events_max)
      : pool(log_bytes_max), events(events_max, counters) {}

  Counters counters;
  LogPool pool;  ///< Outlives the streams.
  StreamTable streams;
  EventQueue events;
  WorkList work;
};

}  // namespace visavis::sfu
