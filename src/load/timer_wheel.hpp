#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace visavis::load {

/// Wakes thousands of clients at their deadlines, to half a millisecond: booking and ringing cost
/// nothing that grows with their number. One earlier booking per client counts; deadlines beyond
/// the horizon ring there, and are booked again by whoever hears it.
class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::microseconds(500);
  static constexpr std::int64_t kTicks = 2048;  ///< A second ahead.

  TimerWheel(Instant now, std::size_t clients)
      : cursor_(tick_at_or_after(now)), booked_(clients, kNone) {}

  void book(std::size_t client, Instant at) {
    if (at == kNever) {
      return;
    }
    const std::int64_t tick = std::clamp(tick_at_or_after(at), cursor_, cursor_ + kTicks - 1);
    if (booked_[client] <= tick) {
      return;  // Ringing too early is cheaper than booking twice.
    }
    booked_[client] = tick;
    const auto slot = static_cast<std::size_t>(tick % kTicks);
    slots_.at(slot).push_back(static_cast<std::uint32_t>(client));
    used_.at(slot / 64) |= std::uint64_t{1} << (slot % 64);
  }

  /// Calls `ring(client)` for all that are due; it may book.
  template <class Ring>
  void advance(Instant now, Ring ring) {
    const std::int64_t last = now.time_since_epoch() / kTick;
    for (; cursor_ <= last; ++cursor_) {
      const auto slot = static_cast<std::size_t>(cursor_ % kTicks);
      if (slots_.at(slot).empty()) {
        continue;
      }
      ringing_.swap(slots_.at(slot));
      used_.at(slot / 64) &= ~(std::uint64_t{1} << (slot % 64));
      for (const std::uint32_t client : ringing_) {
        if (booked_[client] == cursor_) {
          booked_[client] = kNone;
          due_.push_back(client);
        }
      }
      ringing_.clear();
    }
    // Only now: what is booked from here on lies behind the cursor's new place.
    for (const std::uint32_t client : due_) {
      ring(std::size_t{client});
    }
    due_.clear();
  }

  [[nodiscard]] Instant next() const {
    for (std::int64_t ahead = 0; ahead < kTicks;) {
      const auto slot = static_cast<std::size_t>((cursor_ + ahead) % kTicks);
      const std::uint64_t rest = used_.at(slot / 64) >> (slot % 64);
      if (rest != 0) {
        return Instant((cursor_ + ahead + std::countr_zero(rest)) * kTick);
      }
      ahead += static_cast<std::int64_t>(64 - (slot % 64));
    }
    return kNever;
  }

 private:
  static constexpr std::int64_t kNone = std::int64_t{1} << 62U;

  [[nodiscard]] static std::int64_t tick_at_or_after(Instant at) {
    return (at.time_since_epoch() + kTick - Duration(1)) / kTick;
  }

  std::int64_t cursor_;  // The next tick to ring.
  std::vector<std::int64_t> booked_;
  std::array<std::vector<std::uint32_t>, kTicks> slots_;
  std::array<std::uint64_t, kTicks / 64> used_{};
  std::vector<std::uint32_t> ringing_;
  std::vector<std::uint32_t> due_;
};

}  // namespace visavis::load
