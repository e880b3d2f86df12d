// No packet on its way to a viewer may cost an allocation. This program's `operator new` counts.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "sfu/test_broadcast.hpp"
#include "sfu/test_cipher.hpp"

namespace {

// Of the only thread that this program has.
bool counting = false;
std::size_t allocations = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  allocations += counting ? 1U : 0U;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

// Apart, so that g++ does not hold `free` against an `operator new` whose inside it has not seen.
[[gnu::noinline]] void release(void* memory) {
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  release(memory);
}

namespace visavis::sfu {
namespace {

class Allocations : public testing::TestWithParam<TestCipher> {};

/// Steady: the log's chunks have gone round, and every queue has had its largest burst.
TEST_P(Allocations, ThereAreNoneWhileAStreamIsForwarded) {
  const auto [cipher, profiles] = GetParam();
  if (srtp::make_cipher(cipher) == nullptr) {
    GTEST_SKIP() << "no such cipher in this build";
  }
  constexpr std::size_t kViewers = 20;
  constexpr std::size_t kFrames = 60;
  MediaWorker::Options options;
  options.log_bytes_max = std::size_t{256} << 10U;
  options.cipher = cipher;
  TestBroadcast broadcast(kViewers, options, profiles);
  broadcast.prepare(8 * kFrames);
  broadcast.forward();
  broadcast.forget_prepared();
  broadcast.prepare(kFrames);
  broadcast.prepare_feedback(kFrames);
  broadcast.forward();
  broadcast.forget_prepared();

  broadcast.prepare(kFrames);
  broadcast.prepare_feedback(kFrames);
  counting = true;
  allocations = 0;
  const std::uint64_t packets = broadcast.forward();
  counting = false;
  EXPECT_GT(packets, kViewers * kFrames * TestBroadcast::kPacketsPerTurn);
  EXPECT_GT(broadcast.worker().counters().retransmissions_out, kViewers);
  EXPECT_GT(broadcast.worker().counters().transport_feedback_in, kViewers);
  EXPECT_EQ(allocations, 0U);
}

TEST(AllocationCounter, Counts) {
  counting = true;
  allocations = 0;
  const Buffer bytes(100);
  counting = false;
  EXPECT_EQ(allocations, 1U) << bytes.size();
}

INSTANTIATE_TEST_SUITE_P(AllCiphers, Allocations, kTestCiphers, test_cipher_name);

}  // namespace
}  // namespace visavis::sfu
