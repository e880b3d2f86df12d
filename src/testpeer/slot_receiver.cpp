#include "testpeer/slot_receiver.hpp"

#include <algorithm>
#include <array>

#include "rtp/rtx.hpp"
#include "rtp/vp8_descriptor.hpp"
#include "testpeer/audio_source.hpp"
#include "testpeer/video_source.hpp"

namespace visavis::testpeer {
namespace {

constexpr std::size_t kNacksAtOnce = 100;  // A NACK packet of 400 bytes at most.

std::uint32_t clock_rate(rtp::MediaKind kind) {
  return rtp::clock_rate(kind == rtp::MediaKind::kAudio ? rtp::CodecName::kOpus
                                                        : rtp::CodecName::kVp8);
}

}  // namespace

SlotReceiver::SlotReceiver(SlotPlace place)
    : place_(std::move(place)), stats_(place_.ssrc, clock_rate(place_.kind)) {}

void SlotReceiver::handle_rtp(Instant now, const rtp::CodecLine& codec,
                              const rtp::PacketView& packet) {
  handle_sealed(now, codec, packet);
  if (place_.kind == rtp::MediaKind::kVideo) {
    handle_video(now, codec, packet);
  } else {
    handle_audio(now, packet);
  }
}

void SlotReceiver::handle_sealed(Instant now, const rtp::CodecLine& codec,
                                 const rtp::PacketView& packet) {
  ++report_.packets;
  report_.bytes += packet.payload.size();
  stats_.handle_packet(now, packet.sequence, packet.timestamp);
  repairs_ = codec.nack;
  came_on_request_ = repairs_ && nacks_.handle_packet(now, packet.sequence);
}

void SlotReceiver::stop_watching_frames() {
  watches_frames_ = false;
  frames_.rest();
}

void SlotReceiver::handle_rtx(Instant now, const rtp::CodecLine& codec,
                              const rtp::PacketView& packet) {
  const auto original = rtp::parse_rtx(packet.payload);
  if (!original) {
    return;  // A probe.
  }
  ++report_.retransmissions;
  nacks_.handle_packet(now, original->original);
  rtp::PacketView restored = packet;
  restored.sequence = original->original;
  restored.payload = original->payload;
  handle_video(now, codec, restored);
}

void SlotReceiver::handle_video(Instant now, const rtp::CodecLine& codec,
                                const rtp::PacketView& packet) {
  const std::size_t descriptor = leading_bytes(codec.format.codec, packet.payload);
  const auto stamp = packet.payload.size() < descriptor
                         ? std::nullopt
                         : read_stamp(packet.payload.subspan(descriptor));
  if (!stamp) {
    ++report_.damaged;
    return;
  }
  newest_stamp_ = {.stamp = *stamp, .sequence = packet.sequence, .timestamp = packet.timestamp};
  if (!watches_frames_) {
    return;
  }
  ReceivedPacket received{.sequence = packet.sequence,
                          .timestamp = packet.timestamp,
                          .stamp = *stamp,
                          .marker = packet.marker,
                          .picture_id = std::nullopt};
  if (codec.format.codec == rtp::CodecName::kVp8) {
    if (const auto vp8 = rtp::parse_vp8(packet.payload)) {
      received.picture_id = vp8->picture_id;
    }
  }
  frames_.handle_packet(now, received);
}

void SlotReceiver::handle_audio(Instant now, const rtp::PacketView& packet) {
  const auto stamp =
      packet.payload.empty() ? std::nullopt : read_stamp(packet.payload.subspan(kOpusTocBytes));
  report_.damaged += stamp ? 0U : 1U;
  if (stamp) {
    newest_stamp_ = {.stamp = *stamp, .sequence = packet.sequence, .timestamp = packet.timestamp};
  }
  ++report_.audio_packets;
  report_.last_audio_at = now;
  if (audio_sequence_ && !rtp::newer_than(packet.sequence, *audio_sequence_)) {
    return;  // Reordered on the way.
  }
  if (audio_sequence_) {
    report_.audio_gaps += rtp::distance(*audio_sequence_, packet.sequence) > 1 ? 1U : 0U;
    report_.audio_breaks += rtp::newer_than(packet.timestamp, audio_timestamp_) ? 0U : 1U;
  }
  audio_sequence_ = packet.sequence;
  audio_timestamp_ = packet.timestamp;
  report_.audio_source = stamp ? stamp->source : report_.audio_source;
}

void SlotReceiver::handle_sender_report(Instant now, const rtp::SenderReport& report) {
  stats_.handle_sender_report(now, report.ntp);
  ++report_.sender_reports;
  if (!first_report_) {
    first_report_ = report;
    return;
  }
  const Duration passed = rtp::ntp_difference(report.ntp, first_report_->ntp);
  const std::int64_t ticks = passed.count() * clock_rate(place_.kind) / 1'000'000;
  const auto expected =
      rtp::Timestamp(first_report_->timestamp.value() + static_cast<std::uint32_t>(ticks));
  const std::int64_t off = std::abs(rtp::distance(expected, report.timestamp));
  const Duration error(off * 1'000'000 / clock_rate(place_.kind));
  report_.clock_error_max = std::max(report_.clock_error_max, error);
}

Instant SlotReceiver::next_timeout() const {
  return std::min(nacks_.next_timeout(), frames_.next_timeout());
}

void SlotReceiver::write_feedback(Instant now, rtp::RtcpWriter& writer, rtp::Ssrc ours) {
  std::array<rtp::SequenceNumber, kNacksAtOnce> missing;
  const auto asked = nacks_.poll_nack(now, missing);
  if (!asked.empty() && writer.nack(ours, place_.ssrc, asked)) {
    report_.nacks_sent += asked.size();
  }
  if (nacks_.take_needs_keyframe()) {
    if (watches_frames_) {
      frames_.handle_loss(now);
    } else if (writer.pli(ours, place_.ssrc)) {
      ++report_.plis_sent;
    }
  }
  if (frames_.poll_keyframe_request(now) && writer.pli(ours, place_.ssrc)) {
    ++report_.plis_sent;
  }
}

SlotReport SlotReceiver::report() const {
  SlotReport report = report_;
  report.video = frames_.report();
  report.given_up = nacks_.given_up();
  return report;
}

}  // namespace visavis::testpeer
