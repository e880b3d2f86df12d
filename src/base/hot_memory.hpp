#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>

// Sanitizers know what becomes of each object by their own allocator.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VISAVIS_PLAIN_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define VISAVIS_PLAIN_MEMORY
#endif
#endif

namespace visavis {

/// Where to put what every wake-up touches of thousands of peers. Made one by one between others
/// that are seldom looked at, such objects would be strewn over the heap; here they lie side by
/// side (docs/benchmarks.md says what that gains).
///
/// Each thread has its own. What was taken in one may be given back in another, and is used there
/// again for objects of the same size; nothing goes back to the system, so that it holds what its
/// largest hour took. Blocks are whole cache lines; what is above 4 KB, and all under a sanitizer,
/// is the general allocator's.
[[nodiscard]] std::pmr::memory_resource& hot_memory();

/// What this thread has of it. Means something only where threads give back what they took.
struct HotMemoryUse {
  std::size_t bytes = 0;     ///< Taken, and not given back.
  std::uint64_t blocks = 0;  ///< Ever taken.
};
[[nodiscard]] HotMemoryUse hot_memory_use();

/// Base of a class whose objects, made by `new`, lie there.
class InHotMemory {
 public:
  static void* operator new(std::size_t size) { return hot_memory().allocate(size); }
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return hot_memory().allocate(size, static_cast<std::size_t>(alignment));
  }
  static void operator delete(void* place, std::size_t size) {
    hot_memory().deallocate(place, size);
  }
  static void operator delete(void* place, std::size_t size, std::align_val_t alignment) {
    hot_memory().deallocate(place, size, static_cast<std::size_t>(alignment));
  }

 protected:
  InHotMemory() = default;
  InHotMemory(const InHotMemory&) = default;
  InHotMemory(InHotMemory&&) = default;
  InHotMemory& operator=(const InHotMemory&) = default;
  InHotMemory& operator=(InHotMemory&&) = default;
  ~InHotMemory() = default;
};

/// For a container whose elements lie there.
template <class Element>
class HotAllocator {
 public:
  using value_type = Element;  // NOLINT(readability-identifier-naming): the standard asks it.

  HotAllocator() = default;
  template <class Other>
  explicit HotAllocator(const HotAllocator<Other>& /*other*/) {}

  [[nodiscard]] Element* allocate(std::size_t count) {
    return static_cast<Element*>(hot_memory().allocate(count * kBytes, alignof(Element)));
  }
  void deallocate(Element* place, std::size_t count) {
    hot_memory().deallocate(static_cast<void*>(place), count * kBytes, alignof(Element));
  }

  friend bool operator==(const HotAllocator&, const HotAllocator&) = default;

 private:
  // NOLINTNEXTLINE(bugprone-sizeof-expression): an element may be a pointer.
  static constexpr std::size_t kBytes = sizeof(Element);
};

}  // namespace visavis
