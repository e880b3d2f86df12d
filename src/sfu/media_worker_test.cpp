// Calls of whole browsers, and what the worker tells of them.

#include "sfu/media_worker.hpp"

#include <malloc.h>

#include <array>

#include "sfu/test_worker.hpp"

namespace visavis::sfu {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class MediaWorkerTest : public WorkerTest {};

TEST_F(MediaWorkerTest, ACallThroughIceDtlsAndSrtp) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);
  EXPECT_EQ(count_events<PeerConnected>(), 2U);

  send(alice, {.sequence = 1, .keyframe = true});
  send(alice, {.sequence = 2});
  run(10ms);

  ASSERT_THAT(bob.rtp, SizeIs(2));
  const auto view = rtp::parse_packet(bob.rtp[0]);
  EXPECT_EQ(view->ssrc, rtp::Ssrc(TestCall::kVideoSlotSsrc));
  EXPECT_EQ(to_buffer(view->payload), vp8_payload({.sequence = 1, .keyframe = true}));
  EXPECT_THAT(bob.rtcp, SizeIs(1));
}

TEST_F(MediaWorkerTest, TakesManyDatagramsOfManyPeersInTheirOrder) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);

  constexpr std::uint16_t kPackets = 50;
  std::vector<Buffer> bytes;
  for (std::uint16_t sequence = 1; sequence <= kPackets; ++sequence) {
    bytes.push_back(sealed(alice, {.sequence = sequence, .keyframe = sequence == 1}));
  }
  std::vector<Datagram> datagrams;
  const Route stranger{Browser::kServer, SocketAddress::parse("10.9.9.9:999").value()};
  Buffer forged(100, std::byte{0x80});
  for (Buffer& packet : bytes) {
    datagrams.push_back({{Browser::kServer, alice.address}, packet});
    datagrams.push_back({stranger, forged});
    datagrams.push_back({{Browser::kServer, bob.address}, forged});
    datagrams.push_back({{Browser::kServer, bob.address}, {}});
  }
  worker.handle_datagrams(now, datagrams);
  run(10ms);

  ASSERT_THAT(bob.rtp, SizeIs(kPackets));
  for (std::uint16_t at = 0; at < kPackets; ++at) {
    const auto view = rtp::parse_packet(bob.rtp[at]);
    EXPECT_EQ(to_buffer(view->payload),
              vp8_payload({.sequence = static_cast<std::uint16_t>(at + 1), .keyframe = at == 0}));
  }
  EXPECT_EQ(drops(DropReason::kUnknownRoute), kPackets);
}

/// The next check of the browser's, which is not sent; time goes on to it. Nothing: it asks no
/// more.
Buffer next_check(Browser& browser, Instant& now) {
  DatagramBatch check(16);
  for (int second = 0; second < 30 && check.empty(); ++second) {
    now += 1s;
    browser.client.handle_timeout(now);
    static_cast<void>(browser.client.poll_transmit(check));
  }
  return check.empty() ? Buffer() : to_buffer(check.bytes(check.cells().front()));
}

TEST_F(MediaWorkerTest, TakesARouteAsTheCheckBeforeItInTheSameBatchSays) {
  const Browser& alice = open(1, kViewerNumbers);
  Browser& bob = open(2, kPublisherNumbers);
  Browser& carol = open(3, kViewerNumbers);
  publish_video(bob, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(3), SlotIndex(1), StreamId(11)});
  run(1s);

  bob.address = alice.address;  // His NAT gives him what was hers.
  Buffer asked = next_check(bob, now);
  Buffer media = sealed(bob, {.sequence = 1, .keyframe = true});
  const Route route{Browser::kServer, bob.address};
  worker.handle_datagrams(now, std::array{Datagram{route, asked}, Datagram{route, media}});
  run(10ms);
  EXPECT_THAT(carol.rtp, SizeIs(1));
}

TEST_F(MediaWorkerTest, ARouteIsWhoseCheckProvedItLast) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kPublisherNumbers);
  Browser& carol = open(3, kViewerNumbers);
  publish_video(alice, StreamId(11));
  publish_video(bob, StreamId(12));
  worker.handle_command(now, AssignSlot{PeerId(3), SlotIndex(1), StreamId(12)});
  run(1s);
  std::uint16_t sequence = 0;
  const auto reaches_carol = [&] {
    carol.rtp.clear();
    send(bob, {.sequence = ++sequence, .keyframe = true});
    run(10ms);
    return carol.rtp.size() == 1;
  };
  const auto move = [&](Browser& browser, const SocketAddress& to) {
    browser.address = to;
    run(7s);  // It checks its route again, and gives up 30 s after its first move.
  };
  const SocketAddress home = alice.address;
  move(alice, {home.ip, 50'000});
  move(bob, home);  // His NAT gives him what was hers.
  EXPECT_TRUE(reaches_carol());

  Buffer asked = next_check(alice, now);
  worker.handle_datagram(now, {Browser::kServer, home}, asked);
  EXPECT_FALSE(reaches_carol());  // She has spoken from there last,
  run(7s);
  EXPECT_TRUE(reaches_carol());  // and now he has.

  worker.handle_command(now, ClosePeer{PeerId(1)});
  run(100ms);
  EXPECT_TRUE(reaches_carol());
  const std::uint64_t unknown = drops(DropReason::kUnknownRoute);
  worker.handle_command(now, ClosePeer{PeerId(2)});
  EXPECT_FALSE(reaches_carol());
  EXPECT_GT(drops(DropReason::kUnknownRoute), unknown);
}

TEST_F(MediaWorkerTest, AStreamThatRanWhileTheViewerConnectedIsThereAtOnce) {
  Browser& alice = open(1, kPublisherNumbers);
  publish_video(alice, StreamId(11));
  run(1s);
  for (std::uint16_t count = 0; count < 100; ++count) {
    send(alice, {.sequence = count, .keyframe = count == 0, .first = count == 0});
  }
  Browser& bob = open(2, kViewerNumbers);
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);

  EXPECT_THAT(bob.rtp, SizeIs(100));
  EXPECT_EQ(worker.counters().plis_to_publishers, 0U);
}

TEST_F(MediaWorkerTest, FollowsABrowserToItsNewAddress) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);

  bob.address.port = 55'555;  // Its NAT has forgotten it: the next check comes from elsewhere.
  run(10s);
  bob.rtp.clear();
  send(alice, {.sequence = 1, .keyframe = true});
  run(10ms);

  EXPECT_THAT(bob.rtp, SizeIs(1));
}

TEST_F(MediaWorkerTest, AClosedPeerHearsOfItAndTheOthersGoOn) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  Browser& carol = open(3, kViewerNumbers);
  run(1s);
  worker.handle_command(now, ClosePeer{PeerId(1)});
  worker.handle_command(now, ClosePeer{PeerId(3)});
  EXPECT_LE(worker.next_timeout(), now);
  run(100ms);
  EXPECT_EQ(alice.client.dtls.state(), dtls::State::kClosed);
  EXPECT_EQ(carol.client.dtls.state(), dtls::State::kClosed);
  EXPECT_EQ(bob.client.dtls.state(), dtls::State::kConnected);
  EXPECT_GT(worker.next_timeout(), now);
}

TEST_F(MediaWorkerTest, AClosedPeerIsForgottenWithItsRoutesAndStreams) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);
  worker.handle_command(now, ClosePeer{PeerId(1)});
  const std::uint64_t before = drops(DropReason::kUnknownRoute);

  send(alice, {.sequence = 1, .keyframe = true});
  run(20s);

  EXPECT_THAT(bob.rtp, IsEmpty());
  EXPECT_GT(drops(DropReason::kUnknownRoute), before);
}

TEST_F(MediaWorkerTest, ASilentPeerIsReportedAndBeginsAnewWhenItIsBack) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);
  auto gone = std::move(browsers.back());
  browsers.pop_back();
  run(40s);
  EXPECT_EQ(count_events<PeerSilent>(), 1U);
  const std::uint64_t out = worker.counters().rtp_out;
  send(alice, {.sequence = 1, .timestamp = 1, .keyframe = true});
  run(10ms);
  EXPECT_EQ(worker.counters().rtp_out, out);

  gone->client.ice = ice::FullAgent(now, gone->ice_setup(), Random(4));  // It checks anew.
  browsers.push_back(std::move(gone));
  run(1s);

  EXPECT_THAT(bob.rtp, SizeIs(1));
  EXPECT_EQ(count_events<PeerConnected>(), 3U);
}

TEST_F(MediaWorkerTest, AnIceRestartKeepsTheCall) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);

  PeerSetup setup = shapes.setup(2, kViewerNumbers);
  setup.local = {"server_ufrag_new", "server_password_of_24_new"};
  setup.remote = bob.remote;
  setup.remote_fingerprint = bob.identity.fingerprint();
  worker.handle_command(now, UpdatePeer{setup});
  run(1s);
  send(alice, {.sequence = 1, .keyframe = true});
  run(10ms);

  EXPECT_THAT(bob.rtp, SizeIs(1));
  EXPECT_EQ(count_events<PeerConnected>(), 2U);
}

/// Whose log ages while it is read again. What is given back to the allocator is overwritten.
class AgeingLog : public WorkerTest {
 protected:
  AgeingLog() { mallopt(M_PERTURB, 0xA5); }
  ~AgeingLog() override { mallopt(M_PERTURB, 0); }

  static std::uint16_t number_of(const Buffer& packet) {
    return rtp::parse_packet(packet)->sequence.value();
  }
  template <class Write>
  void send_rtcp(Browser& browser, Write&& write) {
    Buffer compound(DatagramBatch::kCellBytes);
    rtp::RtcpWriter writer(MutableBytes(compound).first(1'000));
    write(writer);
    compound.resize(writer.size());
    Buffer datagram = browser.client.sealed_rtcp(std::move(compound));
    worker.handle_datagram(now, {Browser::kServer, browser.address}, datagram);
  }
  /// The pool keeps no more than this has left.
  void fill_the_pool() {
    Browser& carol = open(3, kPublisherNumbers);
    publish_video(carol, StreamId(31));
    run(1s);
    for (std::uint16_t sequence = 0; sequence < 4'000; ++sequence) {
      send(carol, {.sequence = sequence, .filler = 1'200});
    }
    worker.handle_command(now, CloseStream{StreamId(31)});
  }
  void lose_what_leaves() {
    DatagramBatch lost(64);
    EXPECT_FALSE(worker.flush(now, lost));
  }
};

// Payloads are sealed from where they lie in the log, a batch at once.
TEST_F(AgeingLog, APacketSentAgainIsWholeWhenItAgesAwayInTheSameWakeUp) {
  Browser& alice = open(1, kPublisherNumbers);
  publish_video(alice, StreamId(11));
  offers_rtx = false;
  Browser& bob = open(2, kViewerNumbers);
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(2s);
  constexpr std::uint16_t kPackets = 100;  // Two chunks of the log, of which the older one goes.
  for (std::uint16_t sequence = 0; sequence < kPackets; ++sequence) {
    send(alice, {.sequence = sequence, .keyframe = sequence == 0, .filler = 1'200});
    if (sequence == 5) {
      lose_what_leaves();
    }
    run(2ms);
  }
  ASSERT_THAT(bob.rtp, SizeIs(kPackets - 1));
  fill_the_pool();
  run(4s + 500ms);
  now += 1s;  // All are too old, and a report to the publisher is overdue.
  send_rtcp(alice, [](rtp::RtcpWriter& writer) { writer.receiver_report(rtp::Ssrc(9)); });
  const rtp::SequenceNumber missing(static_cast<std::uint16_t>(number_of(bob.rtp[4]) + 1));
  send_rtcp(bob, [&](rtp::RtcpWriter& writer) {
    writer.nack(rtp::Ssrc(9), rtp::Ssrc(TestCall::kVideoSlotSsrc), {&missing, 1});
  });
  deliver();
  ASSERT_THAT(bob.rtp, SizeIs(kPackets));
  EXPECT_EQ(number_of(bob.rtp.back()), missing.value());
  EXPECT_EQ(to_buffer(rtp::parse_packet(bob.rtp.back())->payload),
            vp8_payload({.sequence = 5, .filler = 1'200}));
}

TEST_F(MediaWorkerTest, WhatCannotBeIsRefusedAndCounted) {
  for (std::uint64_t id = 1; id <= 12; ++id) {
    open(id, kViewerNumbers);
  }
  EXPECT_EQ(refusals(RefusalReason::kTooManyPeers), 2U);
  PeerSetup twice = shapes.setup(1, kViewerNumbers);
  twice.local = browsers[0]->local;
  worker.handle_command(now, OpenPeer{twice});
  EXPECT_EQ(refusals(RefusalReason::kDuplicateUfrag), 1U);
  worker.handle_command(now, ClosePeer{PeerId(99)});
  worker.handle_command(now, OpenStream{StreamId(1), PeerId(99), "v"});
  worker.handle_command(now, AssignSlot{PeerId(99), SlotIndex(1), StreamId(1)});
  EXPECT_EQ(refusals(RefusalReason::kUnknownPeer), 3U);
  worker.handle_command(now, OpenStream{StreamId(1), PeerId(1), "nope"});
  EXPECT_EQ(refusals(RefusalReason::kUnknownMid), 1U);
  worker.handle_command(now, AssignSlot{PeerId(1), SlotIndex(88), std::nullopt});
  EXPECT_EQ(refusals(RefusalReason::kUnknownSlot), 1U);
  worker.handle_command(now, CloseStream{StreamId(5)});
  EXPECT_EQ(refusals(RefusalReason::kUnknownStream), 1U);
  run(1s);
}

TEST_F(MediaWorkerTest, ReportsWhatItDoes) {
  Browser& alice = open(1, kPublisherNumbers);
  open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);
  send(alice, {.sequence = 1, .keyframe = true});
  run(10ms);
  events.clear();

  worker.handle_command(now, ReportPeer{PeerId(2), 5});
  worker.handle_command(now, ReportPeer{PeerId(42), 6});
  worker.handle_command(now, ReportWorker{7});
  exchange();

  ASSERT_THAT(events, SizeIs(3));
  const auto& bob = std::get<PeerReport>(events[0]);
  EXPECT_EQ(bob.request, 5U);
  EXPECT_TRUE(bob.connected);
  EXPECT_EQ(bob.slots.at(1).packets, 1U);
  EXPECT_EQ(bob.slots.at(1).state, SlotState::kShowing);
  EXPECT_FALSE(std::get<PeerReport>(events[1]).connected);
  const auto& all = std::get<WorkerReport>(events[2]);
  EXPECT_EQ(all.peers, 2U);
  ASSERT_THAT(all.streams, SizeIs(1));
  EXPECT_EQ(all.streams[0].keyframes, 1U);
  EXPECT_EQ(all.streams[0].publisher, PeerId(1));
}

}  // namespace
}  // namespace visavis::sfu
