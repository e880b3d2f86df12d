// The worker with real transports: ICE, DTLS and SRTP of browsers' shape, without a network.
#pragma once

#include <gmock/gmock.h>

#include <memory>

#include "dtls/seeded_openssl.hpp"
#include "peer/test_browser.hpp"
#include "sfu/media_worker.hpp"
#include "sfu/test_call.hpp"
#include "sim/seeded_entropy.hpp"

namespace visavis::sfu {

/// One browser at its address, and the worker it calls.
struct Browser {
  Browser(Instant now, std::uint64_t id, const dtls::Fingerprint& server,
          dtls::Role role = dtls::Role::kClient)
      : peer(id),
        local{"server_ufrag" + std::to_string(id), "server_password_of_24_chr"},
        remote{"browser" + std::to_string(id), "browser_password_of_24_ch"},
        identity(peer::make_identity(id + 100)),
        address{IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(id)), 40'000},
        client(now, ice_setup(), identity, server, role) {}

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

/// A worker and the browsers that call it, without a network and in virtual time.
class WorkerTest : public testing::Test {
 protected:
  Browser& open(std::uint64_t id, const Numbers& numbers, dtls::Role ours = dtls::Role::kServer) {
    const bool begins = ours == dtls::Role::kClient;
    browsers.push_back(std::make_unique<Browser>(
        now, id, identity.fingerprint(), begins ? dtls::Role::kServer : dtls::Role::kClient));
    Browser& browser = *browsers.back();
    PeerSetup setup = shapes.setup(id, numbers);
    setup.local = browser.local;
    setup.remote = browser.remote;
    setup.remote_fingerprint = browser.identity.fingerprint();
    setup.role = ours;
    for (rtp::SlotLine& slot : setup.slots) {
      slot.rtx_ssrc = offers_rtx ? slot.rtx_ssrc : std::nullopt;
    }
    worker.handle_command(now, OpenPeer{setup});
    return browser;
  }
  void publish_video(Browser& browser, StreamId stream) {
    worker.handle_command(now, OpenStream{stream, PeerId(browser.peer), "v"});
  }
  static Buffer sealed(Browser& browser, const Vp8Packet& packet) {
    const rtp::Ssrc ssrc(static_cast<std::uint32_t>(4000 + browser.peer));
    const rtp::Header header{rtp::PayloadType(kPublisherNumbers.vp8),
                             rtp::SequenceNumber(packet.sequence), rtp::Timestamp(packet.timestamp),
                             ssrc, packet.last};
    return browser.client.sealed_rtp(rtp_packet(header, {ssrc, "v"}, vp8_payload(packet)));
  }
  void send(Browser& browser, const Vp8Packet& packet) {
    Buffer datagram = sealed(browser, packet);
    worker.handle_datagram(now, {Browser::kServer, browser.address}, datagram);
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
  bool offers_rtx = true;  ///< Whoever is opened next.
};

}  // namespace visavis::sfu
