#include "base/hot_memory.hpp"

#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "base/prefetch.hpp"

namespace visavis {
namespace {

#ifndef VISAVIS_PLAIN_MEMORY

/// Memory from the system, aligned so that the kernel may give huge pages for it.
class HugePages final : public std::pmr::memory_resource {
 private:
  static constexpr std::size_t kPageBytes = std::size_t{2} << 20U;

  void* do_allocate(std::size_t bytes, std::size_t /*alignment*/) override {
    const std::size_t whole = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    void* const place = std::aligned_alloc(kPageBytes, whole);
    if (place == nullptr) {
      throw std::bad_alloc();
    }
    ::madvise(place, whole, MADV_HUGEPAGE);  // Refused, they are pages as any other.
    return place;
  }
  void do_deallocate(void* place, std::size_t /*bytes*/, std::size_t /*alignment*/) override {
    std::free(place);
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

/// Blocks of whole cache lines, cut from regions that are never given back. One that comes back
/// waits for who wants as many lines. One thread has them.
class HotBlocks final : public std::pmr::memory_resource {
 private:
  /// Larger ones gain nothing here.
  static constexpr std::size_t kLinesMax = 64;
  /// A huge page, less what the region needs itself.
  static constexpr std::size_t kFirstRegionBytes = (std::size_t{2} << 20U) - 256;

  struct Free {
    Free* next;
  };

  static std::size_t lines_of(std::size_t bytes) {
    return (bytes + kCacheLineBytes - 1) / kCacheLineBytes;
  }
  static bool fits(std::size_t bytes, std::size_t alignment) {
    return lines_of(bytes) <= kLinesMax && alignment <= kCacheLineBytes;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (!fits(bytes, alignment)) {
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    Free*& first = free_.at(lines_of(bytes));
    if (first == nullptr) {
      return regions_.allocate(lines_of(bytes) * kCacheLineBytes, kCacheLineBytes);
    }
    return std::exchange(first, first->next);
  }
  void do_deallocate(void* place, std::size_t bytes, std::size_t alignment) override {
    if (!fits(bytes, alignment)) {
      std::pmr::new_delete_resource()->deallocate(place, bytes, alignment);
      return;
    }
    Free*& first = free_.at(lines_of(bytes));
    first = new (place) Free{first};
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  HugePages pages_;
  std::pmr::monotonic_buffer_resource regions_{kFirstRegionBytes, &pages_};
  std::array<Free*, kLinesMax + 1> free_{};
};

#endif

}  // namespace

std::pmr::memory_resource& hot_memory() {
#ifdef VISAVIS_PLAIN_MEMORY
  return *std::pmr::new_delete_resource();
#else
  // Outlives its thread, as what is in it may: there are as many as threads that ever had peers.
  thread_local HotBlocks* const of_this_thread = new HotBlocks;
  return *of_this_thread;
#endif
}

}  // namespace visavis
