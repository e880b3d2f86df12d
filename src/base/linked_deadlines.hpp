#pragma once

#include "base/time.hpp"

namespace visavis {

/// What an object bears to stand in one `LinkedDeadlines` at a time.
struct DeadlineLink {
  Instant at;
  DeadlineLink* before = nullptr;
  DeadlineLink* after = nullptr;
};

/// `DeadlineQueue` for objects that are there in great numbers: they bear the link themselves
/// (`Of` derives from `DeadlineLink`), so nothing is allocated, and who expires is looked up
/// nowhere. An object must be cancelled before it goes. Time must not go back.
template <class Of>
class LinkedDeadlines {
 public:
  explicit LinkedDeadlines(Duration interval) : interval_(interval) {
    ends_.before = &ends_;
    ends_.after = &ends_;
  }
  LinkedDeadlines(const LinkedDeadlines&) = delete;
  LinkedDeadlines& operator=(const LinkedDeadlines&) = delete;
  ~LinkedDeadlines() = default;

  void arm(Instant now, Of& of) {
    DeadlineLink& link = of;
    link.at = now + interval_;
    link.before = ends_.before;
    link.after = &ends_;
    link.before->after = &link;
    ends_.before = &link;
  }
  /// Starts the interval anew.
  void rearm(Instant now, Of& of) {
    cancel(of);
    arm(now, of);
  }
  /// It must be armed here.
  void cancel(Of& of) {
    const DeadlineLink& link = of;
    link.before->after = link.after;
    link.after->before = link.before;
  }

  /// The next one whose deadline has come, at most once each; null when there is none.
  [[nodiscard]] Of* poll_expired(Instant now) {
    if (next() > now || ends_.after == &ends_) {
      return nullptr;
    }
    Of& of = static_cast<Of&>(*ends_.after);
    cancel(of);
    return &of;
  }

  /// Who expires next; null when nobody waits.
  [[nodiscard]] const Of* first() const {
    return ends_.after == &ends_ ? nullptr : static_cast<const Of*>(ends_.after);
  }

  [[nodiscard]] Instant next() const { return ends_.after == &ends_ ? kNever : ends_.after->at; }

 private:
  Duration interval_;
  DeadlineLink ends_;  // before the first and after the last
};

}  // namespace visavis
