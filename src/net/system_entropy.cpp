#include "net/system_entropy.hpp"

#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.hpp"

namespace visavis::net {
namespace {

/// Two ids: whoever asks for more asks seldom.
constexpr std::size_t kStoredMax = 40;

void ask_system(MutableBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t filled = ::getrandom(bytes.data(), bytes.size(), 0);
    check(filled > 0 || errno == EINTR);
    if (filled > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(filled));
    }
  }
}

/// One call of the kernel for some 25 ids. The store is a page that a fork leaves zeroed: the child
/// finds nothing left.
class Store {
 public:
  Store() {
    void* const page =
        ::mmap(nullptr, sizeof(Stored), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(page != MAP_FAILED);
    wiped_by_fork_ = ::madvise(page, sizeof(Stored), MADV_WIPEONFORK) == 0;  // Linux 4.14
    stored_ = new (page) Stored;
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { ::munmap(stored_, sizeof(Stored)); }

  void take(MutableBytes bytes) {
    if (!wiped_by_fork_) {
      ask_system(bytes);
      return;
    }
    if (stored_->left < bytes.size()) {
      ask_system(stored_->bytes);
      stored_->left = stored_->bytes.size();
    }
    stored_->left -= bytes.size();
    std::byte* const taken = stored_->bytes.data() + stored_->left;
    std::memcpy(bytes.data(), taken, bytes.size());
    ::explicit_bzero(taken, bytes.size());
  }

 private:
  struct Stored {
    std::size_t left = 0;
    std::array<std::byte, 512> bytes{};
  };
  Stored* stored_;
  bool wiped_by_fork_;
};

}  // namespace

void SystemEntropy::fill(MutableBytes bytes) {
  if (bytes.size() > kStoredMax) {
    ask_system(bytes);
    return;
  }
  static thread_local Store store;
  store.take(bytes);
}

}  // namespace visavis::net
