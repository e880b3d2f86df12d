#include "net/system_entropy.hpp"

#include <sys/random.h>

#include <cerrno>

#include "base/check.hpp"

namespace visavis::net {

void SystemEntropy::fill(MutableBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t filled = ::getrandom(bytes.data(), bytes.size(), 0);
    check(filled > 0 || errno == EINTR);
    if (filled > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(filled));
    }
  }
}

}  // namespace visavis::net
