// Where a slot begins, and what stays continuous over a swap.

#include <gmock/gmock.h>

#include "rtp/sequence.hpp"
#include "sfu/test_swap.hpp"

namespace visavis::sfu {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::int32_t step(const SentRtp& from, const SentRtp& to) {
  return rtp::distance(rtp::Timestamp(from.timestamp), rtp::Timestamp(to.timestamp));
}

class SlotSwitch : public SwapTest {};

TEST_F(SlotSwitch, ALateViewerStartsAtTheCachedKeyframeAtOnceAndNoPliIsSent) {
  alice_publishes(30);
  call.take(viewer);

  show_alice();
  const Sent sent = call.flush_and_take(viewer);

  ASSERT_THAT(sent.rtp, SizeIs(30));
  EXPECT_TRUE(sent.rtp[0].is_keyframe_start());
  EXPECT_THAT(call.take(alice).feedback<rtp::Pli>(), IsEmpty());
  EXPECT_EQ(plis(), 0U);
  EXPECT_EQ(call.router.counters().cache_hits, 1U);
}

TEST_F(SlotSwitch, AViewerWithNothingFreshCausesExactlyOnePliAndStartsAtTheNewKeyframe) {
  alice_publishes_to_somebody(130);
  call.take(alice);

  show_alice();
  call.run(50ms);
  EXPECT_THAT(call.take(viewer).rtp, IsEmpty());
  const auto asked = call.take(alice).feedback<rtp::Pli>();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].media, TestCall::video_ssrc(alice));

  call.receive_vp8(alice, {.sequence = 230, .timestamp = 500'000, .keyframe = true});
  const Sent sent = call.flush_and_take(viewer);
  ASSERT_THAT(sent.rtp, SizeIs(1));
  EXPECT_TRUE(sent.rtp[0].is_keyframe_start());
  call.run(3s);
  EXPECT_EQ(plis(), 1U);
  EXPECT_EQ(call.router.counters().cache_misses, 1U);
}

TEST_F(SlotSwitch, APublisherWhoNeverSendsAKeyframeIsAskedEverMoreSeldomAndHisViewerWaits) {
  show_alice();
  for (std::uint16_t frame = 0; frame < 300; ++frame) {
    call.receive_vp8(alice, {.sequence = frame, .timestamp = frame * 9000U, .picture_id = frame});
    call.run(100ms);
  }
  EXPECT_THAT(call.take(viewer).rtp, IsEmpty());
  EXPECT_GE(plis(), 15U);
  EXPECT_LE(plis(), 20U) << "every two seconds, after a few quicker ones";
}

TEST_F(SlotSwitch, SeveralWhoWaitAreServedByOnePli) {
  alice_publishes_to_somebody(130);
  RoutedPeer& dave = call.viewer(4);
  show_alice();
  call.show(dave, 1, TestCall::video_of(1));
  call.run(50ms);

  call.receive_vp8(alice, {.sequence = 230, .timestamp = 500'000, .keyframe = true});
  call.flush();

  EXPECT_EQ(plis(), 1U);
  EXPECT_THAT(call.take(viewer).rtp, SizeIs(1));
  EXPECT_THAT(call.take(dave).rtp, SizeIs(1));
}

TEST_F(SlotSwitch, WarmingAsksOnceAndTheViewerWhoComesThenStartsFromTheCache) {
  alice_publishes_to_somebody(70);
  call.router.warm_stream(call.now, TestCall::video_of(1));
  call.run(100ms);
  EXPECT_EQ(plis(), 1U);
  call.receive_vp8(alice, {.sequence = 170, .timestamp = 300'000, .keyframe = true});
  call.run(300ms);

  show_alice();

  EXPECT_THAT(call.flush_and_take(viewer).rtp, SizeIs(1));
  EXPECT_EQ(plis(), 1U);
  EXPECT_EQ(call.router.counters().cache_hits, 2U);
}

TEST_F(SlotSwitch, WarmingAFreshStreamAsksForNothing) {
  alice_publishes(10);
  call.router.warm_stream(call.now, TestCall::video_of(1));
  call.run(1s);
  EXPECT_EQ(plis(), 0U);
}

TEST_F(SlotSwitch, AViewerWhoseTransportIsNotThereYetIsServedWhenItIs) {
  RoutedPeer& dave = call.open(4);
  alice_publishes(10);
  call.show(dave, 1, TestCall::video_of(1));
  call.run(100ms);
  EXPECT_THAT(call.take(dave).rtp, IsEmpty());

  call.connect(dave);

  EXPECT_THAT(call.flush_and_take(dave).rtp, SizeIs(10));
}

TEST_F(SlotSwitch, AViewerWithoutATransportHasTheStreamWarmedAtOnce) {
  alice_publishes_to_somebody(70);
  RoutedPeer& dave = call.open(4);
  call.show(dave, 1, TestCall::video_of(1));
  call.run(100ms);
  EXPECT_EQ(plis(), 1U);
}

TEST_F(SlotSwitch, ASilentViewerGetsNothingAndBeginsAnewWhenItIsBack) {
  show_alice();
  alice_publishes(3);
  call.take(viewer);
  viewer.set_transport(call.now, std::nullopt);
  call.receive_vp8(alice, {.sequence = 103, .timestamp = 20'000});
  call.run(100ms);
  EXPECT_THAT(call.take(viewer).rtp, IsEmpty());

  call.connect(viewer);

  const Sent sent = call.flush_and_take(viewer);
  ASSERT_THAT(sent.rtp, SizeIs(4));
  EXPECT_TRUE(sent.rtp[0].is_keyframe_start());
}

TEST_F(SlotSwitch, ASwapGoesOnInSequenceNumbersTimestampsAndPictureIds) {
  show_alice();
  alice_publishes(20);
  const Sent first = call.take(viewer);
  bob_publishes(30);
  call.take(viewer);

  show_bob();
  const Sent second = call.flush_and_take(viewer);

  ASSERT_THAT(second.rtp, SizeIs(30));
  const SentRtp* before = &first.rtp.back();
  for (const SentRtp& packet : second.rtp) {
    EXPECT_EQ(packet.ssrc, before->ssrc);
    EXPECT_EQ(packet.sequence, static_cast<std::uint16_t>(before->sequence + 1));
    EXPECT_GT(step(*before, packet), 0);
    EXPECT_EQ(packet.picture_id(), (before->picture_id() + 1) % 32'768);
    EXPECT_EQ(packet.tl0(), (before->tl0() + 1) % 256);
    before = &packet;
  }
}

TEST_F(SlotSwitch, TheCachedRunIsSqueezedBehindTheLastPacketAndItsHeadLandsOnNow) {
  show_alice();
  alice_publishes(60);
  const Sent first = call.take(viewer);
  const Instant last_sent_at = call.now - 33ms;
  call.publish_frames(bob, {.sequence = 1, .timestamp = 7, .keyframe = true}, 29);
  call.receive_vp8(bob, {.sequence = 30, .timestamp = 7 + (29 * 2970)});
  call.flush();

  show_bob();
  const Sent second = call.flush_and_take(viewer);

  ASSERT_THAT(second.rtp, SizeIs(30));
  const auto passed = static_cast<double>((call.now - last_sent_at).count()) * 0.09;
  EXPECT_NEAR(step(first.rtp.back(), second.rtp.back()), passed, 90);
  EXPECT_LE(step(second.rtp.front(), second.rtp.back()), 2970);
  EXPECT_GT(step(first.rtp.back(), second.rtp.front()), 0);
}

TEST_F(SlotSwitch, AQuickSwapSqueezesIntoWhatIsLeftAndStillMovesForward) {
  for (int frame = 0; frame < 30; ++frame) {
    const auto count = static_cast<std::uint16_t>(frame);
    call.receive_vp8(alice, {.sequence = count,
                             .timestamp = 2970U * count,
                             .keyframe = frame == 0,
                             .picture_id = count});
    call.receive_vp8(bob, {.sequence = count,
                           .timestamp = 7'000'000 + (2970U * count),
                           .keyframe = frame == 0,
                           .picture_id = count});
    call.run(33ms);
  }
  std::vector<SentRtp> all;
  for (int swap = 0; swap < 6; ++swap) {
    swap % 2 == 0 ? show_alice() : show_bob();
    const Sent sent = call.flush_and_take(viewer);
    call.run(1ms);
    all.insert(all.end(), sent.rtp.begin(), sent.rtp.end());
  }

  ASSERT_THAT(all, SizeIs(180));
  for (std::size_t index = 1; index < all.size(); ++index) {
    EXPECT_GT(step(all[index - 1], all[index]), 0) << index;
  }
  // Six runs of a second at once: the last lands at most a few milliseconds each after the first.
  EXPECT_LT(step(all[29], all.back()), 90 * 60);
}

TEST_F(SlotSwitch, AudioBeginsWithThePresentAndMarksTheNewVoice) {
  call.show(viewer, 0, TestCall::audio_of(1));
  for (std::uint16_t count = 1; count <= 10; ++count) {
    call.receive_opus(alice, count, 960U * count);
    call.receive_opus(bob, static_cast<std::uint16_t>(count + 5000), 960U * count);
    call.run(20ms);
  }
  const Sent first = call.take(viewer);
  ASSERT_THAT(first.rtp, SizeIs(10));
  EXPECT_TRUE(first.rtp[0].marker);
  EXPECT_FALSE(first.rtp[1].marker);

  call.show(viewer, 0, TestCall::audio_of(2));
  call.receive_opus(bob, 5011, 960 * 11);
  const Sent second = call.flush_and_take(viewer);

  ASSERT_THAT(second.rtp, SizeIs(2));
  EXPECT_TRUE(second.rtp[0].marker);
  EXPECT_EQ(second.rtp[0].sequence, first.rtp.back().sequence + 1);
  EXPECT_GT(step(first.rtp.back(), second.rtp[0]), 0);
  EXPECT_EQ(step(second.rtp[0], second.rtp[1]), 960);
}

TEST_F(SlotSwitch, AnEmptiedSlotIsQuiet) {
  show_alice();
  alice_publishes(2);
  call.take(viewer);
  call.show(viewer, 1, std::nullopt);
  call.receive_vp8(alice, {.sequence = 102, .timestamp = 100'000});
  call.run(3s);

  const Sent sent = call.take(viewer);
  EXPECT_THAT(sent.rtp, IsEmpty());
  EXPECT_THAT(sent.feedback<rtp::SenderReport>(), IsEmpty());
}

TEST_F(SlotSwitch, TheConferenceHearsWhatASlotDoes) {
  alice_publishes(130);
  call.events();

  show_alice();
  call.run(10ms);
  call.receive_vp8(alice, {.sequence = 230, .timestamp = 500'000, .keyframe = true});
  call.show(viewer, 1, std::nullopt);

  std::vector<SlotState> states;
  for (const auto& change : call.events_of<SlotChanged>()) {
    EXPECT_EQ(change.peer, viewer.id());
    EXPECT_EQ(change.slot, SlotIndex(1));
    states.push_back(change.state);
  }
  EXPECT_THAT(states, testing::ElementsAre(SlotState::kWaitingForKeyframe, SlotState::kShowing,
                                           SlotState::kEmpty));
}

TEST_F(SlotSwitch, EveryAssignmentIsAnsweredByAnEventAlsoWhenTheStateStays) {
  alice_publishes(3);
  bob_publishes(3);
  call.events();
  show_alice();
  show_bob();
  show_bob();
  call.show(viewer, 2, std::nullopt);

  std::vector<SlotState> states;
  for (const auto& change : call.events_of<SlotChanged>()) {
    states.push_back(change.state);
  }
  EXPECT_THAT(states, testing::ElementsAre(SlotState::kShowing, SlotState::kShowing,
                                           SlotState::kShowing, SlotState::kEmpty));
}

TEST_F(SlotSwitch, AudioDoesNotGoBehindAVideoSlot) {
  call.show(viewer, 1, TestCall::audio_of(1));
  EXPECT_EQ(call.router.counters().refusals[static_cast<std::size_t>(RefusalReason::kWrongKind)],
            1U);
}

TEST_F(SlotSwitch, ALargeRunLeavesInTicksAndLivePacketsStayBehindIt) {
  for (std::uint16_t count = 0; count < 100; ++count) {
    call.receive_vp8(alice, {.sequence = count,
                             .timestamp = 1000,
                             .keyframe = count == 0,
                             .first = count == 0,
                             .last = count == 99});
  }
  show_alice();
  const auto first = call.flush_and_take(viewer).sequences();
  EXPECT_THAT(first, SizeIs(Subscriber::kTickPackets));

  call.receive_vp8(alice, {.sequence = 100, .timestamp = 4000});
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  call.run(1ms);
  EXPECT_THAT(call.take(viewer).rtp, SizeIs(Subscriber::kTickPackets));
  call.run(5ms);
  const auto rest = call.take(viewer).sequences();
  ASSERT_THAT(rest, SizeIs(101 - 64));
  EXPECT_EQ(rest.back(), static_cast<std::uint16_t>(first.front() + 100));
}

TEST_F(SlotSwitch, AudioIsNotHeldUpByALargeRun) {
  for (std::uint16_t count = 0; count < 100; ++count) {
    call.receive_vp8(alice, {.sequence = count, .keyframe = count == 0, .first = count == 0});
  }
  call.show(viewer, 0, TestCall::audio_of(1));
  show_alice();
  call.flush_and_take(viewer);

  call.receive_opus(alice, 1, 960);

  const Sent sent = call.flush_and_take(viewer);
  ASSERT_THAT(sent.rtp, SizeIs(1));
  EXPECT_EQ(sent.rtp[0].payload_type, kViewerNumbers.opus);
}

TEST_F(SlotSwitch, OfSeveralRunsEachHasItsFirstPacketsEarly) {
  for (std::uint16_t count = 0; count < 100; ++count) {
    call.receive_vp8(alice, {.sequence = count, .keyframe = count == 0, .first = count == 0});
    call.receive_vp8(bob, {.sequence = count, .keyframe = count == 0, .first = count == 0});
  }
  show_alice();
  call.show(viewer, 2, TestCall::video_of(2));

  const Sent sent = call.flush_and_take(viewer);

  ASSERT_THAT(sent.rtp, SizeIs(Subscriber::kTickPackets));
  EXPECT_EQ(std::ranges::count_if(sent.rtp, [](const auto& p) { return p.ssrc == 1001; }), 16);
}

}  // namespace
}  // namespace visavis::sfu
