#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "base/time.hpp"

namespace visavis::sfu {

/// When who is to be looked at again. Lazy: a deadline that moved later is found out when the old
/// one comes, so booking costs nothing while deadlines only move on.
template <class Key>
class Wakeups {
 public:
  /// Kept by whoever is booked: the earliest deadline of it in the queue.
  using Booked = Instant;

  void book(Key key, Instant at, Booked& booked) {
    if (at < booked) {
      booked = at;
      queue_.push({at, key});
    }
  }

  /// The next key whose time has come. It may be gone, or not due after all: whoever it is sets its
  /// `Booked` to `kNever`, looks, and books again.
  [[nodiscard]] std::optional<Key> poll_due(Instant now) {
    if (queue_.empty() || queue_.top().at > now) {
      return std::nullopt;
    }
    const Key key = queue_.top().key;
    queue_.pop();
    return key;
  }

  [[nodiscard]] Instant next() const { return queue_.empty() ? kNever : queue_.top().at; }

 private:
  struct Entry {
    Instant at;
    Key key;
    bool operator>(const Entry& other) const {
      return at != other.at ? at > other.at : key > other.key;
    }
  };
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace visavis::sfu
