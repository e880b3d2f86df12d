#include "peer/early_media.hpp"

#include <gtest/gtest.h>

namespace visavis::peer {
namespace {

constexpr std::size_t kPlenty = 1'000'000;
const Buffer kDatagram(100, std::byte{1});

TEST(EarlyMediaOfAPeer, ComesBackInItsOrder) {
  EarlyMedia media(nullptr);
  EXPECT_TRUE(media.keep({}, Buffer(1)));
  EXPECT_TRUE(media.keep({}, Buffer(2)));
  EXPECT_EQ(media.take()->bytes.size(), 1U);
  EXPECT_EQ(media.take()->bytes.size(), 2U);
  EXPECT_FALSE(media.take());
}

TEST(EarlyMediaOfAPeer, IsLimitedWithoutABudgetToo) {
  EarlyMedia media(nullptr);
  for (std::size_t count = 0; count < EarlyMedia::kDatagramsMax; ++count) {
    EXPECT_TRUE(media.keep({}, kDatagram));
  }
  EXPECT_FALSE(media.keep({}, kDatagram));
}

TEST(EarlyMediaOfSeveralPeers, FindsNoRoomWhereTheOthersTookIt) {
  EarlyMediaBudget budget{.bytes_left = 500};
  EarlyMedia one(&budget);
  EarlyMedia other(&budget);
  unsigned kept = 0;
  while (one.keep({}, kDatagram)) {
    ++kept;
  }
  EXPECT_GT(kept, 1U);
  EXPECT_LT(kept, 5U) << "what a datagram costs beside its bytes";
  EXPECT_FALSE(other.keep({}, kDatagram));
  EXPECT_TRUE(one.take());
  EXPECT_TRUE(other.keep({}, kDatagram));
  EXPECT_FALSE(one.keep({}, kDatagram));
}

TEST(EarlyMediaOfSeveralPeers, IsGivenBackWhenItIsTakenClearedOrGoesWithItsPeer) {
  EarlyMediaBudget budget{.bytes_left = kPlenty};
  {
    EarlyMedia media(&budget);
    EXPECT_TRUE(media.keep({}, kDatagram));
    EXPECT_TRUE(media.take());
    EXPECT_EQ(budget.bytes_left, kPlenty);
    EXPECT_TRUE(media.keep({}, kDatagram));
    media.clear();
    EXPECT_EQ(budget.bytes_left, kPlenty);
    EXPECT_FALSE(media.take());
    EXPECT_TRUE(media.keep({}, kDatagram));
    EXPECT_LT(budget.bytes_left, kPlenty);
  }
  EXPECT_EQ(budget.bytes_left, kPlenty);
}

TEST(EarlyMediaOfSeveralPeers, IsCountedOnceThoughItsPeerMoves) {
  EarlyMediaBudget budget{.bytes_left = kPlenty};
  EarlyMediaBudget others{.bytes_left = kPlenty};
  EarlyMedia first(&budget);
  EXPECT_TRUE(first.keep({}, kDatagram));
  const std::size_t left = budget.bytes_left;

  EarlyMedia second(std::move(first));
  EXPECT_EQ(budget.bytes_left, left);
  EXPECT_FALSE(first.take());  // NOLINT(bugprone-use-after-move): it is what is tested.

  EarlyMedia third(&others);
  EXPECT_TRUE(third.keep({}, kDatagram));
  third = std::move(second);
  EXPECT_EQ(others.bytes_left, kPlenty);
  EXPECT_EQ(budget.bytes_left, left);
  EXPECT_FALSE(second.take());  // NOLINT(bugprone-use-after-move): as above.
  EXPECT_TRUE(third.take());
  EXPECT_EQ(budget.bytes_left, kPlenty);
}

}  // namespace
}  // namespace visavis::peer
