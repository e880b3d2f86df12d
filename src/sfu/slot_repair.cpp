// Where a viewer's NACK is answered from the log, and its wish for a keyframe.

#include <cstring>

#include "base/byte_writer.hpp"
#include "rtp/rtx.hpp"
#include "rtp/sequence.hpp"
#include "sfu/slot.hpp"

namespace visavis::sfu {

void Slot::handle_nack(Instant now, rtp::SequenceNumber sequence) {
  ++parts_.counters.nacks_from_viewers;
  ++report_.nacks;
  const std::int64_t newest = next_out_ - 1;
  const std::int64_t out = newest + rtp::distance(rtp::SequenceUnwrapper::wrap(newest), sequence);
  const Segment* segment = out <= newest ? nack_map_.find(out) : nullptr;
  if (!viewer_.ready || segment == nullptr || !segment->repairable ||
      find_for_repair(*segment, out) == nullptr) {
    ++parts_.counters.nacks_unanswered;
    return;
  }
  if (!nack_map_.may_resend(now, out, viewer_.round_trip)) {
    ++parts_.counters.nacks_too_soon;
    return;
  }
  if (!repair_credit_.take(packets_, 1)) {
    ++parts_.counters.nacks_too_many;
    return;
  }
  queue_repair({.out = out, .first_time = false});
}

void Slot::handle_late_packet(std::int64_t sequence) {
  const Segment* segment = nack_map_.current();
  if (state_ != SlotState::kShowing || begins_segment_ || segment == nullptr) {
    return;
  }
  if (sequence >= segment->first_in() && sequence < next_) {
    queue_repair({.out = sequence + segment->sequence_offset, .first_time = true});
  }
}

bool Slot::send_repair(const SendTime& time, Outlet& outlet) {
  if (repairs_.empty()) {
    return false;
  }
  const Repair repair = repairs_.front();
  repairs_.erase(repairs_.begin());
  const Segment* segment = nack_map_.find(repair.out);
  const LogEntry* entry = segment == nullptr ? nullptr : find_for_repair(*segment, repair.out);
  if (entry == nullptr) {
    ++parts_.counters.nacks_unanswered;
    return true;
  }
  if (repair.first_time) {
    send_entry(time, *segment, *entry, outlet);
    return true;
  }
  ++parts_.counters.retransmissions_out;
  ++report_.retransmissions;
  if (segment->rtx_payload_type) {
    send_rtx(time, *segment, *entry, outlet);
  } else {
    send_entry(time, *segment, *entry, outlet);
  }
  return true;
}

// RFC 4588 §4: the same packet on the RTX SSRC, its payload behind its own sequence number.
void Slot::send_rtx(const SendTime& time, const Segment& segment, const LogEntry& entry,
                    Outlet& outlet) {
  HeaderFields fields = fields_for(time, segment, entry);
  const rtp::SequenceNumber original = fields.sequence;
  fields.payload_type = segment.rtx_payload_type.value_or(segment.payload_type);
  fields.ssrc = line_.rtx_ssrc.value_or(line_.ssrc);
  fields.sequence = rtp::SequenceNumber(rtx_sequence_++);
  const MutableBytes cell = outlet.cell();
  const std::size_t header_size = numbered_header_.write(cell, fields, entry);
  const Bytes payload = entry.payload();
  ByteWriter writer(cell.subspan(header_size));
  writer.u16(original.value());
  writer.bytes(payload);
  move_pictures(cell.subspan(header_size + rtp::kRtxHeaderBytes, payload.size()), entry.pictures,
                segment.pictures);
  if (numbered_header_.writes_transport_sequence()) {
    ++viewer_.transport_sequence;
  }
  outlet.commit_rtp(cell, header_size + writer.size(), priority_of(entry));
}

const LogEntry* Slot::find_for_repair(const Segment& segment, std::int64_t out) const {
  Stream* stream = parts_.streams.find(segment.stream);
  if (stream == nullptr) {
    return nullptr;
  }
  const TrackLog& log = stream->layer(segment.layer).log;
  return log.epoch() == segment.epoch ? log.find(out - segment.sequence_offset) : nullptr;
}

void Slot::queue_repair(Repair repair) {
  if (repairs_.size() == kRepairsMax) {
    ++parts_.counters.nacks_unanswered;
    return;
  }
  repairs_.push_back(repair);
  wake();
}

// The viewer has lost its picture (PLI, FIR). What the log has is given at once, if it is fresh,
// small and was not given for the same reason before; else the publisher is asked.
void Slot::handle_keyframe_request(Instant now) {
  ++parts_.counters.plis_from_viewers;
  if (is_audio() || state_ != SlotState::kShowing || is_still() || begins_segment_) {
    return;  // Whoever waits for a keyframe has asked for it already.
  }
  if (keyframe_sent_at_ != Instant::min() && now - keyframe_sent_at_ < viewer_.round_trip) {
    ++parts_.counters.plis_coalesced;  // The wish and a keyframe have crossed on the way.
    return;
  }
  const TrackLog& log = layer().log;
  const TrackLog::Keyframe* keyframe = log.newest_keyframe();
  if (log.is_fresh(now) && log.run_bytes() <= kReplayBytesMax && keyframe->sequence != replayed_) {
    replayed_ = keyframe->sequence;
    stream_->note_arrival(now, true);
    enter(keyframe->sequence);
    return;
  }
  if (wishes_.take(now)) {
    stream_->want_keyframe(now);
  } else {
    ++parts_.counters.plis_refused;
  }
}

void Slot::handle_report(const rtp::ReportBlock& block) {
  report_.fraction_lost = block.fraction_lost / 256.0;
}

}  // namespace visavis::sfu
