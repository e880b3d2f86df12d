#pragma once

#include <cstdint>
#include <functional>

#include "base/time.hpp"
#include "net/reactor.hpp"

namespace visavis::net {

/// Reads a descriptor that can wait, once in a while: what comes in between shares one wake-up, and
/// asks for none of its own.
///
/// That is at multiples of `gap`, which others' deadlines may share, and `gap` / 2 to 3 `gap` / 2
/// after the reading before. What comes after a longer pause is read at once.
class PacedWatch {
 public:
  enum class Found : std::uint8_t {
    kNothing,
    kAll,
    kMore,  ///< Too much at once: it goes on as soon as others have had their turn.
  };
  /// Told when, and how long what it finds has lain there, on average.
  using Read = std::move_only_function<Found(Instant, Duration)>;

  /// `reactor` outlives it, and must not turn any more when it ends; `fd` outlives it too.
  PacedWatch(Reactor& reactor, int fd, Duration gap, Read read);
  PacedWatch(const PacedWatch&) = delete;
  PacedWatch& operator=(const PacedWatch&) = delete;
  ~PacedWatch() = default;

  /// Called when the thread is awake for something else: reads now what would have to be read soon.
  void catch_up(Instant now);

 private:
  void look(Instant now, Duration waited);
  [[nodiscard]] Duration waited(Instant now) const;

  Duration gap_;
  Read read_;
  Instant looked_at_{};
  Instant next_at_ = kNever;  ///< `kNever`: the descriptor wakes us.
  Reactor::Watch watch_;
};

}  // namespace visavis::net
