// What a connected viewer holds, all libraries' memory included, as the C library's allocator and
// our own count it.

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <vector>

#include "base/hot_memory.hpp"
#include "sfu/test_broadcast.hpp"
#include "sfu/test_cipher.hpp"
#include "sfu/track_log.hpp"

namespace visavis::sfu {
namespace {

std::size_t heap_bytes() {
  const struct mallinfo2 counted = mallinfo2();
  return counted.uordblks + counted.hblkhd + hot_memory_use().bytes;
}

class Memory : public testing::TestWithParam<TestCipher> {};

TEST_P(Memory, AConnectedViewerHoldsLessThan16KilobytesBesideTheLog) {
  if (heap_bytes() == 0) {
    GTEST_SKIP() << "a sanitizer's allocator does not tell";
  }
  const auto [cipher, profiles] = GetParam();
  if (srtp::make_cipher(cipher) == nullptr) {
    GTEST_SKIP() << "no such cipher in this build";
  }
  constexpr std::size_t kViewers = 50;
  constexpr std::size_t kBytesMax = std::size_t{16} << 10U;
  constexpr std::size_t kFrames = 60;
  MediaWorker::Options options;
  options.cipher = cipher;
  TestBroadcast broadcast(kViewers, options, profiles);
  broadcast.prepare(kFrames);
  broadcast.forward();
  broadcast.forget_prepared();
  broadcast.prepare(kFrames);
  broadcast.prepare_feedback(kFrames);
  broadcast.forward();
  broadcast.forget_prepared();
  broadcast.idle(std::chrono::seconds(1));

  const std::size_t with_viewers = heap_bytes();
  broadcast.close_viewers();
  const std::size_t per_viewer = (with_viewers - heap_bytes()) / kViewers;
  RecordProperty("bytes_per_viewer", std::to_string(per_viewer));
  EXPECT_LT(per_viewer, kBytesMax);
  EXPECT_GT(per_viewer, 6'000U);  // Keys, slots and OpenSSL's session: it was counted.
}

TEST(MemoryOfALog, AStreamThatNobodySendsYetHoldsNextToNothing) {
  if (heap_bytes() == 0) {
    GTEST_SKIP() << "a sanitizer's allocator does not tell";
  }
  LogPool pool(std::size_t{1} << 20U);
  const std::size_t before = heap_bytes();
  std::vector<std::unique_ptr<TrackLog>> logs;
  for (int count = 0; count < 100; ++count) {
    logs.push_back(std::make_unique<TrackLog>(pool, LogLimits{}));
    EXPECT_EQ(logs.back()->find(0), nullptr);
  }
  EXPECT_LT((heap_bytes() - before) / logs.size(), 4'000U);
}

INSTANTIATE_TEST_SUITE_P(AllCiphers, Memory, kTestCiphers, test_cipher_name);

}  // namespace
}  // namespace visavis::sfu
