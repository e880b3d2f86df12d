#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/datagram_batch.hpp"
#include "rtp/header_extensions.hpp"
#include "rtp/header_writer.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/rtcp_writer.hpp"
#include "sfu/router.hpp"

// For the tests of this folder: a router without transports, in virtual time, with hand-made
// packets in the clear.
namespace visavis::sfu {

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): tests only.

/// The two browsers' numbers differ, as they do in life.
struct Numbers {
  std::uint8_t vp8, vp8_rtx, h264, h264_rtx, opus;
  std::uint8_t mid, audio_level, abs_send_time, transport_cc;
};
inline constexpr Numbers kPublisherNumbers{96, 97, 102, 103, 111, 4, 1, 2, 3};
inline constexpr Numbers kViewerNumbers{120, 124, 126, 127, 109, 3, 1, 5, 7};

inline constexpr rtp::Format kVp8{rtp::CodecName::kVp8, 0};
inline constexpr rtp::Format kH264{rtp::CodecName::kH264, 1};
inline constexpr rtp::Format kOpus{rtp::CodecName::kOpus, 0};

inline rtp::MediaParameters media_of(const Numbers& n) {
  rtp::MediaParameters media;
  const auto video = [&](rtp::Format format, std::uint8_t type, std::uint8_t rtx) {
    media.codecs.push_back({.format = format,
                            .payload_type = rtp::PayloadType(type),
                            .rtx = rtp::PayloadType(rtx),
                            .nack = true,
                            .pli = true,
                            .fir = true,
                            .transport_cc = true});
  };
  video(kVp8, n.vp8, n.vp8_rtx);
  video(kH264, n.h264, n.h264_rtx);
  media.codecs.push_back({.format = kOpus,
                          .payload_type = rtp::PayloadType(n.opus),
                          .rtx = std::nullopt,
                          .transport_cc = true});
  media.extensions.set(n.mid, rtp::Extension::kMid);
  media.extensions.set(n.audio_level, rtp::Extension::kAudioLevel);
  media.extensions.set(n.abs_send_time, rtp::Extension::kAbsSendTime);
  media.extensions.set(n.transport_cc, rtp::Extension::kTransportCc);
  return media;
}

/// A VP8 packet that a publisher sends.
struct Vp8Packet {
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool keyframe = false;
  bool first = true;  ///< Of its frame.
  bool last = true;   ///< Of its frame: the marker.
  std::uint16_t picture_id = 0;
  std::uint8_t tl0 = 0;
  std::size_t filler = 100;
};

inline Buffer vp8_payload(const Vp8Packet& packet) {
  Buffer payload{std::byte(packet.first ? 0x90 : 0x80),
                 std::byte{0xC0},
                 static_cast<std::byte>(0x80U | (packet.picture_id >> 8U)),
                 static_cast<std::byte>(packet.picture_id & 0xFFU),
                 std::byte{packet.tl0},
                 std::byte(packet.keyframe ? 0x00 : 0x01)};
  payload.resize(payload.size() + packet.filler, static_cast<std::byte>(packet.sequence));
  return payload;
}

struct Line {
  rtp::Ssrc ssrc;
  std::string mid;
};

inline Buffer rtp_packet(const rtp::Header& header, const Line& line, Bytes payload,
                         std::optional<std::uint8_t> audio_level = std::nullopt,
                         std::optional<std::uint16_t> transport_cc = std::nullopt) {
  Buffer packet(1500);
  rtp::HeaderWriter writer(packet, header);
  writer.extension(kPublisherNumbers.mid, as_bytes(line.mid));
  if (audio_level) {
    const std::byte level{*audio_level};
    writer.extension(kPublisherNumbers.audio_level, Bytes(&level, 1));
  }
  if (transport_cc) {
    writer.extension_u16(kPublisherNumbers.transport_cc, *transport_cc);
  }
  packet.resize(writer.finish());
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

/// What left to one peer.
struct SentRtp {
  std::uint8_t payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  bool marker = false;
  Buffer payload;
  Buffer datagram;

  [[nodiscard]] std::optional<Buffer> extension(std::uint8_t id) const {
    const auto view = rtp::parse_packet(datagram);
    const auto value = rtp::find_extension(*view, id);
    return value ? std::optional(to_buffer(*value)) : std::nullopt;
  }
  /// Of VP8 payloads as `vp8_payload` makes them.
  [[nodiscard]] unsigned picture_id() const {
    return (std::to_integer<unsigned>(payload[2]) & 0x7FU) << 8U |
           std::to_integer<unsigned>(payload[3]);
  }
  [[nodiscard]] unsigned tl0() const { return std::to_integer<unsigned>(payload[4]); }
  [[nodiscard]] bool is_keyframe_start() const {
    return payload[0] == std::byte{0x90} && payload[5] == std::byte{0};
  }
};

struct Sent {
  std::vector<SentRtp> rtp;
  std::vector<Buffer> rtcp;

  template <class Packet>
  [[nodiscard]] std::vector<Packet> feedback() const {
    std::vector<Packet> found;
    for (const Buffer& compound : rtcp) {
      const auto read =
          rtp::for_each_rtcp(compound, [&found](const Packet& packet) { found.push_back(packet); });
      EXPECT_TRUE(read.has_value());
    }
    return found;
  }
  [[nodiscard]] std::vector<std::uint16_t> sequences() const {
    std::vector<std::uint16_t> numbers;
    for (const SentRtp& packet : rtp) {
      numbers.push_back(packet.sequence);
    }
    return numbers;
  }
};

/// Peers 1, 2, … in room 1. Each may publish on mid "a" (audio) and "v" (video); each has audio
/// slot 0 and video slots 1 and 2.
class TestCall {
 public:
  explicit TestCall(const RouterLimits& limits = {}) : router(limits) {}

  static constexpr std::uint32_t kVideoSlotSsrc = 1001;
  static constexpr std::uint32_t kVideoSlotRtxSsrc = 1501;

  PeerSetup setup(std::uint64_t id, const Numbers& numbers) {
    PeerSetup setup;
    setup.peer = PeerId(id);
    setup.room = RoomId(1);
    setup.media = media_of(numbers);
    setup.publish_lines = {{"a", rtp::MediaKind::kAudio, std::nullopt, std::nullopt},
                           {"v", rtp::MediaKind::kVideo, std::nullopt, std::nullopt}};
    setup.slots = {
        {0, "s0", rtp::MediaKind::kAudio, rtp::Ssrc(1000), std::nullopt},
        {1, "s1", rtp::MediaKind::kVideo, rtp::Ssrc(kVideoSlotSsrc), rtp::Ssrc(kVideoSlotRtxSsrc)},
        {2, "s2", rtp::MediaKind::kVideo, rtp::Ssrc(1002), rtp::Ssrc(1502)}};
    return setup;
  }

  RoutedPeer& open(std::uint64_t id, const Numbers& numbers = kViewerNumbers) {
    RoutedPeer* peer = router.open_peer(now, setup(id, numbers));
    EXPECT_NE(peer, nullptr);
    return *peer;
  }
  void connect(RoutedPeer& peer) {
    Transport transport;
    transport.route.remote.port = static_cast<std::uint16_t>(peer.id().value());
    peer.set_transport(now, transport);
  }
  RoutedPeer& viewer(std::uint64_t id, const Numbers& numbers = kViewerNumbers) {
    RoutedPeer& peer = open(id, numbers);
    connect(peer);
    return peer;
  }
  /// A connected peer with streams 10 * id (audio) and 10 * id + 1 (video).
  RoutedPeer& publisher(std::uint64_t id) {
    RoutedPeer& peer = viewer(id, kPublisherNumbers);
    router.open_stream(now, {StreamId(10 * id), PeerId(id), "a"});
    router.open_stream(now, {StreamId((10 * id) + 1), PeerId(id), "v"});
    return peer;
  }
  static StreamId audio_of(std::uint64_t id) { return StreamId(10 * id); }
  static StreamId video_of(std::uint64_t id) { return StreamId((10 * id) + 1); }

  void show(RoutedPeer& viewer, std::uint16_t slot, std::optional<StreamId> stream) {
    router.assign_slot(now, {viewer.id(), SlotIndex(slot), stream});
  }

  void receive(RoutedPeer& from, Buffer packet) { router.handle_rtp(now, from, packet); }
  void receive_vp8(RoutedPeer& from, const Vp8Packet& packet) {
    const rtp::Header header{rtp::PayloadType(kPublisherNumbers.vp8),
                             rtp::SequenceNumber(packet.sequence), rtp::Timestamp(packet.timestamp),
                             video_ssrc(from), packet.last};
    receive(from, rtp_packet(header, {video_ssrc(from), "v"}, vp8_payload(packet)));
  }
  void receive_opus(RoutedPeer& from, std::uint16_t sequence, std::uint32_t timestamp,
                    std::uint8_t level = 30) {
    const rtp::Header header{rtp::PayloadType(kPublisherNumbers.opus),
                             rtp::SequenceNumber(sequence), rtp::Timestamp(timestamp),
                             audio_ssrc(from), false};
    receive(from, rtp_packet(header, {audio_ssrc(from), "a"}, Buffer(60), level));
  }
  template <class Write>
  void receive_rtcp(RoutedPeer& from, Write&& write, Duration waited = Duration::zero()) {
    Buffer compound(1200);
    rtp::RtcpWriter writer(compound);
    writer.receiver_report(rtp::Ssrc(77));
    write(writer);
    from.handle_rtcp(now, writer.written(), waited);
  }
  static rtp::Ssrc video_ssrc(const RoutedPeer& peer) {
    return rtp::Ssrc(static_cast<std::uint32_t>(5000 + peer.id().value()));
  }
  static rtp::Ssrc audio_ssrc(const RoutedPeer& peer) {
    return rtp::Ssrc(static_cast<std::uint32_t>(6000 + peer.id().value()));
  }

  /// What leaves now, to all; `to()` picks one peer's.
  void flush() {
    while (flush_once()) {
    }
  }
  /// One batch of it; whether more waits.
  bool flush_once() {
    srtp::SealBatch seals;
    DatagramBatch batch(cells_max);
    Outlet outlet(batch, seals, router.counters());
    const bool more = router.flush(now, outlet);
    for (const auto& cell : batch.cells()) {
      left.push_back({cell.route.remote.port, to_buffer(batch.bytes(cell))});
    }
    return more;
  }
  /// To whom the RTP went that has left and was not taken yet, and its SSRCs, in that order.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint32_t>> order_of_rtp() const {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
    for (const Datagram& datagram : left) {
      if (!rtp::is_rtcp(datagram.bytes)) {
        order.emplace_back(datagram.to, rtp::parse_packet(datagram.bytes)->ssrc.value());
      }
    }
    return order;
  }
  /// Lets time pass in steps of its timers, sending what is due.
  void run(Duration duration) {
    const Instant end = now + duration;
    flush();
    for (Instant next = router.next_timeout(); next <= end; next = router.next_timeout()) {
      now = std::max(now, next);
      router.handle_timeout(now);
      flush();
    }
    now = end;
  }
  /// What has left to `peer` since it was asked last.
  Sent take(const RoutedPeer& peer) {
    Sent sent;
    std::erase_if(left, [&](const Datagram& datagram) {
      if (datagram.to != peer.id().value()) {
        return false;
      }
      add(sent, datagram.bytes);
      return true;
    });
    return sent;
  }
  void forget_sent() { left.clear(); }
  Sent flush_and_take(const RoutedPeer& peer) {
    flush();
    return take(peer);
  }

  /// A frame of one packet every `interval`, from `first` on; the first may be a keyframe.
  void publish_frames(RoutedPeer& from, Vp8Packet first, int count, Duration interval = 33ms) {
    for (int frame = 0; frame < count; ++frame) {
      receive_vp8(from, first);
      flush();
      run(interval);
      first.keyframe = false;
      ++first.sequence;
      first.timestamp += 2970;
      ++first.picture_id;
      ++first.tl0;
    }
  }

  std::vector<Event> events() {
    std::vector<Event> events;
    while (auto event = router.events().poll()) {
      events.push_back(std::move(*event));
    }
    return events;
  }
  template <class Kind>
  std::vector<Kind> events_of() {
    std::vector<Kind> found;
    for (Event& event : events()) {
      if (auto* kind = std::get_if<Kind>(&event)) {
        found.push_back(std::move(*kind));
      }
    }
    return found;
  }

  Instant now{1000s};
  std::size_t cells_max = 64;
  Router router;

 private:
  struct Datagram {
    std::uint64_t to = 0;
    Buffer bytes;
  };

  static void add(Sent& sent, const Buffer& bytes) {
    if (rtp::is_rtcp(bytes)) {
      sent.rtcp.push_back(bytes);
      return;
    }
    const auto view = rtp::parse_packet(bytes);
    ASSERT_TRUE(view.has_value());
    sent.rtp.push_back({view->payload_type.value(), view->sequence.value(), view->timestamp.value(),
                        view->ssrc.value(), view->marker, to_buffer(view->payload), bytes});
  }

  std::vector<Datagram> left;
};

}  // namespace visavis::sfu
