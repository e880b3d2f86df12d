#include "rtp/nack_generator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace visavis::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kStart{seconds(1)};

std::vector<int> poll(NackGenerator& nacks, Instant now) {
  std::array<SequenceNumber, 64> into;
  std::vector<int> numbers;
  for (const SequenceNumber number : nacks.poll_nack(now, into)) {
    numbers.push_back(number.value());
  }
  return numbers;
}

void receive(NackGenerator& nacks, Instant now, std::initializer_list<int> numbers) {
  for (const int number : numbers) {
    nacks.handle_packet(now, SequenceNumber(static_cast<std::uint16_t>(number)));
  }
}

TEST(NackGenerator, AsksForAGapAfterTheReorderWait) {
  NackGenerator nacks;
  receive(nacks, kStart, {65'534, 1});
  EXPECT_THAT(poll(nacks, kStart), IsEmpty());
  EXPECT_EQ(nacks.next_timeout(), kStart + NackGenerator::kReorderWait);
  EXPECT_THAT(poll(nacks, nacks.next_timeout()), ElementsAre(65'535, 0));
}

TEST(NackGenerator, DoesNotAskForWhatOnlyCameLate) {
  NackGenerator nacks;
  receive(nacks, kStart, {1, 3, 2});
  EXPECT_EQ(nacks.next_timeout(), kNever);
  EXPECT_THAT(poll(nacks, kStart + seconds(1)), IsEmpty());
}

TEST(NackGenerator, AsksOncePerRoundTripAndThenGivesUp) {
  NackGenerator nacks;
  nacks.set_round_trip(milliseconds(40));
  receive(nacks, kStart, {1, 3});
  std::vector<Instant> asked;
  for (Instant now = kStart; now < kStart + seconds(2); now += milliseconds(1)) {
    if (!poll(nacks, now).empty()) {
      asked.push_back(now);
    }
  }
  ASSERT_EQ(asked.size(), NackGenerator::kRetries);
  EXPECT_EQ(asked[1] - asked[0], milliseconds(40));
  EXPECT_EQ(nacks.given_up(), 1U);
  EXPECT_TRUE(nacks.take_needs_keyframe());
  EXPECT_FALSE(nacks.take_needs_keyframe());
  EXPECT_EQ(nacks.next_timeout(), kNever);
}

TEST(NackGenerator, TellsWhatCameBecauseItWasAskedForFromWhatOnlyCameLate) {
  NackGenerator nacks;
  const auto comes = [&nacks](Instant now, int number) {
    return nacks.handle_packet(now, SequenceNumber(static_cast<std::uint16_t>(number)));
  };
  EXPECT_FALSE(comes(kStart, 1));
  EXPECT_FALSE(comes(kStart, 4));
  EXPECT_FALSE(comes(kStart, 2)) << "late";
  EXPECT_THAT(poll(nacks, kStart + seconds(1)), ElementsAre(3));
  EXPECT_TRUE(comes(kStart + seconds(1), 3));
  EXPECT_FALSE(comes(kStart + seconds(1), 3)) << "twice";
}

TEST(NackGenerator, CallsForAKeyframeWhenTheHoleIsAnOutage) {
  NackGenerator nacks;
  receive(nacks, kStart, {1, 2'000});
  EXPECT_THAT(poll(nacks, kStart + seconds(1)), IsEmpty());
  EXPECT_TRUE(nacks.take_needs_keyframe());
  EXPECT_EQ(nacks.missing(), 0U);
}

TEST(NackGenerator, GivesTheRestWhenTheListIsFull) {
  NackGenerator nacks;
  receive(nacks, kStart, {1, 102});
  const Instant due = kStart + NackGenerator::kReorderWait;
  EXPECT_EQ(poll(nacks, due).size(), 64U);
  EXPECT_EQ(poll(nacks, due).size(), 36U);
  EXPECT_THAT(poll(nacks, due), IsEmpty());
}

TEST(NackGenerator, ForgetsWhatARetransmissionBrought) {
  NackGenerator nacks;
  receive(nacks, kStart, {1, 4});
  EXPECT_THAT(poll(nacks, kStart + milliseconds(5)), ElementsAre(2, 3));
  receive(nacks, kStart + milliseconds(30), {2});
  EXPECT_THAT(poll(nacks, kStart + seconds(1)), ElementsAre(3));
}

}  // namespace
}  // namespace visavis::rtp
