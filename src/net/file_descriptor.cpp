#include "net/file_descriptor.hpp"

#include <unistd.h>

namespace visavis::net {

void FileDescriptor::reset() {
  if (fd_ != kNone) {
    ::close(std::exchange(fd_, kNone));
  }
}

}  // namespace visavis::net
