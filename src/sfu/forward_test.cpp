// How a packet becomes the viewer's: numbers, extensions, order.

#include <gmock/gmock.h>

#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

TEST(Forward, APacketReachesEveryViewerWithTheViewersOwnNumbers) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  RoutedPeer& carol = call.viewer(3, kPublisherNumbers);
  call.show(bob, 1, TestCall::video_of(1));
  call.show(carol, 1, TestCall::video_of(1));

  call.receive_vp8(alice, {.sequence = 500, .timestamp = 1000, .keyframe = true});
  call.flush();

  const Sent to_bob = call.take(bob);
  const Sent to_carol = call.take(carol);
  ASSERT_THAT(to_bob.rtp, SizeIs(1));
  ASSERT_THAT(to_carol.rtp, SizeIs(1));
  EXPECT_EQ(to_bob.rtp[0].payload_type, kViewerNumbers.vp8);
  EXPECT_EQ(to_carol.rtp[0].payload_type, kPublisherNumbers.vp8);
  EXPECT_EQ(to_bob.rtp[0].ssrc, TestCall::kVideoSlotSsrc);
  EXPECT_TRUE(to_bob.rtp[0].marker);
  EXPECT_EQ(to_bob.rtp[0].payload, vp8_payload({.sequence = 500, .keyframe = true}));
}

TEST(Forward, WhatComesWhileAPacketGoesOutGoesAlongToWhoStillWaits) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  for (std::uint64_t id = 2; id <= 5; ++id) {
    RoutedPeer& viewer = call.viewer(id);
    call.show(viewer, 0, TestCall::audio_of(1));
    call.show(viewer, 1, TestCall::video_of(1));
  }
  call.receive_opus(alice, 1, 960);
  call.publish_frames(alice, {.sequence = 1, .keyframe = true}, 1);
  call.forget_sent();

  call.receive_vp8(alice, {.sequence = 2, .timestamp = 3000, .picture_id = 1, .tl0 = 1});
  call.cells_max = 2;
  ASSERT_TRUE(call.flush_once());
  call.receive_opus(alice, 2, 1920);
  call.cells_max = 64;
  ASSERT_FALSE(call.flush_once());

  constexpr std::uint32_t kAudio = 1000;
  constexpr std::uint32_t kVideo = TestCall::kVideoSlotSsrc;
  EXPECT_THAT(call.order_of_rtp(),
              ElementsAre(Pair(2, kVideo), Pair(3, kVideo), Pair(4, kAudio), Pair(4, kVideo),
                          Pair(5, kAudio), Pair(5, kVideo), Pair(2, kAudio), Pair(3, kAudio)));
}

TEST(Forward, WhoDidNotGetAllIsTheFirstOfTheNextBatch) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  for (std::uint64_t id = 2; id <= 4; ++id) {
    call.show(call.viewer(id), 1, TestCall::video_of(1));
  }
  call.publish_frames(alice, {.sequence = 1, .keyframe = true}, 1);
  call.forget_sent();
  for (std::uint16_t sequence = 2; sequence < 5; ++sequence) {
    call.receive_vp8(alice, {.sequence = sequence, .timestamp = 3000, .first = sequence == 2});
  }
  call.cells_max = 2;
  call.flush();
  std::vector<std::uint64_t> order;
  for (const auto& [to, ssrc] : call.order_of_rtp()) {
    order.push_back(to);
  }
  EXPECT_THAT(order, ElementsAre(2, 2, 2, 3, 3, 3, 4, 4, 4));
}

TEST(Forward, ThePublishersMidDoesNotLeakTheSlotsOwnStandsInItsPlace) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));

  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});

  const Sent sent = call.flush_and_take(bob);
  ASSERT_THAT(sent.rtp, SizeIs(1));
  EXPECT_EQ(sent.rtp[0].extension(kViewerNumbers.mid), to_buffer("s1"));
  EXPECT_EQ(sent.rtp[0].extension(kPublisherNumbers.mid), std::nullopt);
}

TEST(Forward, TransportSequenceNumbersCountOverAllSlotsOfAViewer) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 0, TestCall::audio_of(1));
  call.show(bob, 1, TestCall::video_of(1));

  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_opus(alice, 1, 960);
  call.receive_vp8(alice, {.sequence = 2});
  const Sent sent = call.flush_and_take(bob);

  ASSERT_THAT(sent.rtp, SizeIs(3));
  for (unsigned index = 0; index < 3; ++index) {
    const Buffer expected{std::byte{0}, static_cast<std::byte>(index)};
    EXPECT_EQ(sent.rtp[index].extension(kViewerNumbers.transport_cc), expected);
  }
}

TEST(Forward, AbsSendTimeIsWrittenAnewWhenThePacketLeaves) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));

  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});

  const Sent sent = call.flush_and_take(bob);
  const std::uint32_t time = rtp::abs_send_time(call.now);
  const Buffer expected{static_cast<std::byte>(time >> 16U), static_cast<std::byte>(time >> 8U),
                        static_cast<std::byte>(time)};
  EXPECT_EQ(sent.rtp.at(0).extension(kViewerNumbers.abs_send_time), expected);
}

TEST(Forward, TheAudioLevelIsCopied) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 0, TestCall::audio_of(1));

  call.receive_opus(alice, 1, 960, 0x80U | 25U);

  const Sent sent = call.flush_and_take(bob);
  ASSERT_THAT(sent.rtp, SizeIs(1));
  EXPECT_EQ(sent.rtp[0].extension(kViewerNumbers.audio_level), Buffer{std::byte{0x80 | 25}});
  EXPECT_EQ(sent.rtp[0].payload_type, kViewerNumbers.opus);
}

TEST(Forward, GapsStayGapsAndALatePacketIsSentUnderItsOwnNumber) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  const std::uint16_t first = call.flush_and_take(bob).rtp.at(0).sequence;

  call.receive_vp8(alice, {.sequence = 3});
  EXPECT_THAT(call.flush_and_take(bob).sequences(), ElementsAre(first + 2));
  call.receive_vp8(alice, {.sequence = 2});
  EXPECT_THAT(call.flush_and_take(bob).sequences(), ElementsAre(first + 1));
}

TEST(Forward, PacketsReorderedWithinOneWakeUpLeaveInOrder) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  const std::uint16_t first = call.flush_and_take(bob).rtp.at(0).sequence;

  call.receive_vp8(alice, {.sequence = 3});
  call.receive_vp8(alice, {.sequence = 2});

  EXPECT_THAT(call.flush_and_take(bob).sequences(), ElementsAre(first + 1, first + 2));
}

TEST(Forward, PaddingIsTakenOffAndAPacketOfNothingElseKeepsTheNumbersWhole) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.flush_and_take(bob);

  const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(2), rtp::Timestamp(0),
                           TestCall::video_ssrc(alice), false};
  Buffer padding(200);
  padding.back() = std::byte{200};
  Buffer packet = rtp_packet(header, {header.ssrc, "v"}, padding);
  packet[0] |= std::byte{0x20};
  call.receive(alice, packet);

  const Sent sent = call.flush_and_take(bob);
  ASSERT_THAT(sent.rtp, SizeIs(1));
  EXPECT_TRUE(sent.rtp[0].payload.empty());
  EXPECT_EQ(sent.rtp[0].datagram[0] & std::byte{0x20}, std::byte{0});
}

TEST(Forward, AViewerWithoutTheCodecGetsNothingAndTheConferenceKnows) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  auto setup = call.setup(2, kViewerNumbers);
  std::erase_if(setup.media.codecs, [](const auto& codec) { return codec.format == kVp8; });
  RoutedPeer& bob = *call.router.open_peer(call.now, setup);
  call.connect(bob);
  call.show(bob, 1, TestCall::video_of(1));

  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});

  EXPECT_TRUE(call.flush_and_take(bob).rtp.empty());
  const auto changes = call.events_of<SlotChanged>();
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().state, SlotState::kCodecUnsupported);
}

TEST(Forward, AChangeOfCodecGoesOnInTheSameSlotFromTheNewKeyframe) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .timestamp = 1000, .keyframe = true});
  const SentRtp before = call.flush_and_take(bob).rtp.at(0);
  call.run(33ms);

  const rtp::Header header{rtp::PayloadType(kPublisherNumbers.h264), rtp::SequenceNumber(2),
                           rtp::Timestamp(3970), TestCall::video_ssrc(alice), true};
  const Buffer idr{std::byte{0x65}, std::byte{1}, std::byte{2}};
  const Buffer sps{std::byte{0x67}, std::byte{0x42}, std::byte{0xE0}, std::byte{0x1F}};
  call.receive(alice, rtp_packet(header, {header.ssrc, "v"}, sps));
  rtp::Header next = header;
  next.sequence = rtp::SequenceNumber(3);
  call.receive(alice, rtp_packet(next, {header.ssrc, "v"}, idr));

  const Sent sent = call.flush_and_take(bob);
  ASSERT_THAT(sent.rtp, SizeIs(2));
  EXPECT_EQ(sent.rtp[0].payload_type, kViewerNumbers.h264);
  EXPECT_EQ(sent.rtp[0].sequence, before.sequence + 1);
  EXPECT_TRUE(
      rtp::newer_than(rtp::Timestamp(sent.rtp[0].timestamp), rtp::Timestamp(before.timestamp)));
  const auto active = call.events_of<StreamActive>();
  ASSERT_THAT(active, SizeIs(2));
  EXPECT_EQ(active[0].format, kVp8);
  EXPECT_EQ(active[1].format, kH264);
}

TEST(Forward, ANewSsrcOfThePublisherGoesOnInTheSameSlot) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.publish_frames(alice, {.sequence = 60'000, .timestamp = 1000, .keyframe = true}, 3);
  const Sent before = call.take(bob);

  const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(5), rtp::Timestamp(77'000'000),
                           rtp::Ssrc(424242), true};
  call.receive(alice, rtp_packet(header, {header.ssrc, "v"}, vp8_payload({.keyframe = true})));

  const Sent after = call.flush_and_take(bob);
  ASSERT_THAT(after.rtp, SizeIs(1));
  EXPECT_EQ(after.rtp[0].sequence, before.rtp.back().sequence + 1);
  EXPECT_EQ(after.rtp[0].picture_id(), before.rtp.back().picture_id() + 1);
  EXPECT_LT(after.rtp[0].timestamp - before.rtp.back().timestamp, 9000U);
}

TEST(Forward, APublisherWhoseSsrcChangesWithEachPacketIsHeldToAFew) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  std::size_t events = 0;
  for (std::uint32_t count = 0; count < 1'000; ++count) {
    const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(5), rtp::Timestamp(count),
                             rtp::Ssrc(7000 + count), true};
    call.receive(alice, rtp_packet(header, {header.ssrc, "v"}, vp8_payload({.keyframe = true})));
    call.flush();
    while (call.router.events().poll()) {
      ++events;
    }
  }
  const auto& drops = call.router.counters().drops;
  EXPECT_GE(drops[static_cast<std::size_t>(DropReason::kStreamTooRestless)], 990U);
  EXPECT_LT(events, 50U);
}

TEST(Forward, APublisherWhoseCodecChangesWithEachPacketIsHeldToAFew) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  std::size_t events = 0;
  for (std::uint16_t count = 0; count < 1'000; ++count) {
    const auto type = count % 2 == 0 ? kPublisherNumbers.vp8 : kPublisherNumbers.h264;
    const rtp::Header header{rtp::PayloadType(type), rtp::SequenceNumber(count),
                             rtp::Timestamp(count), TestCall::video_ssrc(alice), true};
    call.receive(alice, rtp_packet(header, {header.ssrc, "v"}, vp8_payload({.keyframe = true})));
    call.flush();
    while (call.router.events().poll()) {
      ++events;
    }
  }
  const auto& drops = call.router.counters().drops;
  EXPECT_GE(drops[static_cast<std::size_t>(DropReason::kStreamTooRestless)], 490U);
  EXPECT_LT(events, 50U);
}

TEST(Forward, TimestampsThatGoBackAreForwardedAndTheNextKeyframeIsShown) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.publish_frames(alice, {.sequence = 10, .timestamp = 4'000'000'000U, .keyframe = true}, 5);
  static_cast<void>(call.take(bob));

  call.receive_vp8(alice, {.sequence = 15, .timestamp = 1000, .keyframe = true, .picture_id = 5});
  call.receive_vp8(alice, {.sequence = 16, .timestamp = 100, .picture_id = 6});

  EXPECT_THAT(call.flush_and_take(bob).rtp, SizeIs(2));
  RoutedPeer& carol = call.viewer(3);
  call.show(carol, 1, TestCall::video_of(1));
  EXPECT_THAT(call.flush_and_take(carol).rtp, SizeIs(2));
}

TEST(Forward, ALeapOfThePublishersNumbersIsASmallGapOfTheViewersAndAsksForAKeyframe) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.publish_frames(alice, {.sequence = 65'000, .timestamp = 1000, .keyframe = true}, 3);
  const Sent before = call.take(bob);
  const std::uint64_t plis = call.router.counters().plis_to_publishers;

  call.receive_vp8(alice, {.sequence = 20'000, .timestamp = 100'000});

  const Sent after = call.flush_and_take(bob);
  ASSERT_THAT(after.rtp, SizeIs(1));
  EXPECT_EQ(after.rtp[0].sequence, before.rtp.back().sequence + 2);
  EXPECT_EQ(call.router.counters().leaps_narrowed, 1U);
  call.run(100ms);
  EXPECT_EQ(call.router.counters().plis_to_publishers, plis + 1);

  call.receive_vp8(alice, {.sequence = 20'001, .timestamp = 103'000});
  EXPECT_THAT(call.flush_and_take(bob).sequences(), ElementsAre(before.rtp.back().sequence + 3));
  call.receive_vp8(alice, {.sequence = 19'000, .timestamp = 97'000});  // Nobody waits for it.
  EXPECT_THAT(call.flush_and_take(bob).rtp, IsEmpty());
}

TEST(Forward, APublisherWhoseNumbersLeapWithEachPacketUsesUpFewOfTheViewers) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 0, .keyframe = true});
  call.flush();
  std::uint32_t used = 0;
  std::uint16_t last = call.take(bob).rtp.at(0).sequence;
  constexpr std::uint16_t kPackets = 2'000;
  std::uint16_t sequence = 0;
  for (std::uint16_t count = 1; count <= kPackets; ++count) {
    sequence = static_cast<std::uint16_t>(sequence + (count % 2 == 0 ? 30'000 : 700));
    call.receive_vp8(alice, {.sequence = sequence, .timestamp = count * 3000U});
    call.flush();
    const Sent sent = call.take(bob);
    ASSERT_THAT(sent.rtp, SizeIs(1)) << count;
    used += static_cast<std::uint16_t>(sent.rtp[0].sequence - last);
    last = sent.rtp[0].sequence;
    call.run(1ms);
  }
  // A packet, a gap of one, or of as many as packets were sent before.
  EXPECT_LE(used, (3U * kPackets) + Slot::kGapCreditMax);
  EXPECT_GE(call.router.counters().leaps_narrowed, kPackets / 2);
}

TEST(Forward, AnUnknownMidAndAnUnknownPayloadTypeAreDroppedAndCounted) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(1), rtp::Timestamp(1),
                           rtp::Ssrc(9), true};
  call.receive(alice, rtp_packet(header, {header.ssrc, "zz"}, Buffer(10)));
  rtp::Header strange = header;
  strange.payload_type = rtp::PayloadType(33);
  call.receive(alice, rtp_packet(strange, {header.ssrc, "v"}, Buffer(10)));
  call.receive(alice, Buffer(5));

  const auto count = [&](DropReason reason) {
    return call.router.counters().drops[static_cast<std::size_t>(reason)];
  };
  EXPECT_EQ(count(DropReason::kNoStream), 1U);
  EXPECT_EQ(count(DropReason::kUnknownPayloadType), 1U);
  EXPECT_EQ(count(DropReason::kMalformed), 1U);
}

TEST(Forward, APacketOf1400BytesIsForwardedAndALargerOneIsDroppedAndCounted) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  const std::size_t fits = SlotHeader::kPayloadMax - (vp8_payload({}).size() - Vp8Packet{}.filler);

  call.receive_vp8(alice, {.sequence = 1, .keyframe = true, .filler = fits});

  const auto sent = call.flush_and_take(bob).rtp;
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].payload.size(), SlotHeader::kPayloadMax);
  EXPECT_EQ(SlotHeader::kPayloadMax, 1388U) << "and 12 bytes of header";

  call.receive_vp8(alice, {.sequence = 2, .filler = fits + 1});

  EXPECT_TRUE(call.flush_and_take(bob).rtp.empty());
  EXPECT_EQ(call.router.counters().drops[static_cast<std::size_t>(DropReason::kTooLarge)], 1U);
}

TEST(Forward, AFullBatchIsContinuedInTheNext) {
  TestCall call;
  call.cells_max = 4;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  RoutedPeer& carol = call.viewer(3);
  call.show(bob, 1, TestCall::video_of(1));
  call.show(carol, 1, TestCall::video_of(1));
  for (std::uint16_t sequence = 1; sequence <= 10; ++sequence) {
    call.receive_vp8(alice, {.sequence = sequence, .keyframe = sequence == 1});
  }

  call.flush();

  EXPECT_THAT(call.take(bob).rtp, SizeIs(10));
  EXPECT_THAT(call.take(carol).rtp, SizeIs(10));
}

TEST(Forward, AfterTheStreamIsClosedTheSlotIsEmpty) {
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& bob = call.viewer(2);
  call.show(bob, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.flush();
  call.events();

  call.router.close_peer(call.now, PeerId(1));

  const auto changes = call.events_of<SlotChanged>();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].state, SlotState::kEmpty);
  call.run(5s);
}

}  // namespace
}  // namespace visavis::sfu
