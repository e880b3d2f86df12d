// The worker with real transports: ICE, DTLS and SRTP of browsers' shape, without a network.

#include "sfu/media_worker.hpp"

#include <gmock/gmock.h>

#include <memory>

#include "dtls/seeded_openssl.hpp"
#include "peer/test_browser.hpp"
#include "sfu/handshake_line.hpp"
#include "sfu/test_call.hpp"
#include "sim/seeded_entropy.hpp"
#include "stun/message.hpp"

namespace visavis::sfu {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// One browser at its address, and the worker it calls.
struct Browser {
  Browser(Instant now, std::uint64_t id, const dtls::Fingerprint& server)
      : peer(id),
        local{"server_ufrag" + std::to_string(id), "server_password_of_24_chr"},
        remote{"browser" + std::to_string(id), "browser_password_of_24_ch"},
        identity(peer::make_identity(id + 100)),
        address{IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(id)), 40'000},
        client(now, ice_setup(), identity, server) {}

  [[nodiscard]] ice::FullAgent::Setup ice_setup() const {
    return {.local = remote,
            .remote = local,
            .local_addresses = {address},
            .remote_candidates = {{.address = kServer, .priority = 1}}};
  }

  static inline const SocketAddress kServer = *SocketAddress::parse("192.0.2.1:7000");

  std::uint64_t peer;
  ice::Credentials local, remote;
  dtls::Identity identity;
  SocketAddress address;
  peer::TestBrowser client;
  std::vector<Buffer> rtp;
  std::vector<Buffer> rtcp;
};

class MediaWorkerTest : public testing::Test {
 protected:
  Browser& open(std::uint64_t id, const Numbers& numbers) {
    browsers.push_back(std::make_unique<Browser>(now, id, identity.fingerprint()));
    Browser& browser = *browsers.back();
    PeerSetup setup = shapes.setup(id, numbers);
    setup.local = browser.local;
    setup.remote = browser.remote;
    setup.remote_fingerprint = browser.identity.fingerprint();
    worker.handle_command(now, OpenPeer{setup});
    return browser;
  }
  void publish_video(Browser& browser, StreamId stream) {
    worker.handle_command(now, OpenStream{stream, PeerId(browser.peer), "v"});
  }
  void send(Browser& browser, const Vp8Packet& packet) {
    const rtp::Ssrc ssrc(static_cast<std::uint32_t>(4000 + browser.peer));
    const rtp::Header header{rtp::PayloadType(kPublisherNumbers.vp8),
                             rtp::SequenceNumber(packet.sequence), rtp::Timestamp(packet.timestamp),
                             ssrc, packet.last};
    Buffer sealed = browser.client.sealed_rtp(rtp_packet(header, {ssrc, "v"}, vp8_payload(packet)));
    worker.handle_datagram(now, {Browser::kServer, browser.address}, sealed);
  }

  /// Moves datagrams until nobody has any, then time to the next timer, until `end`.
  void run(Duration duration) {
    const Instant end = now + duration;
    int turns_at_once = 0;
    while (true) {
      worker.handle_timeout(now);
      for (const auto& browser : browsers) {
        browser->client.handle_timeout(now);
      }
      exchange();
      Instant next = worker.next_timeout();
      for (const auto& browser : browsers) {
        next = std::min(next, browser->client.next_timeout());
      }
      if (next > end) {
        now = end;
        return;
      }
      turns_at_once = next > now ? 0 : turns_at_once + 1;
      ASSERT_LT(turns_at_once, 1000) << "a timer that does not move on";
      now = std::max(now, next);
    }
  }
  void exchange() {
    for (bool moved = true; moved;) {
      moved = false;
      for (const auto& browser : browsers) {
        DatagramBatch batch(16);
        while (!batch.full() && browser->client.poll_transmit(batch)) {
        }
        for (const auto& cell : batch.cells()) {
          Buffer datagram = to_buffer(batch.bytes(cell));
          worker.handle_datagram(now, {Browser::kServer, browser->address}, datagram);
          moved = true;
        }
      }
      moved = deliver() || moved;
    }
    while (auto event = worker.poll_event()) {
      events.push_back(std::move(*event));
    }
  }
  bool deliver() {
    bool moved = false;
    for (bool more = true; more;) {
      DatagramBatch batch(8);
      more = worker.flush(now, batch);
      for (const auto& cell : batch.cells()) {
        moved = true;
        EXPECT_EQ(cell.route.local, Browser::kServer);
        for (const auto& browser : browsers) {
          if (browser->address == cell.route.remote) {
            take(*browser, to_buffer(batch.bytes(cell)));
          }
        }
      }
    }
    return moved;
  }
  void take(Browser& browser, Buffer datagram) {
    if (std::to_integer<unsigned>(datagram[0]) < 128) {
      browser.client.handle_datagram(now, {browser.address, Browser::kServer}, datagram);
      return;
    }
    ASSERT_TRUE(browser.client.opener.has_value());
    const bool is_rtcp = rtp::is_rtcp(datagram);
    const auto opened = is_rtcp ? browser.client.opener->open_rtcp(datagram)
                                : browser.client.opener->open_rtp(datagram);
    ASSERT_TRUE(opened.has_value());
    (is_rtcp ? browser.rtcp : browser.rtp).push_back(to_buffer(*opened));
  }
  /// ICE's part of a join; afterwards the browser's ClientHello waits to be sent.
  void check_route(Browser& browser) {
    browser.client.handle_timeout(now);
    give(browser);
    deliver();
  }
  void give(Browser& browser) {
    DatagramBatch batch(16);
    while (!batch.full() && browser.client.poll_transmit(batch)) {
    }
    for (const auto& cell : batch.cells()) {
      Buffer datagram = to_buffer(batch.bytes(cell));
      worker.handle_datagram(now, {Browser::kServer, browser.address}, datagram);
    }
  }
  template <class Kind>
  std::size_t count_events() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const Event& event) { return std::holds_alternative<Kind>(event); }));
  }
  std::uint64_t drops(DropReason reason) const {
    return worker.counters().drops[static_cast<std::size_t>(reason)];
  }
  std::uint64_t refusals(RefusalReason reason) const {
    return worker.counters().refusals[static_cast<std::size_t>(reason)];
  }

  dtls::SeededOpenssl openssl{7};
  Instant now{100s};
  TestCall shapes;  // For `setup()` alone.
  sim::SeededEntropy entropy{9};
  dtls::Identity identity = dtls::Identity::make(entropy);
  MediaWorker worker{now, identity, entropy, {{.peers_max = 10}}};
  std::vector<std::unique_ptr<Browser>> browsers;
  std::vector<Event> events;
};

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

TEST_F(MediaWorkerTest, AFloodOfHandshakesWaitsBehindTheMediaOfEachWakeUp) {
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

TEST_F(MediaWorkerTest, HandshakesBeyondTheLineAreDroppedAndCounted) {
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

TEST_F(MediaWorkerTest, IsSilentToStrangers) {
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

TEST_F(MediaWorkerTest, WhoSendsTooMuchIsCutToHisShareAndTheOthersGoOn) {
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
  EXPECT_GT(drops(DropReason::kPeerTooFast), 5'000U);
  EXPECT_LT(worker.counters().bytes_in, 60'000'000U);
}

TEST_F(MediaWorkerTest, MediaThatIsReplayedOrForgedIsCountedAndReachesNobody) {
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

TEST_F(MediaWorkerTest, AFloodOfChecksWithSomebodysNameLeavesHisMediaAlone) {
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

TEST_F(MediaWorkerTest, AWrongFingerprintFailsAndIsReported) {
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
