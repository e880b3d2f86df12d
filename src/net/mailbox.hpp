#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "net/wake_up.hpp"

namespace visavis::net {

/// Whether the taker is woken at once, or by `Mailbox::wake_taker()`, behind several in a row.
enum class Wake : std::uint8_t { kNow, kLater };

/// The only way in which two of our threads talk: a bounded queue of values with a descriptor that
/// is readable while something waits. Any thread may put, one thread takes.
///
/// Full means refused and counted. Whoever cannot lose a message asks `full()` first and keeps it
/// (only he puts, so there is no race).
template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t size_max) : size_max_(size_max) {}

  /// False: full; `message` was not taken.
  [[nodiscard]] bool put(T&& message, Wake wake = Wake::kNow) {
    {
      const std::lock_guard lock(mutex_);
      if (messages_.size() >= size_max_) {
        ++refused_;
        return false;
      }
      messages_.push_back(std::move(message));
    }
    if (wake == Wake::kNow) {
      wake_taker();
    }
    return true;
  }

  /// For what was put with `Wake::kLater`. Costs little when the taker is awake, or has taken all.
  void wake_taker() {
    {
      const std::lock_guard lock(mutex_);
      if (messages_.empty() || std::exchange(woken_, true)) {
        return;
      }
    }
    wake_up_.raise();
  }

  /// The oldest message; nothing when empty, and then `fd()` is no longer readable.
  [[nodiscard]] std::optional<T> take() {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) {
      wake_up_.clear();
      woken_ = false;
      return std::nullopt;
    }
    std::optional<T> message(std::move(messages_.front()));
    messages_.pop_front();
    return message;
  }

  [[nodiscard]] bool full() const {
    const std::lock_guard lock(mutex_);
    return messages_.size() >= size_max_;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  /// For the taker's reactor.
  [[nodiscard]] int fd() const { return wake_up_.fd(); }

 private:
  const std::size_t size_max_;
  mutable std::mutex mutex_;
  std::deque<T> messages_;
  bool woken_ = false;  // and takes until empty
  std::atomic<std::uint64_t> refused_ = 0;
  WakeUp wake_up_;
};

}  // namespace visavis::net
