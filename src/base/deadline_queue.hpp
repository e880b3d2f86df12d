#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <utility>

#include "base/time.hpp"

namespace visavis {

/// Deadlines that all lie the same time ahead of the moment they were armed at (a heartbeat's,
/// say), so the order of arming is the order of expiry and every operation is O(1).
///
/// Time must not go back. A `Place` stays valid until it is cancelled or expired.
template <class Key>
class DeadlineQueue {
 private:
  struct Entry {
    Instant at;
    Key key;
  };

 public:
  using Place = typename std::list<Entry>::iterator;

  explicit DeadlineQueue(Duration interval) : interval_(interval) {}

  [[nodiscard]] Place arm(Instant now, Key key) {
    if (spare_.empty()) {
      return entries_.insert(entries_.end(), Entry{now + interval_, std::move(key)});
    }
    const auto place = spare_.begin();
    *place = Entry{now + interval_, std::move(key)};
    entries_.splice(entries_.end(), spare_, place);
    return place;
  }
  /// Starts the interval anew, without an allocation.
  void rearm(Instant now, Place place) {
    place->at = now + interval_;
    entries_.splice(entries_.end(), entries_, place);
  }
  void cancel(Place place) {
    if (spare_.size() < kSpareMax) {
      spare_.splice(spare_.end(), entries_, place);
    } else {
      entries_.erase(place);
    }
  }

  /// The next key whose deadline has come, at most once each; call until it is empty.
  [[nodiscard]] std::optional<Key> poll_expired(Instant now) {
    if (entries_.empty() || entries_.front().at > now) {
      return std::nullopt;
    }
    Key key = std::move(entries_.front().key);
    entries_.pop_front();
    return key;
  }

  [[nodiscard]] Instant next() const { return entries_.empty() ? kNever : entries_.front().at; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  /// As many as come and go within one turn of a busy server.
  static constexpr std::size_t kSpareMax = 64;

  Duration interval_;
  std::list<Entry> entries_;
  std::list<Entry> spare_;  ///< what is cancelled is soon armed again, as a rule
};

}  // namespace visavis
