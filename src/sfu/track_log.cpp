#include "sfu/track_log.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <ranges>
#include <utility>

#include "base/check.hpp"
#include "rtp/header_extensions.hpp"
#include "rtp/keyframe.hpp"

namespace visavis::sfu {
namespace {

constexpr std::size_t kWordBits = 64;

constexpr std::uint64_t bit(std::size_t index) {
  return std::uint64_t{1} << (index % kWordBits);
}

void note_carried(LogEntry& entry, const IncomingPacket& incoming, const rtp::ExtensionMap& ids) {
  rtp::for_each_extension(incoming.view, [&](std::uint8_t id, Bytes value) {
    const auto extension = ids.at(id);
    if (!extension || !is_carried(*extension) || value.size() > 255 ||
        entry.carried_count == LogEntry::kCarriedMax) {
      return;
    }
    const auto at = static_cast<std::uint16_t>(value.data() - incoming.packet.data());
    entry.carried[entry.carried_count++] = {
        .extension = *extension, .size = static_cast<std::uint8_t>(value.size()), .at = at};
  });
}

}  // namespace

bool is_carried(rtp::Extension extension) {
  switch (extension) {
    case rtp::Extension::kAudioLevel:
    case rtp::Extension::kVideoOrientation:
    case rtp::Extension::kPlayoutDelay:
    case rtp::Extension::kDependencyDescriptor: return true;
    case rtp::Extension::kMid:
    case rtp::Extension::kRid:
    case rtp::Extension::kRepairedRid:
    case rtp::Extension::kTransportCc:
    case rtp::Extension::kAbsSendTime: return false;
  }
  return false;
}

TrackLog::TrackLog(LogPool& pool, LogLimits limits)
    : pool_(pool), limits_(limits), occupied_(limits.entries_max / kWordBits) {
  check(std::has_single_bit(limits.entries_max) && limits.entries_max >= kWordBits);
}

TrackLog::~TrackLog() {
  for (auto& chunk : chunks_) {
    pool_.give_back(std::move(chunk));
  }
}

TrackLog::Result TrackLog::append(Instant now, const IncomingPacket& incoming,
                                  const rtp::ExtensionMap& ids) {
  if (mask_ == 0) {
    mask_ = limits_.entries_max - 1;
    entries_.resize(limits_.entries_max);
  }
  const std::int64_t sequence = unwrapper_.unwrap(incoming.view.sequence);
  if (const auto refused = refusal(sequence)) {
    return {.appended = *refused};
  }
  const bool at_head = empty() || sequence > head_;
  if (at_head) {
    advance_head(sequence);
  }
  drop_old(now);
  const MutableBytes stored = store(incoming.packet.size());
  if (stored.empty()) {
    return {.appended = Appended::kNoMemory};
  }
  tail_ = std::min(tail_, sequence);
  std::memcpy(stored.data(), incoming.packet.data(), incoming.packet.size());

  const std::size_t index = static_cast<std::size_t>(sequence) & mask_;
  occupied_[index / kWordBits] |= bit(index);
  LogEntry& entry = entries_[index];
  entry = {};
  entry.sequence = sequence;
  entry.arrival = now;
  entry.packet = stored;
  entry.payload_at =
      static_cast<std::uint16_t>(incoming.packet.size() - incoming.view.payload.size());
  entry.timestamp = incoming.view.timestamp;
  entry.marker = incoming.view.marker;
  entry.pictures = PictureNumbers::read(incoming.format, incoming.view.payload);
  entry.starts_keyframe = rtp::starts_keyframe(incoming.format, incoming.view.payload);
  entry.chunk = chunks_.back().get();
  note_carried(entry, incoming, ids);
  const bool new_keyframe = entry.starts_keyframe && mark_keyframe(entry);
  bytes_appended_ += stored.size();
  return {.appended = at_head ? Appended::kAtHead : Appended::kLate,
          .entry = &entry,
          .new_keyframe = new_keyframe};
}

void TrackLog::restart() {
  for (; !empty() && tail_ <= head_; ++tail_) {
    entries_[static_cast<std::size_t>(tail_) & mask_] = {};
  }
  std::ranges::fill(occupied_, 0);
  for (auto& chunk : chunks_) {
    pool_.give_back(std::move(chunk));
  }
  chunks_.clear();
  keyframes_.clear();
  unwrapper_ = {};
  head_ = LogEntry::kNone;
  tail_ = 0;
  floor_ = 0;
  dropped_ = LogEntry::kNone;
  ++epoch_;
}

void TrackLog::keep_stills(bool keeps) {
  age_max_ = keeps ? std::max(kUnaskedAge, limits_.age_max) : limits_.age_max;
  still_age_ = keeps ? kUnaskedAge : kStillAge;
}

void TrackLog::drop_old(Instant now) {
  if (empty()) {
    return;
  }
  while (tail_ <= head_) {
    const LogEntry* oldest = find(tail_);
    if (oldest != nullptr && oldest->arrival + age_max_ >= now) {
      return;
    }
    if (oldest == nullptr && tail_ == head_) {
      return;  // The head itself, about to be written.
    }
    oldest != nullptr ? drop_tail() : move_tail(std::min(next_from(tail_), head_));
  }
}

std::int64_t TrackLog::next_from(std::int64_t sequence) const {
  if (empty()) {
    return sequence;
  }
  for (std::int64_t at = std::max(sequence, tail_); at <= head_;) {
    const std::size_t index = static_cast<std::size_t>(at) & mask_;
    const std::uint64_t word = occupied_[index / kWordBits] >> (index % kWordBits);
    if (word != 0) {
      return std::min(at + std::countr_zero(word), head_ + 1);
    }
    at += static_cast<std::int64_t>(kWordBits - (index % kWordBits));
  }
  return head_ + 1;
}

const TrackLog::Keyframe* TrackLog::newest_keyframe() const {
  for (const Keyframe& mark : std::views::reverse(keyframes_)) {
    if (find(mark.sequence) != nullptr) {
      return &mark;
    }
  }
  return nullptr;
}

std::size_t TrackLog::run_bytes() const {
  const Keyframe* keyframe = newest_keyframe();
  return keyframe == nullptr ? 0
                             : static_cast<std::size_t>(bytes_appended_ - keyframe->bytes_before);
}

bool TrackLog::is_fresh(Instant now) const {
  const Keyframe* keyframe = newest_keyframe();
  return keyframe != nullptr && now - keyframe->arrival <= kFreshAge && run_bytes() <= kFreshBytes;
}

std::optional<std::int64_t> TrackLog::find_still(Instant now) const {
  const Keyframe* keyframe = newest_keyframe();
  if (keyframe == nullptr || now - keyframe->arrival > still_age_) {
    return std::nullopt;
  }
  std::size_t bytes = 0;
  for (std::int64_t sequence = keyframe->sequence; bytes <= kStillBytes; ++sequence) {
    const LogEntry* entry = find(sequence);
    if (entry == nullptr || entry->timestamp != keyframe->timestamp) {
      return std::nullopt;
    }
    bytes += entry->packet.size();
    if (entry->marker) {
      return bytes <= kStillBytes ? std::optional(sequence) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<TrackLog::Appended> TrackLog::refusal(std::int64_t sequence) const {
  if (empty()) {
    return std::nullopt;
  }
  if (sequence < floor_ || sequence <= head_ - static_cast<std::int64_t>(limits_.entries_max)) {
    return Appended::kTooOld;
  }
  return find(sequence) != nullptr ? std::optional(Appended::kDuplicate) : std::nullopt;
}

void TrackLog::advance_head(std::int64_t sequence) {
  if (empty()) {
    tail_ = sequence;
  }
  head_ = sequence;
  const std::int64_t first_kept = sequence - static_cast<std::int64_t>(limits_.entries_max) + 1;
  while (tail_ < first_kept) {
    find(tail_) != nullptr ? drop_tail() : move_tail(std::min(next_from(tail_), first_kept));
  }
}

// Room for a packet in the chunk that is written to; empty when there is no memory at all. At its
// limit, or when the pool is exhausted, the log lives on its own oldest packets.
MutableBytes TrackLog::store(std::size_t size) {
  check(size > 0 && size <= LogChunk::kBytes);
  while (chunks_.empty() || LogChunk::kBytes - chunks_.back()->used < size) {
    if (grow()) {
      continue;
    }
    if (tail_ >= head_) {
      return {};
    }
    drop_tail();
  }
  LogChunk& chunk = *chunks_.back();
  const MutableBytes room = MutableBytes(chunk.bytes).subspan(chunk.used, size);
  chunk.used += size;
  ++chunk.entries;
  return room;
}

bool TrackLog::grow() {
  if (chunks_.size() * LogChunk::kBytes >= limits_.bytes_max) {
    return false;
  }
  auto chunk = pool_.take();
  if (chunk == nullptr) {
    return false;
  }
  chunks_.push_back(std::move(chunk));
  return true;
}

void TrackLog::drop_tail() {
  LogEntry& oldest = entries_[static_cast<std::size_t>(tail_) & mask_];
  if (oldest.sequence == tail_) {
    drop(oldest);
    dropped_ = std::max(dropped_, tail_);
  }
  move_tail(tail_ + 1);
}

void TrackLog::move_tail(std::int64_t to) {
  tail_ = to;
  floor_ = std::max(floor_, tail_);
}

void TrackLog::drop(LogEntry& entry) {
  LogChunk* chunk = entry.chunk;
  const std::size_t index = static_cast<std::size_t>(entry.sequence) & mask_;
  occupied_[index / kWordBits] &= ~bit(index);
  entry = {};
  if (--chunk->entries > 0) {
    return;
  }
  if (chunk == chunks_.back().get()) {
    chunk->used = 0;  // Nothing lies in it any more: write from its front again.
    return;
  }
  const auto at = std::ranges::find(chunks_, chunk, &std::unique_ptr<LogChunk>::get);
  pool_.give_back(std::move(*at));
  chunks_.erase(at);
}

// A keyframe may be marked by several of its packets (H.264: parameter sets and slice); its first
// counts.
bool TrackLog::mark_keyframe(const LogEntry& entry) {
  const auto after = std::ranges::upper_bound(keyframes_, entry.sequence, {}, &Keyframe::sequence);
  if (after != keyframes_.begin() && std::prev(after)->timestamp == entry.timestamp) {
    return false;
  }
  if (after != keyframes_.end() && after->timestamp == entry.timestamp) {
    after->sequence = entry.sequence;
    return false;
  }
  keyframes_.insert(after, {.sequence = entry.sequence,
                            .arrival = entry.arrival,
                            .timestamp = entry.timestamp,
                            .bytes_before = bytes_appended_});
  if (keyframes_.size() > kKeyframesMax) {
    keyframes_.pop_front();
  }
  return true;
}

}  // namespace visavis::sfu
