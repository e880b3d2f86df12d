#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

/// Counts what `operator new` gives. Replaces it in the whole program, so one file of a test
/// program includes this.
namespace visavis::sim {

/// Of the present thread; other threads of the program allocate as they like.
inline thread_local bool counting_allocations = false;
inline thread_local std::size_t allocations = 0;

/// How many allocations `action` makes.
template <class Action>
std::size_t count_allocations(Action&& action) {
  allocations = 0;
  counting_allocations = true;
  action();
  counting_allocations = false;
  return allocations;
}

inline void* allocate_counted(std::size_t size, std::size_t alignment) {
  allocations += counting_allocations ? 1U : 0U;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

// Apart, so that g++ does not hold `free` against an `operator new` whose inside it has not seen.
[[gnu::noinline]] inline void release_counted(void* memory) {
  std::free(memory);
}

}  // namespace visavis::sim

void* operator new(std::size_t size) {
  return visavis::sim::allocate_counted(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return visavis::sim::allocate_counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  visavis::sim::release_counted(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  visavis::sim::release_counted(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  visavis::sim::release_counted(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  visavis::sim::release_counted(memory);
}
