#include "sfu/stream.hpp"

#include <algorithm>

#include "rtp/header_extensions.hpp"
#include "sfu/slot.hpp"

namespace visavis::sfu {
namespace {

LogLimits limits_for(rtp::MediaKind kind, std::size_t log_bytes_max) {
  LogLimits limits = kind == rtp::MediaKind::kAudio ? kAudioLogLimits : LogLimits{};
  limits.bytes_max = std::min(limits.bytes_max, log_bytes_max);
  return limits;
}

std::optional<DropReason> drop_reason(TrackLog::Appended appended) {
  switch (appended) {
    case TrackLog::Appended::kAtHead:
    case TrackLog::Appended::kLate: return std::nullopt;
    case TrackLog::Appended::kDuplicate: return DropReason::kDuplicate;
    case TrackLog::Appended::kTooOld: return DropReason::kTooOld;
    case TrackLog::Appended::kNoMemory: return DropReason::kNoMemory;
  }
  return std::nullopt;
}

}  // namespace

Stream::Stream(const Identity& identity, RouterParts& parts, std::size_t log_bytes_max)
    : identity_(identity),
      parts_(parts),
      clock_(clock_rate_of(identity.kind)),
      voice_(identity.id) {
  layers_.push_back(std::make_unique<Layer>(parts.pool, limits_for(identity.kind, log_bytes_max)));
  arrivals_.fill(Instant::min());
  counters_.stream = identity.id;
  counters_.publisher = identity.publisher_id;
  counters_.kind = identity.kind;
}

void Stream::handle_packet(Instant now, const IncomingPacket& incoming,
                           const rtp::ExtensionMap& ids) {
  const bool format_changed = format_ != incoming.format;
  if (format_changed) {
    change_format(now, incoming.format);
  }
  const auto result = layers_.front()->log.append(now, incoming, ids);
  if (const auto reason = drop_reason(result.appended)) {
    parts_.counters.drop(*reason);
    return;
  }
  ++counters_.packets;
  counters_.bytes += incoming.packet.size();
  clock_.handle_packet(now, incoming.view.timestamp);
  if (result.new_keyframe) {
    handle_keyframe(now);
  }
  if (format_changed && identity_.kind == rtp::MediaKind::kAudio) {
    for (const Reader& reader : readers_) {
      reader.slot->begin(now);
    }
  }
  if (result.appended == TrackLog::Appended::kLate) {
    for (const Reader& reader : readers_) {
      reader.slot->handle_late_packet(result.entry->sequence);
    }
  }
  if (identity_.kind == rtp::MediaKind::kAudio) {
    hear(now, *result.entry);
  }
  parts_.work.mark(*this);
}

void Stream::handle_sender_report(Instant at, rtp::Timestamp timestamp) {
  clock_.handle_sender_report(at, timestamp);
}

void Stream::restart(Instant now) {
  layers_.front()->log.restart();
  clock_.restart();
  format_.reset();  // The next packet begins everything anew, as the first one did.
  for (const Reader& reader : readers_) {
    reader.slot->begin(now);
  }
}

void Stream::add_reader(Slot& slot) {
  readers_.push_back({.slot = &slot, .viewer = &slot.owner()});
}

void Stream::remove_reader(const Slot& slot) {
  std::erase_if(readers_, [&slot](const Reader& reader) { return reader.slot == &slot; });
}

void Stream::set_takes_requests(bool takes) {
  if (identity_.kind != rtp::MediaKind::kVideo) {
    return;
  }
  takes_requests_ = takes;
  layers_.front()->log.keep_stills(!takes);
  if (!takes) {
    layers_.front()->keyframes.cancel();
  }
}

void Stream::note_arrival(Instant now, bool from_cache) {
  std::ranges::rotate(arrivals_, arrivals_.begin() + 1);
  arrivals_.back() = now;
  ++(from_cache ? counters_.cache_hits : counters_.cache_misses);
  ++(from_cache ? parts_.counters.cache_hits : parts_.counters.cache_misses);
  parts_.work.mark(*identity_.publisher);  // A refresh may have become due.
}

void Stream::want_keyframe(Instant now) {
  if (identity_.kind != rtp::MediaKind::kVideo || !takes_requests_) {
    return;
  }
  wanted_until_ = now + kWantedSpan;
  if (!layers_.front()->keyframes.want(now)) {
    ++parts_.counters.plis_coalesced;
  }
  parts_.work.mark(*identity_.publisher);
}

void Stream::warm(Instant now) {
  if (!layers_.front()->log.is_fresh(now)) {
    want_keyframe(now);
  }
}

bool Stream::poll_keyframe_request(Instant now) {
  Layer& layer = *layers_.front();
  if (now >= refresh_at()) {
    refreshed_ = keyframe_at_;
    wanted_until_ = now + kWantedSpan;
    layer.keyframes.want(now);
  }
  if (layer.keyframes.wanted() && now > wanted_until_ && !somebody_waits()) {
    layer.keyframes.cancel();
  }
  if (!layer.keyframes.poll_request(now)) {
    return false;
  }
  ++counters_.plis;
  ++parts_.counters.plis_to_publishers;
  return true;
}

Instant Stream::next_timeout() const {
  return std::min(layers_.front()->keyframes.next_timeout(), refresh_at());
}

void Stream::drop_old(Instant now) {
  layers_.front()->log.drop_old(now);
}

void Stream::set_round_trip(Duration round_trip) {
  layers_.front()->keyframes.set_round_trip(round_trip);
}

StreamCounters Stream::counters() const {
  StreamCounters counters = counters_;
  counters.log_bytes = layers_.front()->log.bytes_held();
  return counters;
}

void Stream::set_muted(bool muted) {
  muted_ = muted;
  voice_.set_muted(muted);
}

void Stream::hear(Instant now, const LogEntry& entry) {
  for (std::size_t index = 0; index < entry.carried_count; ++index) {
    const CarriedExtension& carried = entry.carried[index];
    if (carried.extension != rtp::Extension::kAudioLevel) {
      continue;
    }
    if (const auto level = rtp::read_audio_level(entry.packet.subspan(carried.at, carried.size))) {
      voice_.hear(now, level->below_full_dbov);
    }
  }
}

void Stream::change_format(Instant now, const rtp::Format& format) {
  if (format_) {
    layers_.front()->log.restart();
  }
  format_ = format;
  parts_.events.push(StreamActive{.stream = identity_.id, .format = format});
  for (const Reader& reader : readers_) {
    reader.slot->begin(now);
  }
}

void Stream::handle_keyframe(Instant now) {
  ++counters_.keyframes;
  ++parts_.counters.keyframes;
  layers_.front()->keyframes.handle_keyframe();
  keyframe_at_ = now;
  for (const Reader& reader : readers_) {
    reader.slot->handle_keyframe(now);
  }
}

// Those who only wait for the viewer's transport are served by the cache when it is there; they
// count as waiting all the same.
bool Stream::somebody_waits() const {
  return std::ranges::any_of(readers_,
                             [](const Reader& reader) { return reader.slot->needs_keyframe(); });
}

Instant Stream::refresh_at() const {
  if (!keyframe_at_ || muted_ || !takes_requests_ || keyframe_at_ == refreshed_) {
    return kNever;
  }
  const Instant at = *keyframe_at_ + kRefreshAge;
  if (readers_.empty()) {
    return at;
  }
  const bool rush =
      arrivals_.front() != Instant::min() && arrivals_.back() - arrivals_.front() <= kRushSpan;
  return rush && at <= arrivals_.front() + kRushSpan ? at : kNever;
}

}  // namespace visavis::sfu
