// What strangers, floods and forgeries do to a worker: they are counted, and the others go on.

#include <gmock/gmock.h>

#include "sfu/handshake_line.hpp"
#include "sfu/test_worker.hpp"
#include "stun/message.hpp"

namespace visavis::sfu {
namespace {

using testing::SizeIs;

class BadPeers : public WorkerTest {};

TEST_F(BadPeers, AFloodOfHandshakesWaitsBehindTheMediaOfEachWakeUp) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(1s);
  constexpr std::uint16_t kJoiners = 6;
  for (std::uint64_t id = 3; id < 3 + kJoiners; ++id) {
    check_route(open(id, kViewerNumbers));
  }
  const std::uint64_t turns = worker.counters().handshake_turns;
  for (std::uint64_t id = 3; id < 3 + kJoiners; ++id) {
    give(*browsers[id - 1]);  // Its ClientHello, before the first wake-up's media.
  }
  for (std::uint16_t wake_up = 1; wake_up <= kJoiners; ++wake_up) {
    send(alice, {.sequence = wake_up, .keyframe = wake_up == 1});
    EXPECT_LE(worker.next_timeout(), now);
    DatagramBatch batch(64);
    ASSERT_TRUE(worker.flush(now, batch));  // Media alone, and it is to be sent first.
    EXPECT_EQ(batch.cells().back().route.remote, bob.address);
    EXPECT_EQ(worker.counters().handshake_turns, turns + wake_up - 1U);
    batch.clear();
    ASSERT_FALSE(worker.flush(now, batch));  // One handshake's turn, and no more.
    EXPECT_EQ(worker.counters().handshake_turns, turns + wake_up);
    ASSERT_FALSE(batch.empty());
    EXPECT_EQ(batch.cells().front().route.remote, browsers[wake_up + 1U]->address);
  }
  EXPECT_GT(worker.next_timeout(), now);
  run(3s);  // What was not delivered above is asked for again.
  EXPECT_EQ(count_events<PeerConnected>(), 2U + kJoiners);
}

TEST_F(BadPeers, HandshakesBeyondTheLineAreDroppedAndCounted) {
  constexpr std::size_t kPeers = HandshakeLine::kPeersMax + 5;
  worker = MediaWorker(now, identity, entropy, {{.peers_max = kPeers}});
  PeerSetup setup = shapes.setup(1, kViewerNumbers);
  setup.remote = {"browser", "browser_password_of_24_ch"};
  for (std::size_t id = 1; id <= kPeers; ++id) {
    setup.peer = PeerId(id);
    setup.local = {"server" + std::to_string(id), "server_password_of_24_chr"};
    worker.handle_command(now, OpenPeer{setup});
    const Route route{Browser::kServer,
                      {IpAddress::v4(0x0A000000), static_cast<std::uint16_t>(id)}};
    Buffer check(stun::kMessageBytesMax);
    const std::string username = setup.local.ufrag + ":browser";
    check.resize(stun::write_request(
        check, {.username = username, .controlling = 7, .use_candidate = true}, setup.local.pwd));
    worker.handle_datagram(now, route, check);
    Buffer handshake{std::byte{22}, std::byte{254}};
    worker.handle_datagram(now, route, handshake);
  }
  EXPECT_EQ(drops(DropReason::kTooManyHandshakes), 5U);
  worker.handle_command(now, ClosePeer{PeerId(1)});  // Makes room in the line.
  run(1s);
  EXPECT_EQ(worker.counters().handshake_turns, HandshakeLine::kPeersMax - 1);
}

/// Of clients that are DTLS servers: their media may come before their last flight is worked.
class BadEncoders : public BadPeers {
 protected:
  /// Its handshake is done but for its last flight, behind two packets that it has sent.
  Browser& send_media_before_the_last_flight(std::uint64_t id) {
    Browser& encoder = open(id, kPublisherNumbers, dtls::Role::kClient);
    publish_video(encoder, StreamId(id));
    check_route(encoder);
    for (int round = 0; round < 10 && !encoder.client.sealer; ++round) {
      give(encoder);
      deliver();
    }
    send(encoder, {.sequence = 1, .keyframe = true});
    send(encoder, {.sequence = 2});
    return encoder;
  }
  void finish_handshake(Browser& encoder) {
    give(encoder);
    for (int turn = 0; turn < 3; ++turn) {
      deliver();
    }
  }
  std::uint64_t dropped_early() const {
    return worker.counters().peer_drops[static_cast<std::size_t>(peer::Drop::kSrtpEarly)];
  }
};

TEST_F(BadEncoders, MediaBeforeTheEndOfAHandshakeIsKept) {
  Browser& encoder = send_media_before_the_last_flight(1);
  EXPECT_EQ(worker.counters().rtp_in, 0U);
  finish_handshake(encoder);
  EXPECT_EQ(worker.counters().rtp_in, 2U);
  EXPECT_EQ(dropped_early(), 0U);
}

TEST_F(BadEncoders, OfAllTogetherNoMoreMediaIsKeptThanTheWorkerMay) {
  worker = MediaWorker(now, identity, entropy, {{.peers_max = 10, .early_media_bytes_max = 2'000}});
  Browser& first = send_media_before_the_last_flight(1);
  for (std::uint16_t sequence = 3; sequence < 20 && dropped_early() == 0; ++sequence) {
    send(first, {.sequence = sequence});
  }
  EXPECT_EQ(dropped_early(), 1U);
  Browser& second = send_media_before_the_last_flight(2);
  EXPECT_EQ(dropped_early(), 3U);
  worker.handle_command(now, ClosePeer{PeerId(1)});  // Gives back what it holds.
  send(second, {.sequence = 3});
  EXPECT_EQ(dropped_early(), 3U);
  finish_handshake(second);
  EXPECT_EQ(worker.counters().rtp_in, 1U);
}

TEST_F(BadPeers, IsSilentToStrangers) {
  open(1, kPublisherNumbers);
  run(1s);
  const std::uint64_t before = worker.counters().datagrams_out;
  Random random(3);
  const Route stranger{Browser::kServer, *SocketAddress::parse("203.0.113.9:5")};
  for (int count = 0; count < 2000; ++count) {
    Buffer garbage(random.next() % 200);
    for (std::byte& byte : garbage) {
      byte = static_cast<std::byte>(random.next());
    }
    worker.handle_datagram(now, stranger, garbage);
  }
  Browser lost(now, 77, identity.fingerprint());
  DatagramBatch check(4);
  lost.client.handle_timeout(now);
  while (lost.client.poll_transmit(check)) {
  }
  for (const auto& cell : check.cells()) {
    worker.handle_datagram(now, stranger, check.bytes(cell));
  }
  DatagramBatch out(8);
  EXPECT_FALSE(worker.flush(now, out));
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(worker.counters().datagrams_out, before);
  EXPECT_GT(drops(DropReason::kUnknownRoute), 1000U);
  EXPECT_GT(drops(DropReason::kUnknownUfrag), 0U);
}

TEST_F(BadPeers, WhoSendsTooMuchIsCutToHisShareAndTheOthersGoOn) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& mallory = open(2, kPublisherNumbers);
  Browser& bob = open(3, kViewerNumbers);
  publish_video(alice, StreamId(11));
  publish_video(mallory, StreamId(21));
  worker.handle_command(now, AssignSlot{PeerId(3), SlotIndex(1), StreamId(11)});
  run(2s);
  bob.rtp.clear();
  for (std::uint16_t tenth = 0; tenth < 20; ++tenth) {
    for (std::uint16_t count = 0; count < 2'000; ++count) {  // 190 Mbit/s
      send(mallory,
           {.sequence = static_cast<std::uint16_t>((tenth * 2'000) + count), .filler = 1000});
    }
    send(alice, {.sequence = tenth, .timestamp = tenth * 9000U, .keyframe = tenth == 0});
    run(100ms);
  }
  EXPECT_THAT(bob.rtp, SizeIs(20));
  // 12.5 MB at once and in each of 1.9 s, of packets that count as 1,200 to 1,250 bytes.
  EXPECT_LT(worker.counters().rtp_in, 30'250U);
  EXPECT_GT(worker.counters().rtp_in, 29'000U);
  EXPECT_EQ(worker.counters().rtp_in + drops(DropReason::kPeerTooFast), 40'020U);
}

TEST_F(BadPeers, AShareOfLessThanADatagramASecondStillLetsACallBegin) {
  worker = MediaWorker(now, identity, entropy, {{.peer_bytes_per_second = 1}});
  Browser& alice = open(1, kPublisherNumbers);
  publish_video(alice, StreamId(11));
  run(2s);
  EXPECT_EQ(count_events<PeerConnected>(), 1U);
  for (std::uint16_t sequence = 1; sequence <= 100; ++sequence) {
    send(alice, {.sequence = sequence, .keyframe = sequence == 1, .filler = 1000});
  }
  EXPECT_GT(worker.counters().rtp_in, 40U);
  EXPECT_LT(worker.counters().rtp_in, 55U) << "65,536 bytes, of which the handshake took some";
}

TEST_F(BadPeers, MediaThatIsReplayedOrForgedIsCountedAndReachesNobody) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(2s);
  const rtp::Ssrc ssrc(4001);
  const rtp::Header header{rtp::PayloadType(96), rtp::SequenceNumber(1), rtp::Timestamp(1), ssrc,
                           true};
  const Buffer sealed = alice.client.sealed_rtp(
      rtp_packet(header, {ssrc, "v"}, vp8_payload({.sequence = 1, .keyframe = true})));
  for (unsigned count = 0; count < 1'000; ++count) {
    Buffer replayed = sealed;
    worker.handle_datagram(now, {Browser::kServer, alice.address}, replayed);
    Buffer forged = sealed;
    forged[11] ^= static_cast<std::byte>(1 + (count % 255));  // Another SSRC.
    worker.handle_datagram(now, {Browser::kServer, alice.address}, forged);
  }
  run(0ms);
  EXPECT_THAT(bob.rtp, SizeIs(1));
  const auto& counted = worker.counters().peer_drops;
  EXPECT_EQ(counted[static_cast<std::size_t>(peer::Drop::kSrtpReplay)], 999U);
  EXPECT_EQ(counted[static_cast<std::size_t>(peer::Drop::kSrtpAuthentication)], 1'000U);
}

TEST_F(BadPeers, WhoMissesPacketsOfAPublisherWhoseNumbersLeapCanOpenTheNext) {
  Browser& mallory = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(mallory, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(2s);
  send(mallory, {.sequence = 0, .keyframe = true});
  run(1ms);
  ASSERT_THAT(bob.rtp, SizeIs(1));
  for (std::uint16_t leap = 1; leap <= 4; ++leap) {  // Together the circle of numbers, twice.
    send(mallory, {.sequence = static_cast<std::uint16_t>(leap * 30'000U)});
    DatagramBatch lost(8);
    EXPECT_FALSE(worker.flush(now, lost));
    EXPECT_FALSE(lost.empty());
    now += 1ms;
  }
  send(mallory, {.sequence = static_cast<std::uint16_t>(4 * 30'000U + 1)});
  run(1ms);  // Fails if he cannot open it.
  EXPECT_THAT(bob.rtp, SizeIs(2));
}

TEST_F(BadPeers, AFloodOfChecksWithSomebodysNameLeavesHisMediaAlone) {
  Browser& alice = open(1, kPublisherNumbers);
  Browser& bob = open(2, kViewerNumbers);
  publish_video(alice, StreamId(11));
  worker.handle_command(now, AssignSlot{PeerId(2), SlotIndex(1), StreamId(11)});
  run(2s);
  const std::uint64_t before = worker.counters().datagrams_out;
  Buffer forged(stun::kMessageBytesMax);
  const std::string username = alice.local.ufrag + ":" + alice.remote.ufrag;
  const stun::Request check{.username = username, .use_candidate = true};
  forged.resize(stun::write_request(forged, check, "not_his_password_at_all_"));
  const Route stranger{Browser::kServer, *SocketAddress::parse("203.0.113.9:5")};
  for (int count = 0; count < 20'000; ++count) {
    Buffer datagram = forged;
    worker.handle_datagram(now, stranger, datagram);
  }
  run(0ms);
  EXPECT_EQ(worker.counters().datagrams_out, before);
  EXPECT_EQ(worker.counters().peer_drops[static_cast<std::size_t>(peer::Drop::kStunIntegrity)],
            20'000U);
  send(alice, {.sequence = 1, .keyframe = true});
  run(0ms);
  EXPECT_THAT(bob.rtp, SizeIs(1));
}

TEST_F(BadPeers, AWrongFingerprintFailsAndIsReported) {
  Browser& mallory = open(1, kPublisherNumbers);
  PeerSetup setup = shapes.setup(2, kPublisherNumbers);
  browsers.push_back(std::make_unique<Browser>(now, 2, identity.fingerprint()));
  setup.local = browsers.back()->local;
  setup.remote = browsers.back()->remote;
  setup.remote_fingerprint = mallory.identity.fingerprint();
  worker.handle_command(now, OpenPeer{setup});
  run(3s);
  EXPECT_EQ(count_events<PeerConnected>(), 1U);
  EXPECT_EQ(count_events<PeerFailed>(), 1U);
}

}  // namespace
}  // namespace visavis::sfu
