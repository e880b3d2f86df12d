#include "srtp/replay_window.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"

namespace visavis::srtp {
namespace {

TEST(ReplayWindow, AcceptsEachIndexOnce) {
  ReplayWindow window;
  EXPECT_TRUE(window.fresh(5));
  window.accept(5);
  EXPECT_FALSE(window.fresh(5));
  EXPECT_TRUE(window.fresh(4));
  EXPECT_TRUE(window.fresh(6));
}

TEST(ReplayWindow, RefusesWhatIsOlderThanItself) {
  ReplayWindow window;
  window.accept(10'000);
  EXPECT_TRUE(window.fresh(10'000 - ReplayWindow::kEntries + 1));
  EXPECT_FALSE(window.fresh(10'000 - ReplayWindow::kEntries));
}

TEST(ReplayWindow, ForgetsNothingOverAJump) {
  ReplayWindow window;
  window.accept(100);
  window.accept(1'000'000);
  EXPECT_FALSE(window.fresh(100));
  EXPECT_FALSE(window.fresh(1'000'000));
  EXPECT_TRUE(window.fresh(999'999));
}

TEST(ReplayWindow, AgreesWithASetOfAllIndices) {
  Random random(11);
  ReplayWindow window;
  std::set<std::uint64_t> seen;
  std::uint64_t newest = 3'000;
  for (int step = 0; step < 50'000; ++step) {
    newest += random.unit() < 0.01 ? 700 : random.next() % 3;
    const std::uint64_t index = newest - random.next() % 1'500;
    const std::uint64_t front = seen.empty() ? 0 : *seen.rbegin();
    const bool too_old = front >= index + ReplayWindow::kEntries;
    ASSERT_EQ(window.fresh(index), !too_old && !seen.contains(index)) << step;
    if (window.fresh(index)) {
      window.accept(index);
      seen.insert(index);
    }
  }
}

}  // namespace
}  // namespace visavis::srtp
