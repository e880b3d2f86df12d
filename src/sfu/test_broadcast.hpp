#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/datagram_batch.hpp"
#include "dtls/seeded_openssl.hpp"
#include "peer/test_browser.hpp"
#include "rtp/header_writer.hpp"
#include "rtp/rtcp_writer.hpp"
#include "rtp/transport_feedback.hpp"
#include "sfu/media_worker.hpp"
#include "sim/seeded_entropy.hpp"

/// A worker with one publisher and many viewers over ICE, DTLS and SRTP, without a network: what
/// the forwarding path costs is counted on it.
namespace visavis::sfu {

class TestBroadcast {
 public:
  /// A second of 1.5 Mbit/s: 30 frames of 5 packets; an audio packet comes between two frames.
  static constexpr std::size_t kPacketsPerFrame = 5;
  static constexpr std::size_t kPayloadBytes = 1150;
  static constexpr std::size_t kAudioBytes = 120;
  static constexpr Duration kFrameInterval = std::chrono::milliseconds(33);

  /// What one frame is to one viewer, its audio packet included.
  static constexpr std::size_t kPacketsPerTurn = kPacketsPerFrame + 1;

  TestBroadcast(std::size_t viewers, const MediaWorker::Options& options,
                dtls::SrtpProfiles offered = dtls::SrtpProfiles::kAll)
      : offered_(offered), worker_(now_, identity_, entropy_, options) {
    open(kPublisher, false);
    worker_.handle_command(now_, OpenStream{kStream, PeerId(kPublisher), "v"});
    worker_.handle_command(now_, OpenStream{kAudioStream, PeerId(kPublisher), "a"});
    for (std::uint64_t id = kPublisher + 1; id <= kPublisher + viewers; ++id) {
      open(id, true);
      worker_.handle_command(now_, AssignSlot{PeerId(id), SlotIndex(0), kStream});
      worker_.handle_command(now_, AssignSlot{PeerId(id), SlotIndex(1), kAudioStream});
    }
    for (int step = 0; step < 200 && connected_ <= viewers; ++step) {
      exchange();
      now_ += std::chrono::milliseconds(10);
    }
    check(connected_ == viewers + 1);
  }

  /// Seals frames as the publisher will have sent them. The first of all is a keyframe.
  void prepare(std::size_t frames) {
    for (std::size_t frame = 0; frame < frames; ++frame, timestamp_ += 2'970) {
      for (std::size_t index = 0; index < kPacketsPerFrame; ++index) {
        waiting_.push_back(browsers_.front()->client.sealed_rtp(packet(index)));
      }
      waiting_.push_back(browsers_.front()->client.sealed_rtp(audio_packet()));
    }
  }
  /// Seals what the viewers will say of these frames: a transport feedback every three frames, a
  /// report every second, and a NACK for one video packet in fifty. Needs forwarded frames before.
  void prepare_feedback(std::size_t frames) {
    feedback_.resize(frames);
    for (std::size_t frame = 0; frame < frames; ++frame) {
      for (std::size_t viewer = 1; viewer < browsers_.size(); ++viewer) {
        Buffer compound = feedback(viewer, frame);
        if (!compound.empty()) {
          feedback_[frame].add(route_of(*browsers_[viewer]),
                               browsers_[viewer]->client.sealed_rtcp(std::move(compound)));
        }
      }
    }
  }

  /// Forwards what was prepared, a frame each 33 ms; returns how many packets went to viewers.
  std::uint64_t forward() {
    const std::uint64_t before = worker_.counters().rtp_out;
    const Route from = route_of(*browsers_.front());
    for (std::size_t at = 0; at < waiting_.size(); at += kPacketsPerTurn) {
      for (std::size_t index = 0; index < kPacketsPerFrame; ++index) {
        worker_.handle_datagram(now_, from, waiting_[at + index]);
      }
      pass(kFrameInterval / 2);
      hear_feedback(at / kPacketsPerTurn);
      worker_.handle_datagram(now_, from, waiting_[at + kPacketsPerFrame]);
      pass(kFrameInterval / 2);
    }
    for (const auto& browser : browsers_) {
      if (numbers_foretold_) {
        browser->newest_video +=
            static_cast<std::uint16_t>(waiting_.size() / kPacketsPerTurn * kPacketsPerFrame);
      }
    }
    return worker_.counters().rtp_out - before;
  }
  void forget_prepared() {
    waiting_.clear();
    feedback_.clear();
  }
  /// Nothing but timers.
  void idle(Duration duration) {
    for (const Instant end = now_ + duration; now_ < end;) {
      pass(std::chrono::milliseconds(500));
    }
  }
  void close_viewers() {
    for (std::uint64_t id = kPublisher + 1; id < kPublisher + browsers_.size(); ++id) {
      worker_.handle_command(now_, ClosePeer{PeerId(id)});
    }
    flush();
  }

  [[nodiscard]] const MediaWorker& worker() const { return worker_; }

 private:
  static constexpr std::uint64_t kPublisher = 1;
  static constexpr StreamId kStream{11};
  static constexpr StreamId kAudioStream{12};
  static constexpr rtp::Ssrc kVideoSlot{1'000};
  static constexpr std::uint8_t kMid = 4, kAbsSendTime = 2, kTransportCc = 3, kVp8 = 96;
  static constexpr std::uint8_t kOpus = 111;
  static inline const SocketAddress kServer = *SocketAddress::parse("192.0.2.1:7000");

  struct Browser {
    Browser(Instant now, std::uint64_t id, const dtls::Fingerprint& server,
            dtls::SrtpProfiles offered)
        : local{"server_ufrag" + std::to_string(id), "server_password_of_24_chr"},
          remote{"browser" + std::to_string(id), "browser_password_of_24_ch"},
          identity(peer::make_identity(id + 100, offered)),
          address{IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(id)), 40'000},
          client(now,
                 {.local = remote,
                  .remote = local,
                  .local_addresses = {address},
                  .remote_candidates = {{.address = kServer, .priority = 1}}},
                 identity, server) {}

    ice::Credentials local, remote;
    dtls::Identity identity;
    SocketAddress address;
    peer::TestBrowser client;
    std::uint16_t newest_video = 0;  ///< The sequence number that came last.
  };
  /// What comes in one go.
  struct Feedback {
    void add(const Route& route, Buffer bytes) {
      owned.push_back(std::move(bytes));
      datagrams.push_back({route, owned.back()});
    }

    std::deque<Buffer> owned;
    std::vector<Datagram> datagrams;
  };

  static Route route_of(const Browser& browser) { return {kServer, browser.address}; }

  static rtp::MediaParameters media() {
    rtp::MediaParameters media;
    media.codecs.push_back({.format = {rtp::CodecName::kVp8, 0},
                            .payload_type = rtp::PayloadType(kVp8),
                            .rtx = rtp::PayloadType(kVp8 + 1),
                            .nack = true,
                            .pli = true,
                            .fir = true,
                            .transport_cc = true});
    media.codecs.push_back({.format = {rtp::CodecName::kOpus, 0},
                            .payload_type = rtp::PayloadType(kOpus),
                            .rtx = std::nullopt,
                            .transport_cc = true});
    media.extensions.set(kMid, rtp::Extension::kMid);
    media.extensions.set(kAbsSendTime, rtp::Extension::kAbsSendTime);
    media.extensions.set(kTransportCc, rtp::Extension::kTransportCc);
    return media;
  }

  void open(std::uint64_t id, bool views) {
    browsers_.push_back(std::make_unique<Browser>(now_, id, identity_.fingerprint(), offered_));
    const Browser& browser = *browsers_.back();
    PeerSetup setup;
    setup.peer = PeerId(id);
    setup.room = RoomId(1);
    setup.media = media();
    setup.local = browser.local;
    setup.remote = browser.remote;
    setup.remote_fingerprint = browser.identity.fingerprint();
    if (views) {
      setup.slots = {{0, "s0", rtp::MediaKind::kVideo, kVideoSlot, rtp::Ssrc(1'500)},
                     {1, "s1", rtp::MediaKind::kAudio, rtp::Ssrc(2'000), std::nullopt}};
    } else {
      setup.publish_lines = {{"v", rtp::MediaKind::kVideo, std::nullopt, std::nullopt},
                             {"a", rtp::MediaKind::kAudio, std::nullopt, std::nullopt}};
    }
    worker_.handle_command(now_, OpenPeer{setup});
  }

  /// Everything that waits on either side, and what is due.
  void exchange() {
    worker_.handle_timeout(now_);
    for (const auto& browser : browsers_) {
      browser->client.handle_timeout(now_);
      DatagramBatch batch(16);
      while (!batch.full() && browser->client.poll_transmit(batch)) {
      }
      for (const auto& cell : batch.cells()) {
        worker_.handle_datagram(now_, route_of(*browser), batch.bytes(cell));
      }
    }
    // A handshake's turn a wake-up: while more wait, the next is due at once.
    for (bool more = true; more || worker_.next_timeout() <= now_; batch_.clear()) {
      more = worker_.flush(now_, batch_);
      for (const auto& cell : batch_.cells()) {
        const std::size_t index = cell.route.remote.ip.v4_host_order() - 0x0A000001U;
        browsers_[index]->client.handle_datagram(now_, {cell.route.remote, kServer},
                                                 batch_.bytes(cell));
      }
    }
    take_events();
  }

  void flush() {
    for (bool more = true; more; batch_.clear()) {
      more = worker_.flush(now_, batch_);
      if (!numbers_foretold_) {
        note_numbers();
      }
    }
    take_events();
  }
  void pass(Duration duration) {
    flush();
    now_ += duration;
    worker_.handle_timeout(now_);
  }
  void hear_feedback(std::size_t frame) {
    if (frame < feedback_.size()) {
      worker_.handle_datagrams(now_, feedback_[frame].datagrams);
    }
  }

  /// Headers are in the clear: RFC 3550 §5.1.
  void note_numbers() {
    for (const auto& cell : batch_.cells()) {
      const auto packet = rtp::parse_packet(batch_.bytes(cell));
      if (packet && packet->ssrc == kVideoSlot) {
        const std::size_t index = cell.route.remote.ip.v4_host_order() - 0x0A000001U;
        browsers_[index]->newest_video = packet->sequence.value();
      }
    }
  }
  Buffer feedback(std::size_t viewer, std::size_t frame) {
    numbers_foretold_ = true;  // From now on numbers are foretold, not read.
    Buffer compound(DatagramBatch::kCellBytes);
    rtp::RtcpWriter writer(MutableBytes(compound).first(1'000));
    const std::uint16_t newest = static_cast<std::uint16_t>(browsers_[viewer]->newest_video +
                                                            ((frame + 1) * kPacketsPerFrame));
    if (frame % 30 == viewer % 30) {
      const rtp::ReportBlock block{.ssrc = kVideoSlot, .highest_sequence = newest};
      check(writer.receiver_report(rtp::Ssrc(1), {&block, 1}));
    }
    if (frame % 10 == viewer % 10) {
      const rtp::SequenceNumber missing(static_cast<std::uint16_t>(newest - 2));
      check(writer.nack(rtp::Ssrc(1), kVideoSlot, {&missing, 1}));
    }
    if (frame % 3 == 0) {
      rtp::TransportFeedbackRecorder recorder;
      for (std::size_t index = 0; index < 3 * kPacketsPerTurn; ++index) {
        recorder.handle_packet(
            now_ + Duration(static_cast<Duration::rep>(index * 250)),
            rtp::SequenceNumber(static_cast<std::uint16_t>((frame * kPacketsPerTurn) + index)));
      }
      check(recorder.write(now_, writer, rtp::Ssrc(1), kVideoSlot));
    }
    compound.resize(writer.size());
    return compound;
  }

  void take_events() {
    while (const auto event = worker_.poll_event()) {
      connected_ += std::holds_alternative<PeerConnected>(*event) ? 1U : 0U;
    }
  }

  Buffer packet(std::size_t index) {
    Buffer packet(DatagramBatch::kCellBytes);
    rtp::HeaderWriter writer(
        packet, {rtp::PayloadType(kVp8), rtp::SequenceNumber(sequence_++),
                 rtp::Timestamp(timestamp_), rtp::Ssrc(5'000), index + 1 == kPacketsPerFrame});
    writer.extension(kMid, as_bytes("v"));
    writer.extension_u16(kTransportCc, transport_sequence_++);
    packet.resize(writer.finish());
    const bool first = index == 0;
    const auto number = static_cast<std::uint16_t>(sequence_ / kPacketsPerFrame);
    // RFC 7741 §4.2: descriptor with a 15-bit picture id and TL0PICIDX, then the VP8 header.
    const Buffer front{std::byte(first ? 0x90 : 0x80),
                       std::byte{0xC0},
                       static_cast<std::byte>(0x80U | (number >> 8U)),
                       static_cast<std::byte>(number),
                       static_cast<std::byte>(number),
                       std::byte(std::exchange(keyframe_sent_, true) ? 0x01 : 0x00)};
    packet.insert(packet.end(), front.begin(), front.end());
    packet.resize(packet.size() + kPayloadBytes - front.size(), std::byte{0x5A});
    return packet;
  }

  Buffer audio_packet() {
    Buffer packet(DatagramBatch::kCellBytes);
    rtp::HeaderWriter writer(packet,
                             {rtp::PayloadType(kOpus), rtp::SequenceNumber(audio_sequence_),
                              rtp::Timestamp(audio_sequence_ * 960U), rtp::Ssrc(6'000), false});
    ++audio_sequence_;
    writer.extension(kMid, as_bytes("a"));
    writer.extension_u16(kTransportCc, transport_sequence_++);
    packet.resize(writer.finish());
    packet.resize(packet.size() + kAudioBytes, std::byte{0x5A});
    return packet;
  }

  dtls::SeededOpenssl openssl_{7};
  dtls::SrtpProfiles offered_;
  Instant now_{std::chrono::seconds(100)};
  sim::SeededEntropy entropy_{9};
  dtls::Identity identity_ = dtls::Identity::make(entropy_);
  MediaWorker worker_;
  std::vector<std::unique_ptr<Browser>> browsers_;
  DatagramBatch batch_{512};
  std::size_t connected_ = 0;
  std::vector<Buffer> waiting_;
  std::vector<Feedback> feedback_;  ///< By frame.
  std::uint16_t sequence_ = 0;
  std::uint16_t audio_sequence_ = 1;
  std::uint16_t transport_sequence_ = 0;
  std::uint32_t timestamp_ = 90'000;
  bool keyframe_sent_ = false;
  bool numbers_foretold_ = false;
};

}  // namespace visavis::sfu
