#include "base/hot_memory.hpp"

#include <array>
#include <new>
#include <utility>

#include "base/bytes.hpp"
#include "base/prefetch.hpp"

namespace visavis {
namespace {

#ifndef VISAVIS_PLAIN_MEMORY

/// Blocks of whole cache lines, cut from regions that are never given back. One that comes back
/// waits for who wants as many lines. One thread has them.
class HotBlocks final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] const HotMemoryUse& use() const { return use_; }

 private:
  /// Larger ones gain nothing here.
  static constexpr std::size_t kLinesMax = 64;
  static constexpr std::size_t kRegionBytes = std::size_t{256} << 10U;

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
    void* const place = first == nullptr ? cut(lines_of(bytes)) : std::exchange(first, first->next);
    use_.bytes += lines_of(bytes) * kCacheLineBytes;
    ++use_.blocks;
    return place;
  }
  void do_deallocate(void* place, std::size_t bytes, std::size_t alignment) override {
    if (!fits(bytes, alignment)) {
      std::pmr::new_delete_resource()->deallocate(place, bytes, alignment);
      return;
    }
    use_.bytes -= lines_of(bytes) * kCacheLineBytes;
    Free*& first = free_.at(lines_of(bytes));
    first = new (place) Free{first};
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  /// From the present region, or from a new one; less than a block of what the old one had is lost.
  void* cut(std::size_t lines) {
    const std::size_t bytes = lines * kCacheLineBytes;
    if (left_.size() < bytes) {
      void* const region = ::operator new(kRegionBytes, std::align_val_t{kCacheLineBytes});
      left_ = {static_cast<std::byte*>(region), kRegionBytes};
    }
    void* const place = left_.data();
    left_ = left_.subspan(bytes);
    return place;
  }

  MutableBytes left_;  ///< Of the region.
  std::array<Free*, kLinesMax + 1> free_{};
  HotMemoryUse use_;
};

HotBlocks& blocks_of_this_thread() {
  // Outlive it, as what is in them may: there are as many as threads that ever had peers.
  thread_local HotBlocks* const blocks = new HotBlocks;
  return *blocks;
}

#endif

}  // namespace

#ifdef VISAVIS_PLAIN_MEMORY

std::pmr::memory_resource& hot_memory() {
  return *std::pmr::new_delete_resource();
}

HotMemoryUse hot_memory_use() {
  return {};
}

#else

std::pmr::memory_resource& hot_memory() {
  return blocks_of_this_thread();
}

HotMemoryUse hot_memory_use() {
  return blocks_of_this_thread().use();
}

#endif

}  // namespace visavis
