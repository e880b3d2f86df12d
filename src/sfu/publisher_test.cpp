// What a publisher's packets go through on their way in, and what it is told.

#include <gmock/gmock.h>

#include "base/byte_writer.hpp"
#include "sfu/test_call.hpp"

namespace visavis::sfu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PublisherTest : public testing::Test {
 protected:
  TestCall call;
  RoutedPeer& alice = call.publisher(1);
  RoutedPeer& viewer = call.viewer(3);

  Buffer rtx(std::uint16_t sequence, const Vp8Packet& original) {
    const rtp::Ssrc ssrc(8001);
    const rtp::Header header{rtp::PayloadType(kPublisherNumbers.vp8_rtx),
                             rtp::SequenceNumber(sequence), rtp::Timestamp(original.timestamp),
                             ssrc, original.last};
    Buffer payload(2);
    ByteWriter(payload).u16(original.sequence);
    const Buffer frame = vp8_payload(original);
    payload.insert(payload.end(), frame.begin(), frame.end());
    return rtp_packet(header, {ssrc, "v"}, payload);
  }
  std::vector<std::uint16_t> nacked() {
    std::vector<std::uint16_t> numbers;
    const Sent sent = call.take(alice);
    for (const auto& nack : sent.feedback<rtp::Nack>()) {
      EXPECT_EQ(nack.media, TestCall::video_ssrc(alice));
      nack.for_each([&](rtp::SequenceNumber number) { numbers.push_back(number.value()); });
    }
    return numbers;
  }
};

TEST_F(PublisherTest, IsAskedForAGapAfterAShortWait) {
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 4});
  call.flush();
  EXPECT_THAT(nacked(), IsEmpty());
  call.run(6ms);
  EXPECT_THAT(nacked(), ElementsAre(2, 3));
  EXPECT_EQ(call.router.counters().nacks_to_publishers, 2U);
}

TEST_F(PublisherTest, IsAskedAgainAfterTheRoundTripOfItsHandshakeWhileItViewsNobody) {
  alice.guess_round_trip(20ms);
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 3});
  call.run(6ms);
  EXPECT_THAT(nacked(), ElementsAre(2));
  call.run(13ms);
  EXPECT_THAT(nacked(), IsEmpty());
  call.run(10ms);
  EXPECT_THAT(nacked(), ElementsAre(2));
}

TEST_F(PublisherTest, IsNotAskedForWhatWasOnlyReordered) {
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 3});
  call.run(2ms);
  call.receive_vp8(alice, {.sequence = 2});
  call.run(500ms);
  EXPECT_THAT(nacked(), IsEmpty());
}

TEST_F(PublisherTest, ARetransmissionOnRtxIsRestoredAndReachesTheViewer) {
  call.show(viewer, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .timestamp = 10, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 3, .timestamp = 5950});
  const Sent before = call.flush_and_take(viewer);

  const Vp8Packet lost{.sequence = 2, .timestamp = 2980, .last = true, .picture_id = 5};
  call.receive(alice, rtx(700, lost));
  const Sent after = call.flush_and_take(viewer);

  ASSERT_THAT(after.rtp, SizeIs(1));
  EXPECT_EQ(after.rtp[0].sequence, before.rtp[0].sequence + 1);
  EXPECT_EQ(after.rtp[0].payload_type, kViewerNumbers.vp8);
  EXPECT_EQ(after.rtp[0].payload, vp8_payload(lost));
  EXPECT_TRUE(after.rtp[0].marker);
  EXPECT_EQ(call.router.counters().retransmissions_in, 1U);
  call.run(300ms);
  EXPECT_THAT(nacked(), IsEmpty());
}

TEST_F(PublisherTest, RtxThatCarriesOnlyPaddingIsCountedAsSuch) {
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  const rtp::Ssrc ssrc(8001);
  const rtp::Header header{rtp::PayloadType(kPublisherNumbers.vp8_rtx), rtp::SequenceNumber(1),
                           rtp::Timestamp(1), ssrc, false};
  Buffer padding(100);
  padding.back() = std::byte{100};
  Buffer probe = rtp_packet(header, {ssrc, "v"}, padding);
  probe[0] |= std::byte{0x20};

  call.receive(alice, probe);

  EXPECT_EQ(call.router.counters().drops[static_cast<std::size_t>(DropReason::kPadding)], 1U);
}

TEST_F(PublisherTest, RtxOfRtxIsUndoneOnceAndAnRtxSsrcCarriesNoMedia) {
  call.show(viewer, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  static_cast<void>(call.flush_and_take(viewer));
  const rtp::Ssrc ssrc(8001);
  rtp::Header header{rtp::PayloadType(kPublisherNumbers.vp8_rtx), rtp::SequenceNumber(700),
                     rtp::Timestamp(3000), ssrc, true};
  Buffer payload(4);  // The first two bytes are the original's number, whatever the next ones are.
  ByteWriter writer(payload);
  writer.u16(2);
  writer.u16(3);
  const Buffer frame = vp8_payload({.sequence = 3});
  payload.insert(payload.end(), frame.begin(), frame.end());
  call.receive(alice, rtp_packet(header, {ssrc, "v"}, payload));
  const Sent sent = call.flush_and_take(viewer);
  ASSERT_THAT(sent.rtp, SizeIs(1));
  EXPECT_EQ(sent.rtp[0].payload, Buffer(payload.begin() + 2, payload.end()));

  header.payload_type = rtp::PayloadType(kPublisherNumbers.vp8);
  header.sequence = rtp::SequenceNumber(701);
  call.receive(alice, rtp_packet(header, {ssrc, "v"}, frame));
  EXPECT_THAT(call.flush_and_take(viewer).rtp, IsEmpty());
  EXPECT_EQ(call.router.counters().drops[static_cast<std::size_t>(DropReason::kUnknownPayloadType)],
            1U);
}

TEST_F(PublisherTest, EveryTruncationOfAnRtxPacketIsSurvived) {
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  const Buffer whole = rtx(700, {.sequence = 2});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    call.receive(alice, Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  call.flush();
}

TEST_F(PublisherTest, GetsTransportFeedbackForAllItsPackets) {
  for (std::uint16_t count = 0; count < 10; ++count) {
    const rtp::Ssrc ssrc = TestCall::video_ssrc(alice);
    const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(count), rtp::Timestamp(1),
                             ssrc, false};
    call.receive(alice, rtp_packet(header, {ssrc, "v"}, vp8_payload({.keyframe = count == 0}),
                                   std::nullopt, static_cast<std::uint16_t>(count + 300)));
    call.run(5ms);
  }
  call.run(100ms);

  const auto feedback = call.take(alice).feedback<rtp::TransportFeedback>();
  ASSERT_THAT(feedback, SizeIs(1));
  EXPECT_EQ(feedback[0].base, rtp::SequenceNumber(300));
  EXPECT_EQ(feedback[0].status_count, 10);
}

TEST_F(PublisherTest, GetsAReportEverySecondOfWhatItSends) {
  for (int frame = 0; frame < 70; ++frame) {
    if (frame != 10) {
      const auto count = static_cast<std::uint16_t>(frame);
      call.receive_vp8(alice,
                       {.sequence = count, .timestamp = 2970U * count, .keyframe = frame == 0});
    }
    call.run(33ms);
  }
  std::vector<rtp::ReportBlock> blocks;
  const Sent sent = call.take(alice);
  for (const auto& report : sent.feedback<rtp::ReceiverReport>()) {
    if (report.blocks.size() > 0) {
      blocks.push_back(report.blocks[0]);
    }
  }

  ASSERT_THAT(blocks, SizeIs(2));
  EXPECT_EQ(blocks[0].ssrc, TestCall::video_ssrc(alice));
  EXPECT_EQ(blocks[0].cumulative_lost, 1);
  EXPECT_GT(blocks[0].fraction_lost, 0);
  EXPECT_EQ(blocks[1].fraction_lost, 0);
}

TEST_F(PublisherTest, FeedbackIsCompoundUnlessReducedSizeWasAgreedOn) {
  auto setup = call.setup(7, kPublisherNumbers);
  setup.media.reduced_size_rtcp = true;
  RoutedPeer& dave = *call.router.open_peer(call.now, setup);
  call.connect(dave);
  call.router.open_stream(call.now, {StreamId(71), PeerId(7), "v"});
  for (RoutedPeer* publisher : {&alice, &dave}) {
    call.receive_vp8(*publisher, {.sequence = 1});
    call.router.warm_stream(call.now, StreamId((publisher->id().value() * 10) + 1));
  }
  call.flush();

  const Sent compound = call.take(alice);
  EXPECT_THAT(compound.feedback<rtp::Pli>(), SizeIs(1));
  EXPECT_THAT(compound.feedback<rtp::ReceiverReport>(), SizeIs(1));
  EXPECT_THAT(compound.feedback<rtp::Sdes>(), SizeIs(1));
  const Sent reduced = call.take(dave);
  EXPECT_THAT(reduced.feedback<rtp::Pli>(), SizeIs(1));
  EXPECT_THAT(reduced.feedback<rtp::ReceiverReport>(), IsEmpty());
}

TEST_F(PublisherTest, IsAskedByFirIfThatIsAllItUnderstands) {
  auto setup = call.setup(7, kPublisherNumbers);
  for (auto& codec : setup.media.codecs) {
    codec.pli = false;
  }
  RoutedPeer& dave = *call.router.open_peer(call.now, setup);
  call.connect(dave);
  call.router.open_stream(call.now, {StreamId(71), PeerId(7), "v"});
  call.receive_vp8(dave, {.sequence = 1});
  call.router.warm_stream(call.now, StreamId(71));

  EXPECT_THAT(call.flush_and_take(dave).feedback<rtp::Fir>(), SizeIs(1));
}

TEST_F(PublisherTest, ADeadPublisherIsAskedEverMoreSeldom) {
  call.receive_vp8(alice, {.sequence = 1});
  call.show(viewer, 1, TestCall::video_of(1));
  call.run(60s);
  EXPECT_LT(call.router.counters().plis_to_publishers, 40U);
  EXPECT_GT(call.router.counters().plis_to_publishers, 20U);
}

TEST_F(PublisherTest, AnOutageMakesAKeyframeWishNotAThousandNacks) {
  call.show(viewer, 1, TestCall::video_of(1));
  call.receive_vp8(alice, {.sequence = 1, .keyframe = true});
  call.receive_vp8(alice, {.sequence = 5000});
  call.run(10ms);
  EXPECT_THAT(nacked(), IsEmpty());
  EXPECT_EQ(call.router.counters().plis_to_publishers, 1U);
}

TEST_F(PublisherTest, ASignalledSsrcNeedsNoMid) {
  auto setup = call.setup(7, kPublisherNumbers);
  setup.publish_lines[1].ssrc = rtp::Ssrc(31337);
  RoutedPeer& dave = *call.router.open_peer(call.now, setup);
  call.router.open_stream(call.now, {StreamId(71), PeerId(7), "v"});
  Buffer packet(12);
  rtp::HeaderWriter writer(packet, {rtp::PayloadType(96), rtp::SequenceNumber(1), rtp::Timestamp(1),
                                    rtp::Ssrc(31337), true});
  const Buffer payload = vp8_payload({.keyframe = true});
  packet.insert(packet.end(), payload.begin(), payload.end());

  call.receive(dave, packet);

  EXPECT_THAT(call.events_of<StreamActive>(), SizeIs(1));
}

/// FFmpeg's offers name neither extensions nor feedback; here not even SSRCs.
class BarePublisher : public PublisherTest {
 protected:
  static PeerSetup setup_of(TestCall& call) {
    PeerSetup setup = call.setup(7, kPublisherNumbers);
    setup.media.extensions = {};
    for (auto& codec : setup.media.codecs) {
      codec.nack = codec.pli = codec.fir = codec.transport_cc = false;
    }
    return setup;
  }
  void open(const PeerSetup& setup) {
    dave = call.router.open_peer(call.now, setup);
    call.connect(*dave);
    call.router.open_stream(call.now, {StreamId(70), PeerId(7), "a"});
    call.router.open_stream(call.now, {StreamId(71), PeerId(7), "v"});
  }
  void receive(std::uint8_t type, std::uint32_t ssrc, std::uint16_t sequence, const Buffer& payload,
               std::uint32_t timestamp = 1) {
    Buffer packet(12);
    rtp::HeaderWriter writer(packet, {rtp::PayloadType(type), rtp::SequenceNumber(sequence),
                                      rtp::Timestamp(timestamp), rtp::Ssrc(ssrc), true});
    packet.insert(packet.end(), payload.begin(), payload.end());
    call.receive(*dave, packet);
  }
  void receive_frame(std::uint16_t sequence, bool keyframe, std::size_t filler = 100) {
    receive(kPublisherNumbers.vp8, 31337, sequence,
            vp8_payload({.sequence = sequence, .keyframe = keyframe, .filler = filler}),
            sequence * 3000U);
  }

  RoutedPeer* dave = nullptr;
};

TEST_F(BarePublisher, IsKnownByThePayloadTypesOfItsOnlyLines) {
  open(setup_of(call));
  receive(kPublisherNumbers.opus, 1, 1, Buffer(60));
  receive_frame(1, true);
  const auto active = call.events_of<StreamActive>();
  ASSERT_THAT(active, SizeIs(2));
  EXPECT_EQ(active[0].stream, StreamId(70));
  EXPECT_EQ(active[1].stream, StreamId(71));
}

TEST_F(BarePublisher, OfTwoLinesOfAKindIsNotGuessedAt) {
  PeerSetup setup = setup_of(call);
  setup.publish_lines.push_back({"w", rtp::MediaKind::kVideo, std::nullopt, std::nullopt});
  open(setup);
  receive_frame(1, true);
  EXPECT_THAT(call.events_of<StreamActive>(), IsEmpty());
}

TEST_F(BarePublisher, IsAskedForNothingItDidNotOffer) {
  open(setup_of(call));
  call.router.warm_stream(call.now, StreamId(71));  // Before its first packet.
  receive_frame(1, false);
  receive_frame(5, false);  // A gap.
  call.show(viewer, 1, StreamId(71));
  call.run(20s);
  const Sent sent = call.take(*dave);
  EXPECT_THAT(sent.feedback<rtp::Pli>(), IsEmpty());
  EXPECT_THAT(sent.feedback<rtp::Fir>(), IsEmpty());
  EXPECT_THAT(sent.feedback<rtp::Nack>(), IsEmpty());
  EXPECT_THAT(sent.feedback<rtp::TransportFeedback>(), IsEmpty());
  EXPECT_THAT(sent.feedback<rtp::ReceiverReport>(), testing::Not(IsEmpty()));
}

TEST_F(BarePublisher, IsAskedOnceARenegotiationOffersIt) {
  open(setup_of(call));
  receive_frame(1, false);
  call.show(viewer, 1, StreamId(71));
  call.run(1s);
  EXPECT_THAT(call.take(*dave).feedback<rtp::Pli>(), IsEmpty());

  PeerSetup setup = setup_of(call);
  for (auto& codec : setup.media.codecs) {
    codec.pli = true;
  }
  call.router.update_peer(call.now, setup);
  call.router.warm_stream(call.now, StreamId(71));
  EXPECT_THAT(call.flush_and_take(*dave).feedback<rtp::Pli>(), SizeIs(1));

  call.router.update_peer(call.now, setup_of(call));
  call.run(20s);
  EXPECT_THAT(call.take(*dave).feedback<rtp::Pli>(), IsEmpty());
}

TEST_F(BarePublisher, ShowsItsLastKeyframeUntilTheNextHoweverLongThatTakes) {
  open(setup_of(call));
  std::uint16_t sequence = 1;
  const auto publish_for = [&](Duration duration) {
    for (Duration passed{}; passed < duration; passed += 40ms) {
      receive_frame(sequence++, false, 1000);
      call.run(40ms);
    }
  };
  receive_frame(sequence++, true);
  publish_for(9s);
  call.show(viewer, 1, StreamId(71));
  const Sent still = call.flush_and_take(viewer);
  ASSERT_THAT(still.rtp, SizeIs(1));
  EXPECT_TRUE(still.rtp[0].is_keyframe_start());
  publish_for(1s);
  EXPECT_THAT(call.take(viewer).rtp, IsEmpty());
  receive_frame(sequence++, true);
  publish_for(1s);
  const Sent live = call.take(viewer);
  ASSERT_THAT(live.rtp, SizeIs(26));
  EXPECT_TRUE(live.rtp[0].is_keyframe_start());
  EXPECT_EQ(live.rtp[0].sequence, still.rtp[0].sequence + 1);
}

TEST_F(PublisherTest, PlaysWithItsSsrcsWithoutGettingFar) {
  for (std::uint32_t ssrc = 1; ssrc < 5000; ++ssrc) {
    const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(1), rtp::Timestamp(1),
                             rtp::Ssrc(ssrc), true};
    call.receive(alice, rtp_packet(header, {header.ssrc, "v"}, vp8_payload({.keyframe = true})));
  }
  call.run(2s);
  const Sent sent = call.take(alice);
  for (const auto& report : sent.feedback<rtp::ReceiverReport>()) {
    EXPECT_LE(report.blocks.size(), 1U);
  }
}

TEST_F(PublisherTest, GarbageInRtcpIsCountedAndSurvived) {
  const Buffer whole = [] {
    Buffer compound(200);
    rtp::RtcpWriter writer(compound);
    writer.receiver_report(rtp::Ssrc(77));
    writer.pli(rtp::Ssrc(77), rtp::Ssrc(TestCall::kVideoSlotSsrc));
    compound.resize(writer.size());
    return compound;
  }();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    alice.handle_rtcp(call.now, Bytes(whole).first(size), Duration::zero());
  }
  EXPECT_GT(call.router.counters().drops[static_cast<std::size_t>(DropReason::kMalformed)], 0U);
}

}  // namespace
}  // namespace visavis::sfu
