#include <algorithm>

#include "base/byte_reader.hpp"
#include "load/server_usage.hpp"
#include "load/swarm.hpp"
#include "net/clock.hpp"
#include "rtp/rtcp.hpp"

// What a swarm measures, from the packets that pass it.
namespace visavis::load {
namespace {

const testpeer::SlotReceiver* slot_of(const testpeer::MediaSession& media, rtp::Ssrc ssrc) {
  const auto slots = media.slots();
  const auto slot = std::ranges::find(
      slots, ssrc, [](const testpeer::SlotReceiver& of) { return of.place().ssrc; });
  return slot == slots.end() ? nullptr : &*slot;
}

}  // namespace

bool Swarm::is_rtp(Bytes datagram) {
  constexpr std::size_t kHeaderBytes = 12;
  return datagram.size() > kHeaderBytes && (std::to_integer<unsigned>(datagram[0]) >> 6U) == 2 &&
         !rtp::is_rtcp(datagram);
}

Swarm::Stream* Swarm::stream_of(Member& member, const rtp::PacketView& packet) {
  for (Stream& stream : member.streams) {
    if (stream.ssrc == packet.ssrc || stream.rtx_ssrc == packet.ssrc) {
      return &stream;
    }
  }
  for (const testpeer::SlotReceiver& slot : member.client->media().slots()) {
    if (slot.place().ssrc == packet.ssrc) {
      member.streams.push_back({.ssrc = packet.ssrc,
                                .rtx_ssrc = slot.place().rtx_ssrc,
                                .kind = slot.place().kind,
                                .watch = {},
                                .before = {}});
      return &member.streams.back();
    }
    if (slot.place().rtx_ssrc == packet.ssrc) {
      for (Stream& stream : member.streams) {
        if (stream.ssrc == slot.place().ssrc) {
          stream.rtx_ssrc = packet.ssrc;
          return &stream;
        }
      }
    }
  }
  return nullptr;
}

void Swarm::note_rtp(Instant now, Member& member, const rtp::PacketView& packet) {
  Stream* stream = stream_of(member, packet);
  if (stream == nullptr) {
    return;
  }
  if (stream->rtx_ssrc == packet.ssrc) {
    // Opened in place by now: the original's number comes first (RFC 4588 §4).
    if (packet.payload.size() > 2 + srtp::tag_bytes(srtp::Profile::kAeadAes128Gcm)) {
      stream->watch.handle_repair(rtp::SequenceNumber(ByteReader(packet.payload).u16()));
    }
    return;
  }
  const testpeer::SlotReceiver* slot = slot_of(member.client->media(), packet.ssrc);
  if (slot != nullptr && slot->came_on_request()) {
    stream->watch.handle_repair(packet.sequence);
  } else {
    note_arrival(now, member, *stream, packet);
  }
  if (!member.sees) {
    note_first_frame(now, member, stream->kind);
  }
}

void Swarm::note_arrival(Instant now, Member& member, Stream& stream,
                         const rtp::PacketView& packet) {
  const StreamWatch::Arrival arrival =
      stream.watch.handle_packet(now, packet.sequence, packet.timestamp);
  if (arrival.latency) {
    latency_.add(*arrival.latency);
  }
  if (arrival.place == StreamWatch::Place::kUnknown) {
    learn(member, stream, packet);
  }
}

/// If the packet was opened, its stamp says which of its publisher's it is; else the next one is.
void Swarm::learn(Member& member, Stream& stream, const rtp::PacketView& packet) {
  testpeer::MediaSession& media = member.client->media();
  const testpeer::SlotReceiver* slot = slot_of(media, stream.ssrc);
  const auto& newest =
      slot == nullptr ? std::optional<testpeer::StampedPacket>() : slot->newest_stamp();
  if (!newest || newest->sequence != packet.sequence) {
    media.open_next();
    return;
  }
  const auto source = sources_.find(newest->stamp.source);
  if (source == sources_.end()) {
    return;
  }
  Member& publisher = members_[source->second.member];
  const testpeer::MediaSession& sender = publisher.client->media();
  const bool video = source->second.kind == rtp::MediaKind::kVideo;
  const SentLog& log = video ? *publisher.video : *publisher.audio;
  const auto sent_as = [&](const testpeer::SendStream& sending) {
    return log.find(sending.timestamp_at(newest->stamp.captured), newest->stamp.index);
  };
  const SentLog::Packet* sent = nullptr;
  if (video && sender.camera() != nullptr) {
    sent = sent_as(sender.camera()->stream());
  } else if (!video && sender.microphone() != nullptr) {
    sent = sent_as(sender.microphone()->stream());
  }
  if (sent != nullptr) {
    const bool began = stream.watch.source() == nullptr;
    stream.watch.learn(log, *sent, packet.sequence, packet.timestamp);
    if (began) {
      stream.frames_before = log.frames();
      stream.packets_before = log.packets();
    }
  }
}

void Swarm::note_first_frame(Instant now, Member& member, rtp::MediaKind kind) {
  testpeer::MediaSession& media = member.client->media();
  const bool audio_alone = options_.scenario == Scenario::kAudio;
  const bool shown = audio_alone ? kind == rtp::MediaKind::kAudio
                                 : std::ranges::any_of(media.slots(), [](const auto& slot) {
                                     return slot.first_frame_at().has_value();
                                   });
  if (!shown) {
    return;
  }
  member.sees = true;
  ++census_.seeing;
  if (const auto asked = member.client->asked_at()) {
    first_frame_.add(now - *asked);
  }
  if (!member.opened) {
    media.read_headers_only();
  }
}

void Swarm::note_published(Instant now, Member& member, std::size_t first_cell) {
  const testpeer::MediaSession& media = member.client->media();
  bool video_burst = false;
  bool audio_burst = false;
  for (std::size_t at = first_cell; at < batch_.cells().size(); ++at) {
    const Bytes bytes = batch_.bytes(batch_.cells()[at]);
    const auto packet =
        is_rtp(bytes) ? rtp::parse_packet(bytes).value_or(rtp::PacketView{}) : rtp::PacketView{};
    if (packet.payload.empty()) {
      continue;
    }
    const auto* const camera = media.camera();
    const auto* const microphone = media.microphone();
    if (camera != nullptr && camera->stream().line().ssrc == packet.ssrc) {
      member.video->handle_sent(now, packet.sequence, packet.timestamp, packet.marker);
      ++totals_.video.packets;
      totals_.video.bytes += bytes.size();
      video_burst = true;
    } else if (microphone != nullptr && microphone->stream().line().ssrc == packet.ssrc) {
      member.audio->handle_sent(now, packet.sequence, packet.timestamp, packet.marker);
      ++totals_.audio.packets;
      totals_.audio.bytes += bytes.size();
      audio_burst = true;
    }
  }
  totals_.video.bursts += video_burst ? 1U : 0U;
  totals_.audio.bursts += audio_burst ? 1U : 0U;
}

void Swarm::begin_span() {
  for (Member& member : members_) {
    for (Stream& stream : member.streams) {
      stream.before = stream.watch.counts();
      if (const SentLog* source = stream.watch.source()) {
        stream.frames_before = source->frames();
        stream.packets_before = source->packets();
      }
    }
  }
  latency_.clear();
  totals_before_ = totals_;
  departed_video_ = {};
  departed_audio_ = {};
}

Result Swarm::end_span() const {
  Result result;
  result.viewers = census_.viewers;
  result.publishers = census_.publishers;
  result.forwarded = totals_.forwarded - totals_before_.forwarded;
  result.bytes = totals_.bytes - totals_before_.bytes;
  result.video = departed_video_;
  result.audio = departed_audio_;
  result.failed = census_.failed;
  result.failure = census_.failure;
  result.latency = latency_;
  result.first_frame = first_frame_;
  result.video_published = totals_.video - totals_before_.video;
  result.audio_published = totals_.audio - totals_before_.audio;
  for (const Member& member : members_) {
    if (member.client && member.part.views) {
      count_viewer(member, result);
    }
  }
  return result;
}

void Swarm::count_viewer(const Member& member, Result& result) {
  const bool stays = !member.part.comes_and_goes;
  result.opened += member.opened ? 1U : 0U;
  result.without_frames += stays && !member.sees ? 1U : 0U;
  if (member.opened) {
    for (const testpeer::SlotReceiver& slot : member.client->media().slots()) {
      result.breaks += slot.breaks();
    }
  }
  for (const Stream& stream : member.streams) {
    const StreamCounts counts = stream.watch.counts() - stream.before;
    (stream.kind == rtp::MediaKind::kVideo ? result.video : result.audio) += counts;
    const SentLog* source = stream.watch.source();
    if (source == nullptr || !stays) {
      continue;
    }
    const std::uint64_t sent = source->packets() - stream.packets_before;
    result.starving += counts.received * 2 < sent ? 1U : 0U;
    if (stream.kind == rtp::MediaKind::kVideo) {
      result.frames_completed += counts.frames;
      result.frames_sent += source->frames() - stream.frames_before;
    }
  }
}

std::uint64_t Swarm::drops() const {
  std::uint64_t sum = departed_drops_ + (shared_ ? socket_drops(shared_->fd()) : 0);
  for (const Member& member : members_) {
    sum += member.socket ? socket_drops(member.socket->fd()) : 0;
  }
  return sum;
}

}  // namespace visavis::load
