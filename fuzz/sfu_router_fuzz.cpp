#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "rtp/rtp_packet.hpp"
#include "sfu/router.hpp"

namespace {

using namespace visavis;       // NOLINT(google-build-using-namespace): one file, one target.
using namespace visavis::sfu;  // NOLINT(google-build-using-namespace)

rtp::MediaParameters media() {
  rtp::MediaParameters media;
  std::uint8_t type = 96;
  for (const auto codec : {rtp::CodecName::kVp8, rtp::CodecName::kVp9, rtp::CodecName::kH264,
                           rtp::CodecName::kAv1, rtp::CodecName::kOpus}) {
    rtp::CodecLine line;
    line.format.codec = codec;
    line.payload_type = rtp::PayloadType(type++);
    if (codec != rtp::CodecName::kOpus) {
      line.rtx = rtp::PayloadType(type++);
      line.nack = line.pli = true;
    }
    media.codecs.push_back(line);
  }
  for (std::uint8_t id = 1; id <= rtp::kExtensionCount; ++id) {
    media.extensions.set(id, static_cast<rtp::Extension>(id - 1));
  }
  return media;
}

PeerSetup setup(std::uint64_t id) {
  PeerSetup setup;
  setup.peer = PeerId(id);
  setup.room = RoomId(1);
  setup.media = media();
  setup.publish_lines = {{"a", rtp::MediaKind::kAudio, rtp::Ssrc(1), std::nullopt},
                         {"v", rtp::MediaKind::kVideo, rtp::Ssrc(2), rtp::Ssrc(3)}};
  setup.slots = {{0, "s0", rtp::MediaKind::kAudio, rtp::Ssrc(10), std::nullopt},
                 {1, "s1", rtp::MediaKind::kVideo, rtp::Ssrc(11), rtp::Ssrc(12)}};
  return setup;
}

void flush(Router& router, Instant now) {
  DatagramBatch batch(64);
  srtp::SealBatch seals;
  for (bool more = true; more; batch.clear()) {
    Outlet outlet(batch, seals, router.counters());
    more = router.flush(now, outlet);
    for (const auto& cell : batch.cells()) {
      check(rtp::parse_packet(batch.bytes(cell)).has_value());
    }
  }
}

}  // namespace

// A peer that has joined sends whatever it likes; the input is a script of packets with their
// lengths, who sends them, and how much time passes. What leaves is RTP or RTCP, and fits a cell.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Router router(RouterLimits{.log_bytes_max = 1U << 18U, .logs_bytes_max = 1U << 20U});
  Instant now{std::chrono::seconds(10)};
  RoutedPeer* peers[] = {router.open_peer(now, setup(1)), router.open_peer(now, setup(2))};
  for (RoutedPeer* peer : peers) {
    peer->set_transport(now, Transport{});
  }
  router.open_stream(now, {StreamId(1), PeerId(1), "a"});
  router.open_stream(now, {StreamId(2), PeerId(1), "v"});
  router.open_stream(now, {StreamId(3), PeerId(2), "v"});
  router.assign_slot(now, {PeerId(2), SlotIndex(0), StreamId(1)});
  router.assign_slot(now, {PeerId(2), SlotIndex(1), StreamId(2)});

  ByteReader script(std::as_bytes(std::span(data, size)));
  while (!script.rest().empty()) {
    const unsigned step = script.u8();
    const std::size_t length = std::min<std::size_t>(script.u8() * 6U, script.rest().size());
    const Bytes bytes = script.bytes(length);
    std::vector<std::byte> packet(bytes.begin(), bytes.end());
    RoutedPeer& from = *peers[step & 1U];
    (step & 2U) != 0 ? from.handle_rtcp(now, packet, Duration::zero())
                     : router.handle_rtp(now, from, packet);
    if ((step & 4U) != 0) {
      router.assign_slot(now, {PeerId(2), SlotIndex(1), StreamId(2 + ((step >> 3U) & 1U))});
    }
    now += std::chrono::milliseconds(step >> 4U);
    if (router.next_timeout() <= now) {
      router.handle_timeout(now);
    }
    flush(router, now);
  }
  while (router.events().poll()) {
  }
  return 0;
}
