#include "net/wake_up.hpp"

#include <sys/eventfd.h>

#include "base/check.hpp"

namespace visavis::net {

WakeUp::WakeUp() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  check(event_.is_open());
}

void WakeUp::raise() const {
  // Fails only when the counter is full, and then it is readable anyway.
  static_cast<void>(::eventfd_write(fd(), 1));
}

void WakeUp::clear() const {
  eventfd_t count = 0;
  static_cast<void>(::eventfd_read(fd(), &count));
}

}  // namespace visavis::net
