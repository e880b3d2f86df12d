#include "net/paced_watch.hpp"

#include <utility>

namespace visavis::net {

PacedWatch::PacedWatch(Reactor& reactor, int fd, Duration gap, Read read)
    : gap_(gap),
      read_(std::move(read)),
      watch_(reactor.watch(fd, Interest::kRead,
                           [this](Instant now, Ready) { look(now, Duration::zero()); })) {
  reactor.drive({.next_timeout = [this] { return next_at_; },
                 .handle_timeout = [this](Instant now) { look(now, waited(now)); },
                 .drain = {}});
}

void PacedWatch::catch_up(Instant now) {
  if (next_at_ != kNever && next_at_ - now < gap_ / 2) {
    look(now, waited(now));
  }
}

/// It came at any time since.
Duration PacedWatch::waited(Instant now) const {
  return (now - looked_at_) / 2;
}

void PacedWatch::look(Instant now, Duration waited) {
  const Found found = read_(now, waited);
  if (found == Found::kMore) {  // What is left has waited as long.
    watch_.set(Interest::kNone);
    next_at_ = now + Duration(1);
    return;
  }
  looked_at_ = now;
  if (found == Found::kNothing) {
    next_at_ = kNever;
    watch_.set(Interest::kRead);
    return;
  }
  watch_.set(Interest::kNone);
  next_at_ = on_grid(now + (gap_ / 2), gap_);
}

}  // namespace visavis::net
