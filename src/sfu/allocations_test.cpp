// No packet on its way to a viewer may cost an allocation. This program's `operator new` counts,
// and hot memory does.

#include <gtest/gtest.h>

#include "base/hot_memory.hpp"
#include "sfu/test_broadcast.hpp"
#include "sfu/test_cipher.hpp"
#include "sim/allocation_count.hpp"

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
  std::uint64_t packets = 0;
  const std::uint64_t hot_blocks = hot_memory_use().blocks;
  EXPECT_EQ(sim::count_allocations([&] { packets = broadcast.forward(); }), 0U);
  EXPECT_EQ(hot_memory_use().blocks, hot_blocks);
  EXPECT_GT(packets, kViewers * kFrames * TestBroadcast::kPacketsPerTurn);
  EXPECT_GT(broadcast.worker().counters().retransmissions_out, kViewers);
  EXPECT_GT(broadcast.worker().counters().transport_feedback_in, kViewers);
}

TEST(AllocationCounter, Counts) {
  EXPECT_EQ(sim::count_allocations([] { const Buffer bytes(100); }), 1U);
}

INSTANTIATE_TEST_SUITE_P(AllCiphers, Allocations, kTestCiphers, test_cipher_name);

}  // namespace
}  // namespace visavis::sfu
