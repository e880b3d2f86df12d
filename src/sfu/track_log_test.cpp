#include "sfu/track_log.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

class TrackLogTest : public testing::Test {
 protected:
  TrackLog::Result append(const Vp8Packet& packet) {
    const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(packet.sequence),
                             rtp::Timestamp(packet.timestamp), rtp::Ssrc(5), packet.last};
    const Buffer bytes = rtp_packet(header, {rtp::Ssrc(5), "v"}, vp8_payload(packet));
    return log.append(now, {bytes, *rtp::parse_packet(bytes), kVp8},
                      media_of(kPublisherNumbers).extensions);
  }
  TrackLog::Result append(std::uint16_t sequence) { return append({.sequence = sequence}); }

  Instant now{10s};
  LogPool pool{std::size_t{8} << 20U};
  TrackLog log{pool, {.bytes_max = std::size_t{1} << 20U, .entries_max = 1024}};
};

TEST_F(TrackLogTest, FindsEachPacketBySequenceNumberWithWhatCameInIt) {
  const auto result = append({.sequence = 7, .timestamp = 900, .picture_id = 300, .tl0 = 9});

  ASSERT_EQ(result.appended, TrackLog::Appended::kAtHead);
  const LogEntry* entry = log.find(log.head());
  ASSERT_EQ(entry, result.entry);
  EXPECT_EQ(entry->timestamp, rtp::Timestamp(900));
  EXPECT_EQ(entry->arrival, now);
  EXPECT_EQ(entry->pictures.picture_id, 300);
  EXPECT_EQ(entry->pictures.tl0_index, 9);
  EXPECT_TRUE(std::ranges::equal(entry->payload(),
                                 vp8_payload({.sequence = 7, .picture_id = 300, .tl0 = 9})));
  EXPECT_EQ(log.find(log.head() - 1), nullptr);
  EXPECT_EQ(log.find(log.head() + 1), nullptr);
}

TEST_F(TrackLogTest, AReorderedPacketIsPlacedRight) {
  append(10);
  append(12);
  EXPECT_EQ(log.find(log.head() - 1), nullptr);

  EXPECT_EQ(append(11).appended, TrackLog::Appended::kLate);

  EXPECT_NE(log.find(log.head() - 1), nullptr);
  EXPECT_NE(log.find(log.head()), nullptr);
}

TEST_F(TrackLogTest, APacketFromBeforeTheFirstIsTaken) {
  append(10);

  EXPECT_EQ(append(9).appended, TrackLog::Appended::kLate);
  EXPECT_EQ(log.tail(), log.head() - 1);
}

TEST_F(TrackLogTest, ADuplicateIsRefused) {
  append(10);
  append(11);

  EXPECT_EQ(append(10).appended, TrackLog::Appended::kDuplicate);
  EXPECT_EQ(append(11).appended, TrackLog::Appended::kDuplicate);
}

TEST_F(TrackLogTest, SequenceNumbersGoOnOverTheWrap) {
  append(65534);
  const std::int64_t first = log.head();
  append(65535);
  append(0);
  append(1);

  EXPECT_EQ(log.head(), first + 3);
  EXPECT_NE(log.find(first), nullptr);
}

TEST_F(TrackLogTest, TheOldestGoWhenTheBytesAreUsedUp) {
  for (std::uint16_t sequence = 0; sequence < 1000; ++sequence) {
    append({.sequence = sequence, .filler = 1200});
  }

  EXPECT_LE(log.bytes_held(), std::size_t{1} << 20U);
  EXPECT_EQ(log.find(log.head() - 999), nullptr);
  EXPECT_TRUE(log.has_dropped(log.head() - 999));
  EXPECT_NE(log.find(log.head() - 700), nullptr);
  EXPECT_EQ(append(0).appended, TrackLog::Appended::kTooOld);
}

TEST_F(TrackLogTest, TheOldestGoWhenTheEntriesAreUsedUp) {
  for (unsigned sequence = 0; sequence < 3000; ++sequence) {
    append({.sequence = static_cast<std::uint16_t>(sequence), .filler = 1});
  }

  EXPECT_EQ(log.find(log.head() - 1024), nullptr);
  EXPECT_NE(log.find(log.head() - 1023), nullptr);
}

TEST_F(TrackLogTest, TheOldestGoWhenTheyAreTooOld) {
  append(1);
  now += 4s;
  append(2);
  now += 2s;
  append(3);

  EXPECT_EQ(log.find(log.head() - 2), nullptr);
  EXPECT_NE(log.find(log.head() - 1), nullptr);
}

TEST_F(TrackLogTest, AGapThatAgesAwayIsNotTakenForSomethingDropped) {
  append(1);
  append(2);
  now += 6s;
  append(10);

  EXPECT_TRUE(log.has_dropped(log.head() - 8));
  EXPECT_FALSE(log.has_dropped(log.head() - 7));
}

TEST_F(TrackLogTest, AJumpOverTheWholeLogEmptiesItOfTheOld) {
  append(1);
  append(20'000);

  EXPECT_NE(log.find(log.head()), nullptr);
  EXPECT_EQ(log.find(log.head() - 19'999), nullptr);
}

TEST_F(TrackLogTest, TheNextPacketIsFoundOverGapsOfAnyWidth) {
  append(10);
  append(11);
  const std::int64_t first = log.head() - 1;
  for (const int step : {1, 2, 63, 64, 65, 127, 300}) {
    const std::int64_t before = log.head();
    append(static_cast<std::uint16_t>(10 + before - first + step));
    ASSERT_EQ(log.head(), before + step);
    EXPECT_EQ(log.next_from(before + 1), log.head());
    EXPECT_EQ(log.next_from(before), before);
  }
  EXPECT_EQ(log.next_from(first), first);
  EXPECT_EQ(log.next_from(first - 500), first) << "from before the log, its oldest";
  EXPECT_EQ(log.next_from(log.head() + 1), log.head() + 1);
}

TEST_F(TrackLogTest, ASequenceOfLeapsOverWrapsLeavesExactlyWhatIsInReach) {
  Random random(5);
  std::vector<std::int64_t> taken;
  std::uint16_t sequence = 0;
  for (int count = 0; count < 5'000; ++count) {
    sequence =
        static_cast<std::uint16_t>(sequence + 1 + (random.next() % (count % 7 == 0 ? 3'000 : 9)));
    append(sequence);
    taken.push_back(log.head());
  }
  std::vector<std::int64_t> here;
  for (std::int64_t at = log.next_from(0); at <= log.head(); at = log.next_from(at + 1)) {
    ASSERT_NE(log.find(at), nullptr);
    here.push_back(at);
  }
  std::erase_if(taken, [&](std::int64_t at) { return at <= log.head() - 1024; });
  EXPECT_EQ(here, taken);
}

TEST_F(TrackLogTest, AnExhaustedPoolLeavesTheLogItsOwnMemory) {
  LogPool small(LogChunk::kBytes);
  TrackLog first(small, {});
  TrackLog second(small, {});
  const auto append_to = [&](TrackLog& to, std::uint16_t sequence) {
    const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(sequence), rtp::Timestamp(1),
                             rtp::Ssrc(5), true};
    const Buffer bytes = rtp_packet(header, {rtp::Ssrc(5), "v"}, Buffer(1200));
    return to.append(now, {bytes, *rtp::parse_packet(bytes), kVp8}, {}).appended;
  };

  for (std::uint16_t sequence = 0; sequence < 200; ++sequence) {
    EXPECT_EQ(append_to(first, sequence), TrackLog::Appended::kAtHead);
  }
  EXPECT_EQ(append_to(second, 0), TrackLog::Appended::kNoMemory);
  EXPECT_NE(first.find(first.head()), nullptr);
  first.restart();
  EXPECT_EQ(append_to(second, 1), TrackLog::Appended::kAtHead);
}

TEST_F(TrackLogTest, MemoryComesBackWhenTheLogDies) {
  {
    TrackLog other(pool, {});
    const Buffer bytes = rtp_packet({}, {rtp::Ssrc(5), "v"}, Buffer(1200));
    other.append(now, {bytes, *rtp::parse_packet(bytes), kVp8}, {});
    EXPECT_EQ(pool.bytes_taken(), LogChunk::kBytes);
  }
  EXPECT_EQ(pool.bytes_taken(), 0U);
}

TEST_F(TrackLogTest, ARunIsFreshForTwoSeconds) {
  append({.sequence = 1, .keyframe = true});
  EXPECT_TRUE(log.is_fresh(now));
  EXPECT_TRUE(log.is_fresh(now + 2s));
  EXPECT_FALSE(log.is_fresh(now + 2001ms));
}

TEST_F(TrackLogTest, ARunOverOneMegabyteIsNotFresh) {
  TrackLog large(pool, {});
  const auto add = [&](std::uint16_t sequence, bool keyframe) {
    const Buffer bytes =
        rtp_packet({rtp::PayloadType(96), rtp::SequenceNumber(sequence), rtp::Timestamp(sequence),
                    rtp::Ssrc(5), true},
                   {rtp::Ssrc(5), "v"}, vp8_payload({.keyframe = keyframe, .filler = 1180}));
    large.append(now, {bytes, *rtp::parse_packet(bytes), kVp8}, {});
  };
  add(0, true);
  for (std::uint16_t sequence = 1; sequence < 860; ++sequence) {
    add(sequence, false);
  }
  EXPECT_TRUE(large.is_fresh(now));
  for (std::uint16_t sequence = 860; sequence < 900; ++sequence) {
    add(sequence, false);
  }
  EXPECT_FALSE(large.is_fresh(now));
}

TEST_F(TrackLogTest, TheNewestKeyframeCounts) {
  append({.sequence = 1, .timestamp = 10, .keyframe = true});
  append({.sequence = 2, .timestamp = 20});
  append({.sequence = 3, .timestamp = 30, .keyframe = true});
  append({.sequence = 4, .timestamp = 40});

  ASSERT_NE(log.newest_keyframe(), nullptr);
  EXPECT_EQ(log.newest_keyframe()->sequence, log.head() - 1);
}

TEST_F(TrackLogTest, AKeyframeOfSeveralMarkedPacketsBeginsAtTheFirst) {
  EXPECT_TRUE(append({.sequence = 2, .timestamp = 10, .keyframe = true}).new_keyframe);
  EXPECT_FALSE(append({.sequence = 3, .timestamp = 10, .keyframe = true}).new_keyframe);
  EXPECT_FALSE(append({.sequence = 1, .timestamp = 10, .keyframe = true}).new_keyframe);

  EXPECT_EQ(log.newest_keyframe()->sequence, log.head() - 2);
}

TEST_F(TrackLogTest, ARestartVoidsTheOldNumbers) {
  append({.sequence = 500, .keyframe = true});
  const std::uint32_t before = log.epoch();
  log.restart();

  EXPECT_NE(log.epoch(), before);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(log.newest_keyframe(), nullptr);
  EXPECT_EQ(append(3).appended, TrackLog::Appended::kAtHead);
}

}  // namespace
}  // namespace visavis::sfu
