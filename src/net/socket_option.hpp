#pragma once

#include <sys/socket.h>

namespace visavis::net {

/// Whether the system has taken it.
inline bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

}  // namespace visavis::net
