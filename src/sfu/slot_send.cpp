// How a packet of the log becomes the viewer's: its header is born in its cell, its payload is
// sealed straight from the log.

#include <algorithm>
#include <cstring>

#include "rtp/sequence.hpp"
#include "sfu/slot.hpp"

namespace visavis::sfu {

bool Slot::has_backlog() const {
  if (state_ != SlotState::kShowing) {
    return false;
  }
  const TrackLog& log = layer().log;
  return !log.empty() && next_ <= std::min(log.head(), stop_at_);
}

bool Slot::send_next(const SendTime& time, Outlet& outlet) {
  if (!has_backlog()) {
    return false;
  }
  const LogEntry* entry = layer().log.find(next_);
  if (entry == nullptr) {
    entry = find_next(time.now);
  }
  if (entry != nullptr && begins_segment_ && !begin_segment(time.now, *entry)) {
    begin(time.now);
    entry = nullptr;
  }
  if (entry == nullptr) {
    return false;
  }
  const Segment& segment = *nack_map_.current();
  next_ = entry->sequence + 1;
  next_out_ = next_ + segment.sequence_offset;
  if (entry->starts_keyframe) {
    keyframe_sent_at_ = time.now;
  }
  send_entry(time, segment, *entry, outlet);
  if (next_ > stop_at_) {
    leave_still(time.now);
  }
  return true;
}

// The packet at the cursor is not here. Who was overtaken by the end of the log begins anew;
// another gap the viewer sees as the loss it is, and should it be filled late, that is sent out of
// turn. Only where the publisher's numbers leap they do not carry the viewer's away.
const LogEntry* Slot::find_next(Instant now) {
  if (layer().log.has_dropped(next_)) {
    parts_.counters.drop(DropReason::kViewerTooSlow);
    begin(now);
  }
  if (!has_backlog()) {
    return nullptr;
  }
  const TrackLog& log = layer().log;
  const std::int64_t gap = log.next_from(next_) - next_;
  next_ += gap;
  const LogEntry* entry = log.find(next_);
  if (entry != nullptr && gap > 0 && !begins_segment_ &&
      !gap_credit_.take(packets_, static_cast<std::uint64_t>(gap))) {
    narrow_gap(*entry);
  }
  return entry;
}

// The stretch goes on one number later, so that the viewer still knows that something is missing.
void Slot::narrow_gap(const LogEntry& next) {
  ++parts_.counters.leaps_narrowed;
  Segment segment = *nack_map_.current();
  segment.first_out = next_out_ + 1;
  segment.sequence_offset = segment.first_out - next.sequence;
  nack_map_.begin_segment(segment);
}

void Slot::send_entry(const SendTime& time, const Segment& segment, const LogEntry& entry,
                      Outlet& outlet) {
  const bool repeatable = segment.repairable && !segment.rtx_payload_type;
  const SlotHeader& header = repeatable ? repeatable_header_ : numbered_header_;
  const MutableBytes cell = outlet.cell();
  const HeaderFields fields = fields_for(time, segment, entry);
  const std::size_t header_size = header.write(cell, fields, entry);
  const Bytes payload = entry.payload();
  if (header.writes_transport_sequence()) {
    ++viewer_.transport_sequence;
  }
  clock_.note_sent(fields.timestamp);
  note_sent(segment, entry, payload.size());
  if (moves(entry.pictures, segment.pictures)) {
    const MutableBytes room = cell.subspan(header_size, payload.size());
    std::memcpy(room.data(), payload.data(), payload.size());
    move_pictures(room, entry.pictures, segment.pictures);
    outlet.commit_rtp(cell, header_size + payload.size(), priority_of(entry));
  } else {
    outlet.commit_rtp(cell, header_size, payload, priority_of(entry));
  }
}

HeaderFields Slot::fields_for(const SendTime& time, const Segment& segment,
                              const LogEntry& entry) const {
  HeaderFields fields;
  fields.payload_type = segment.payload_type;
  fields.sequence = rtp::SequenceUnwrapper::wrap(entry.sequence + segment.sequence_offset);
  fields.timestamp = segment.timestamps.map(entry.timestamp);
  fields.ssrc = line_.ssrc;
  // RFC 3551 §4.1: a talkspurt begins where the voice changes.
  const bool begins_talkspurt = is_audio() && entry.sequence == segment.first_in();
  fields.marker = entry.marker || begins_talkspurt;
  fields.transport_sequence = viewer_.transport_sequence;
  fields.abs_send_time = time.abs_send_time;
  return fields;
}

// What a full send buffer may cost first.
SendPriority Slot::priority_of(const LogEntry& entry) const {
  if (is_audio()) {
    return SendPriority::kAudio;
  }
  return entry.pictures.non_reference ? SendPriority::kUpperLayer : SendPriority::kVideo;
}

void Slot::note_sent(const Segment& segment, const LogEntry& entry, std::size_t payload_size) {
  ++packets_;
  octets_ += payload_size;
  if (!entry.pictures.has_picture_id && !entry.pictures.has_tl0_index) {
    return;
  }
  constexpr unsigned kPictureIdMask = 0x7FFF;  // RFC 7741 §4.2: 15 bits.
  const unsigned id = (entry.pictures.picture_id + segment.pictures.picture_id) & kPictureIdMask;
  const unsigned step = (id - last_picture_id_) & kPictureIdMask;
  if (!pictures_sent_ || (step != 0 && step <= kPictureIdMask / 2)) {
    last_picture_id_ = static_cast<std::uint16_t>(id);
    last_tl0_index_ =
        static_cast<std::uint8_t>(entry.pictures.tl0_index + segment.pictures.tl0_index);
    pictures_sent_ = true;
  }
}

Instant Slot::report_at() const {
  // A still is on the slot's line, but its stream's clock is not.
  const bool is_live = state_ == SlotState::kShowing && !is_still();
  return is_live && packets_ > 0 ? report_at_ : kNever;
}

rtp::SenderReport Slot::make_report(Instant now) {
  report_at_ = on_grid(now + kReportInterval, kReportGrid);
  const TimestampMap& timestamps = nack_map_.current()->timestamps;
  rtp::SenderReport report;
  report.sender = line_.ssrc;
  report.ntp = rtp::ntp_time(now);
  report.timestamp = timestamps.map_live(stream_->clock().timestamp_at(now));
  report.packets = static_cast<std::uint32_t>(packets_);  // RFC 3550 §6.4.1: these wrap.
  report.octets = static_cast<std::uint32_t>(octets_);
  return report;
}

SlotReport Slot::make_slot_report() const {
  SlotReport report = report_;
  report.state = state_;
  report.packets = packets_;
  report.bytes = octets_;
  if (stream_ != nullptr) {
    report.stream = stream_->id();
  }
  return report;
}

}  // namespace visavis::sfu
