#include "net/clock.hpp"

#include <ctime>

namespace visavis::net {
namespace {

timespec read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time;
}

}  // namespace

Instant now() {
  const timespec time = read_clock(CLOCK_MONOTONIC);
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                                      std::chrono::nanoseconds(time.tv_nsec)));
}

std::int64_t unix_seconds() {
  return read_clock(CLOCK_REALTIME).tv_sec;
}

std::chrono::sys_time<Duration> unix_time() {
  const timespec time = read_clock(CLOCK_REALTIME);
  return std::chrono::sys_time<Duration>(std::chrono::duration_cast<Duration>(
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace visavis::net
