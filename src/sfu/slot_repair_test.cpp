// How a viewer's NACK is answered, and its wish for a keyframe.

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "rtp/rtx.hpp"
#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SlotRepair : public testing::Test {
 protected:
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.publisher(2);
  RoutedPeer& viewer = call.viewer(3);

  void nack(RoutedPeer& from, std::vector<std::uint16_t> numbers) {
    std::vector<rtp::SequenceNumber> missing;
    for (const auto number : numbers) {
      missing.emplace_back(number);
    }
    call.receive_rtcp(from, [&](rtp::RtcpWriter& writer) {
      writer.nack(rtp::Ssrc(77), rtp::Ssrc(TestCall::kVideoSlotSsrc), missing);
    });
  }
  void pli(RoutedPeer& from) {
    call.receive_rtcp(from, [](rtp::RtcpWriter& writer) {
      writer.pli(rtp::Ssrc(77), rtp::Ssrc(TestCall::kVideoSlotSsrc));
    });
  }
  /// The slot shows Alice, and has sent `frames` frames.
  Sent show_alice(int frames) {
    call.show(viewer, 1, TestCall::video_of(1));
    call.publish_frames(
        alice, {.sequence = 100, .timestamp = 5000, .keyframe = true, .picture_id = 7}, frames);
    return call.take(viewer);
  }
  const Counters& counters() { return call.router.counters(); }
};

TEST_F(SlotRepair, ANackIsAnsweredFromTheLogOnTheRtxSsrc) {
  const Sent sent = show_alice(5);
  const SentRtp& lost = sent.rtp[2];

  nack(viewer, {lost.sequence});
  const Sent again = call.flush_and_take(viewer);

  ASSERT_THAT(again.rtp, SizeIs(1));
  EXPECT_EQ(again.rtp[0].ssrc, TestCall::kVideoSlotRtxSsrc);
  EXPECT_EQ(again.rtp[0].payload_type, kViewerNumbers.vp8_rtx);
  EXPECT_EQ(again.rtp[0].timestamp, lost.timestamp);
  EXPECT_EQ(again.rtp[0].marker, lost.marker);
  const auto restored = rtp::parse_rtx(again.rtp[0].payload);
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->original, rtp::SequenceNumber(lost.sequence));
  EXPECT_EQ(to_buffer(restored->payload), lost.payload);
  EXPECT_EQ(counters().retransmissions_out, 1U);
}

TEST_F(SlotRepair, WithoutRtxTheSamePacketIsSentAgainToTheBit) {
  auto setup = call.setup(4, kViewerNumbers);
  setup.slots[1].rtx_ssrc = std::nullopt;
  RoutedPeer& dave = *call.router.open_peer(call.now, setup);
  call.connect(dave);
  call.show(dave, 1, TestCall::video_of(1));
  call.publish_frames(alice, {.sequence = 100, .timestamp = 5000, .keyframe = true}, 3);
  const Sent sent = call.take(dave);

  nack(dave, {sent.rtp[1].sequence});
  const Sent again = call.flush_and_take(dave);

  ASSERT_THAT(again.rtp, SizeIs(1));
  EXPECT_EQ(again.rtp[0].datagram, sent.rtp[1].datagram);
}

TEST_F(SlotRepair, RtxPacketsHaveNumbersOfTheirOwn) {
  const Sent sent = show_alice(5);
  nack(viewer, {sent.rtp[1].sequence, sent.rtp[3].sequence});

  const auto numbers = call.flush_and_take(viewer).sequences();

  ASSERT_THAT(numbers, SizeIs(2));
  EXPECT_EQ(numbers[1], numbers[0] + 1);
}

TEST_F(SlotRepair, APacketIsSentAgainAtMostOncePerRoundTrip) {
  const Sent sent = show_alice(5);
  nack(viewer, {sent.rtp[2].sequence});
  nack(viewer, {sent.rtp[2].sequence});
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));
  EXPECT_EQ(counters().nacks_too_soon, 1U);

  call.run(101ms);
  nack(viewer, {sent.rtp[2].sequence});
  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));
}

TEST_F(SlotRepair, ANackIsAnsweredOverASwapFromTheLogThatWasShownThen) {
  const Sent first = show_alice(5);
  call.publish_frames(bob, {.sequence = 9000, .timestamp = 1, .keyframe = true}, 3);
  call.show(viewer, 1, TestCall::video_of(2));
  const Sent second = call.flush_and_take(viewer);

  nack(viewer, {first.rtp[4].sequence, second.rtp[0].sequence});
  const Sent again = call.flush_and_take(viewer);

  ASSERT_THAT(again.rtp, SizeIs(2));
  EXPECT_EQ(to_buffer(rtp::parse_rtx(again.rtp[0].payload)->payload), first.rtp[4].payload);
  EXPECT_EQ(again.rtp[0].timestamp, first.rtp[4].timestamp);
  EXPECT_EQ(to_buffer(rtp::parse_rtx(again.rtp[1].payload)->payload), second.rtp[0].payload);
  EXPECT_EQ(again.rtp[1].timestamp, second.rtp[0].timestamp);
}

TEST_F(SlotRepair, WhatIsGoneOrWasNeverSentIsNotAnswered) {
  const Sent sent = show_alice(3);
  const auto beyond = static_cast<std::uint16_t>(sent.rtp.back().sequence + 5);
  const auto before = static_cast<std::uint16_t>(sent.rtp.front().sequence - 1);
  nack(viewer, {before});
  nack(viewer, {beyond});
  call.router.close_stream(call.now, TestCall::video_of(1));
  nack(viewer, {sent.rtp[1].sequence});

  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  EXPECT_EQ(counters().nacks_unanswered, 3U);
}

TEST_F(SlotRepair, AMissingPacketOfThePublisherComesWhenItComes) {
  call.show(viewer, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 3});
  const Sent sent = call.flush_and_take(viewer);
  const auto missing = static_cast<std::uint16_t>(sent.rtp[0].sequence + 1);
  nack(viewer, {missing});
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());

  call.receive_vp8(alice, {.sequence = 2});

  const Sent late = call.flush_and_take(viewer);
  ASSERT_THAT(late.rtp, SizeIs(1));
  EXPECT_EQ(late.rtp[0].sequence, missing);
  EXPECT_EQ(late.rtp[0].ssrc, TestCall::kVideoSlotSsrc);
}

TEST_F(SlotRepair, PacketsOnBothSidesOfALeapAreSentAgainAndTheNumberBetweenIsNot) {
  const Sent before = show_alice(3);
  call.receive_vp8(alice, {.sequence = 2'500, .timestamp = 90'000});
  call.receive_vp8(alice, {.sequence = 2'501, .timestamp = 93'000});
  const Sent after = call.flush_and_take(viewer);
  ASSERT_THAT(after.rtp, SizeIs(2));

  const auto between = static_cast<std::uint16_t>(before.rtp.back().sequence + 1);
  nack(viewer, {before.rtp.back().sequence, between, after.rtp.front().sequence});

  const Sent again = call.flush_and_take(viewer);
  ASSERT_THAT(again.rtp, SizeIs(2));
  EXPECT_EQ(rtp::parse_rtx(again.rtp[0].payload)->original.value(), before.rtp.back().sequence);
  EXPECT_EQ(rtp::parse_rtx(again.rtp[1].payload)->original.value(), after.rtp.front().sequence);
  EXPECT_EQ(counters().nacks_unanswered, 1U);
}

TEST_F(SlotRepair, AudioThatDidNotAgreeOnNackIsNotSentAgain) {
  call.show(viewer, 0, TestCall::audio_of(1));
  call.receive_opus(alice, 1, 960);
  const Sent sent = call.flush_and_take(viewer);
  const std::vector<rtp::SequenceNumber> missing{rtp::SequenceNumber(sent.rtp[0].sequence)};
  call.receive_rtcp(viewer, [&](rtp::RtcpWriter& writer) {
    writer.nack(rtp::Ssrc(77), rtp::Ssrc(1000), missing);
  });
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
}

TEST_F(SlotRepair, AFloodOfNacksIsBounded) {
  const Sent sent = show_alice(40);
  for (int round = 0; round < 50; ++round) {
    nack(viewer, sent.sequences());
  }
  EXPECT_LE(call.flush_and_take(viewer).rtp.size(), Subscriber::kTickPackets);
  call.run(50ms);
  EXPECT_EQ(counters().retransmissions_out, 40U);
}

TEST_F(SlotRepair, WhoNacksEverythingForEverGetsNoMoreThanWasSentAndACredit) {
  const Sent sent = show_alice(400);
  for (int second = 0; second < 20; ++second) {
    for (std::size_t at = 0; at < sent.rtp.size(); at += 200) {
      const auto numbers = sent.sequences();
      const auto from = numbers.begin() + static_cast<std::ptrdiff_t>(at);
      nack(viewer, {from, from + std::min<std::ptrdiff_t>(200, numbers.end() - from)});
    }
    call.run(200ms);
  }
  EXPECT_LE(counters().retransmissions_out, 400U + Slot::kRepairCreditMax);
  EXPECT_GE(counters().retransmissions_out, Slot::kRepairCreditMax);
  EXPECT_GT(counters().nacks_too_many, 1'000U);
}

TEST_F(SlotRepair, SequenceNumbersAskedForByTheHundredThousandAreNotLookedUp) {
  const Sent sent = show_alice(2);
  std::vector<std::uint16_t> numbers(250);
  for (int round = 0; round < 400; ++round) {
    std::iota(numbers.begin(), numbers.end(), static_cast<std::uint16_t>(round * 250));
    nack(viewer, numbers);
  }
  EXPECT_EQ(counters().nacks_from_viewers + counters().nacks_too_many, 100'000U);
  EXPECT_LE(counters().nacks_from_viewers, 5'000U);
}

TEST_F(SlotRepair, WishesForKeyframesByTheHundredThousandAreNotLookedUp) {
  show_alice(2);
  const rtp::Ssrc slot(TestCall::kVideoSlotSsrc);
  for (int round = 0; round < 1'000; ++round) {
    call.receive_rtcp(viewer, [&](rtp::RtcpWriter& writer) {
      for (std::uint8_t count = 0; count < 50; ++count) {
        EXPECT_TRUE(writer.pli(rtp::Ssrc(77), slot));
      }
    });
    call.receive_rtcp(viewer, [&](rtp::RtcpWriter& writer) {
      for (std::uint8_t count = 0; count < 50; ++count) {
        EXPECT_TRUE(writer.fir({.sender = rtp::Ssrc(77), .media = slot, .request = count}));
      }
    });
  }
  EXPECT_EQ(counters().plis_from_viewers, 5'000U);
  EXPECT_GE(counters().plis_refused, 95'000U);
  call.run(1s);
  pli(viewer);  // There is a share for each second.
  EXPECT_EQ(counters().plis_from_viewers, 5'001U);
}

TEST_F(SlotRepair, ReportsByTheHundredThousandAreNotLookedUp) {
  show_alice(2);
  std::vector<rtp::ReportBlock> blocks(31);
  std::ranges::fill(blocks, rtp::ReportBlock{.ssrc = rtp::Ssrc(TestCall::kVideoSlotSsrc)});
  for (int round = 0; round < 1'000; ++round) {
    call.receive_rtcp(viewer, [&](rtp::RtcpWriter& writer) {
      EXPECT_TRUE(writer.receiver_report(rtp::Ssrc(78), blocks));
    });
  }
  EXPECT_EQ(counters().reports_too_many, 31'000U - (5'000U / 31 * 31));
  call.run(1s);  // There is a share for each second.
  blocks[30].fraction_lost = 64;
  call.receive_rtcp(viewer, [&](rtp::RtcpWriter& writer) {
    EXPECT_TRUE(writer.receiver_report(rtp::Ssrc(78), blocks));
  });
  EXPECT_DOUBLE_EQ(viewer.make_report(call.now, 1).slots[1].fraction_lost, 0.25);
}

TEST_F(SlotRepair, AViewerWhoWantsAKeyframeAllTheTimeCostsThePublisherOneASecond) {
  std::uint16_t sequence = 100;
  show_alice(1);
  for (int tenth = 0; tenth < 100; ++tenth) {
    call.run(100ms);
    pli(viewer);
    call.flush();
    const bool asked = !call.take(alice).feedback<rtp::Pli>().empty();
    call.receive_vp8(alice,
                     {.sequence = ++sequence, .timestamp = sequence * 9000U, .keyframe = asked});
  }
  EXPECT_EQ(counters().plis_from_viewers, 100U);
  EXPECT_GE(counters().plis_to_publishers, 10U);
  EXPECT_LE(counters().plis_to_publishers, 13U);
  EXPECT_GE(counters().plis_refused, 60U);
  EXPECT_EQ(counters().plis_coalesced, 0U);
}

TEST_F(SlotRepair, APliIsServedFromTheLogOnceAndThenByThePublisher) {
  const Sent sent = show_alice(20);
  pli(viewer);
  const Sent replay = call.flush_and_take(viewer);
  ASSERT_THAT(replay.rtp, SizeIs(20));
  EXPECT_TRUE(replay.rtp[0].is_keyframe_start());
  EXPECT_EQ(replay.rtp[0].sequence, sent.rtp.back().sequence + 1);
  EXPECT_EQ(counters().plis_to_publishers, 0U);

  call.run(200ms);
  pli(viewer);
  call.run(10ms);
  EXPECT_EQ(counters().plis_to_publishers, 1U);
}

TEST_F(SlotRepair, APliThatCrossedWithAKeyframeIsIgnored) {
  show_alice(1);
  call.show(viewer, 1, std::nullopt);
  call.show(viewer, 1, TestCall::video_of(1));
  call.flush_and_take(viewer);

  pli(viewer);
  call.run(1s);

  EXPECT_THAT(call.take(viewer).rtp, IsEmpty());
  EXPECT_EQ(counters().plis_to_publishers, 0U);
}

TEST_F(SlotRepair, APliWithAStaleLogGoesToThePublisher) {
  show_alice(70);
  pli(viewer);
  call.run(10ms);
  EXPECT_EQ(counters().plis_to_publishers, 1U);
}

TEST_F(SlotRepair, AFirCountsAsAPli) {
  show_alice(70);
  call.receive_rtcp(viewer, [](rtp::RtcpWriter& writer) {
    writer.fir({rtp::Ssrc(77), rtp::Ssrc(TestCall::kVideoSlotSsrc), 1});
  });
  call.run(10ms);
  EXPECT_EQ(counters().plis_to_publishers, 1U);
  EXPECT_EQ(counters().plis_from_viewers, 1U);
}

TEST_F(SlotRepair, TheRoundTripOfAViewerComesFromItsReportsLessWhatTheyLayUnread) {
  show_alice(5);
  call.show(viewer, 2, TestCall::video_of(2));
  call.run(1s);
  const auto reports = call.take(viewer).feedback<rtp::SenderReport>();
  ASSERT_FALSE(reports.empty());
  const rtp::SenderReport& report = reports.back();
  const Duration since =
      call.now - Instant(rtp::ntp_difference(report.ntp, rtp::ntp_time(Instant{})));
  const Duration held = since - 47ms;
  rtp::ReportBlock block;
  block.ssrc = rtp::Ssrc(TestCall::kVideoSlotSsrc);
  block.fraction_lost = 64;
  block.last_sender_report = report.ntp.middle();
  block.delay_since_sender_report = rtp::to_short_ntp(held);
  call.receive_rtcp(
      viewer,
      [&](rtp::RtcpWriter& writer) { writer.receiver_report(rtp::Ssrc(78), std::span(&block, 1)); },
      7ms);

  const PeerReport state = viewer.make_report(call.now, 9);
  ASSERT_TRUE(state.rtt.has_value());
  EXPECT_NEAR(static_cast<double>(state.rtt->count()), 40'000, 100);
  EXPECT_DOUBLE_EQ(state.slots[1].fraction_lost, 0.25);
  EXPECT_EQ(state.slots[1].stream, TestCall::video_of(1));
}

}  // namespace
}  // namespace visavis::sfu
