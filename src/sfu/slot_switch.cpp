// Where a slot is put behind another stream, and where in the log it begins.

#include <algorithm>

#include "sfu/routed_peer.hpp"
#include "sfu/slot.hpp"

namespace visavis::sfu {
namespace {

/// Audio older than this is no longer the present.
constexpr Duration kAudioHeadAge = std::chrono::milliseconds(100);

// Spreads what should not be guessed or alike over slots; nothing secret hangs on it, SRTP hides
// what matters (RFC 3550 §5.1 asks for random starts because of ciphers weaker than that).
std::uint32_t scatter(rtp::Ssrc ssrc) {
  return ssrc.value() * 0x9E3779B1U;
}

}  // namespace

Slot::Slot(const rtp::SlotLine& line, Viewer& viewer, RouterParts& parts)
    : viewer_(viewer),
      parts_(parts),
      // Below 2^15, so that losing the first packets cannot be taken for a wrap (RFC 3711 §3.3.1).
      next_out_((scatter(line.ssrc) >> 18U) + 1),
      numbered_header_(viewer.media.extensions, line.mid, true),
      clock_(line.kind, rtp::Timestamp(scatter(line.ssrc))),
      line_(line),
      repeatable_header_(viewer.media.extensions, line.mid, false) {
  report_.slot = index();
}

Slot::~Slot() {
  if (stream_ != nullptr) {
    stream_->remove_reader(*this);
  }
}

void Slot::assign(Instant now, Stream* stream) {
  const SlotState before = state_;
  if (stream != stream_) {
    replace_stream(now, stream);
  }
  if (state_ == before) {
    announce();  // Whoever assigned it waits to hear what came of it.
  }
}

void Slot::replace_stream(Instant now, Stream* stream) {
  if (stream_ != nullptr) {
    stream_->remove_reader(*this);
  }
  stream_ = stream;
  replayed_ = LogEntry::kNone;
  ++parts_.counters.slot_switches;
  if (stream == nullptr) {
    begins_segment_ = false;
    stop_at_ = kNoStop;
    set_state(SlotState::kEmpty);
    return;
  }
  stream->add_reader(*this);
  begin(now);
}

void Slot::begin(Instant now) {
  if (stream_ == nullptr) {
    return;
  }
  begins_segment_ = false;
  stop_at_ = kNoStop;
  if (!stream_->format()) {
    set_state(SlotState::kWaitingForKeyframe);
    return;
  }
  if (codec() == nullptr) {
    set_state(SlotState::kCodecUnsupported);
    return;
  }
  if (!viewer_.ready) {
    set_state(SlotState::kWaitingForKeyframe);
    stream_->warm(now);
    return;
  }
  is_audio() ? begin_audio(now) : begin_video(now);
}

void Slot::handle_media_changed(Instant now) {
  numbered_header_ = SlotHeader(viewer_.media.extensions, line_.mid, true);
  repeatable_header_ = SlotHeader(viewer_.media.extensions, line_.mid, false);
  if (state_ == SlotState::kCodecUnsupported) {
    begin(now);
  }
}

void Slot::wake() {
  viewer_.owner.woken.add(*this);
  parts_.work.mark(viewer_.owner);
}

void Slot::pause() {
  repairs_.clear();
  if (state_ == SlotState::kShowing) {
    begins_segment_ = false;
    stop_at_ = kNoStop;
    set_state(SlotState::kWaitingForKeyframe);
  }
}

void Slot::handle_keyframe(Instant now) {
  if (!needs_keyframe() || !viewer_.ready || !stream_->format() || !layer().log.is_fresh(now)) {
    return;
  }
  const bool is_within_still = is_still() && !begins_segment_ && next_ <= stop_at_;
  if (!is_within_still) {  // Else when all of it has left: half a picture is none.
    enter(layer().log.newest_keyframe()->sequence);
  }
}

bool Slot::needs_keyframe() const {
  return !is_audio() && (state_ == SlotState::kWaitingForKeyframe || is_still());
}

// What the viewer agreed on for the stream's codec; null if it does not know it.
const rtp::CodecLine* Slot::codec() const {
  const auto& format = stream_->format();
  return format ? viewer_.media.find(*format) : nullptr;
}

void Slot::begin_audio(Instant now) {
  const TrackLog& log = layer().log;
  if (log.empty()) {
    set_state(SlotState::kWaitingForKeyframe);
    return;
  }
  const LogEntry* head = log.find(log.head());
  const bool is_present = head != nullptr && now - head->arrival <= kAudioHeadAge;
  enter(is_present ? log.head() : log.head() + 1);
}

void Slot::begin_video(Instant now) {
  const bool fresh = layer().log.is_fresh(now);
  stream_->note_arrival(now, fresh);
  if (fresh) {
    enter(layer().log.newest_keyframe()->sequence);
    return;
  }
  if (!enter_still(now)) {
    set_state(SlotState::kWaitingForKeyframe);
  }
  stream_->want_keyframe(now);
}

// A picture at once, for the time until the publisher answers. Not for a viewer who has seen it or
// what came behind it, nor once its publisher has taken the picture away.
bool Slot::enter_still(Instant now) {
  const TrackLog& log = layer().log;
  const auto last = stream_->muted() ? std::nullopt : log.find_still(now);
  if (!last) {
    return false;
  }
  const LogPlace keyframe{.stream = stream_->ref(),
                          .layer = layer_index_,
                          .epoch = log.epoch(),
                          .sequence = log.newest_keyframe()->sequence};
  if (nack_map_.has_sent(keyframe, next_out_)) {
    return false;
  }
  enter(keyframe.sequence);
  stop_at_ = *last;
  ++parts_.counters.stills;
  return true;
}

void Slot::leave_still(Instant now) {
  if (layer().log.is_fresh(now)) {
    enter(layer().log.newest_keyframe()->sequence);
  }
}

void Slot::enter(std::int64_t sequence) {
  next_ = sequence;
  stop_at_ = kNoStop;
  begins_segment_ = true;
  set_state(SlotState::kShowing);
  wake();
}

// Joins a stretch of `stream_`'s log to what the slot has sent so far. False when the run it was to
// begin with is gone.
bool Slot::begin_segment(Instant now, const LogEntry& first) {
  const TrackLog& log = layer().log;
  const rtp::CodecLine* agreed = codec();
  if (agreed == nullptr || (!is_audio() && first.sequence != next_)) {
    return false;
  }
  // Audio has no run: its steps must stay as they are, so its first packet is its own anchor. Nor
  // has a still, which is shown as if it were the present.
  const LogEntry* head = is_audio() || is_still() ? &first : log.find(log.head());
  const rtp::Timestamp anchor = head == nullptr ? first.timestamp : head->timestamp;
  const Instant captured = is_still() ? now : stream_->clock().time_of(anchor);
  const CachedRun run{
      .first = first.timestamp, .head = anchor, .head_time = std::min(now, captured)};
  Segment segment;
  segment.stream = stream_->ref();
  segment.layer = layer_index_;
  segment.epoch = log.epoch();
  segment.first_out = next_out_;
  segment.sequence_offset = next_out_ - first.sequence;
  segment.timestamps = clock_.enter(run);
  segment.payload_type = agreed->payload_type;
  segment.rtx_payload_type = line_.rtx_ssrc ? agreed->rtx : std::nullopt;
  segment.repairable = agreed->nack;
  continue_pictures(segment, first);
  nack_map_.begin_segment(segment);
  begins_segment_ = false;
  report_at_ = now;
  viewer_.reports_at = now;
  return true;
}

void Slot::continue_pictures(Segment& segment, const LogEntry& first) const {
  if (!pictures_sent_) {
    return;  // Nothing to continue: the stream's own numbers serve.
  }
  if (first.pictures.has_picture_id) {
    segment.pictures.picture_id =
        static_cast<std::uint16_t>(last_picture_id_ + 1 - first.pictures.picture_id);
  }
  if (first.pictures.has_tl0_index) {
    segment.pictures.tl0_index =
        static_cast<std::uint8_t>(last_tl0_index_ + 1 - first.pictures.tl0_index);
  }
}

void Slot::set_state(SlotState state) {
  if (state == state_) {
    return;
  }
  state_ = state;
  if (state != SlotState::kShowing) {
    report_at_ = kNever;
    repairs_.clear();
  }
  announce();
}

void Slot::announce() {
  parts_.events.push(SlotChanged{.peer = viewer_.peer, .slot = index(), .state = state_});
}

}  // namespace visavis::sfu
