// What a publisher is told: NACKs for gaps, wishes for keyframes, transport-cc feedback, reports.

#include <algorithm>
#include <array>

#include "rtp/cname.hpp"
#include "sfu/publisher.hpp"
#include "sfu/rtcp_limits.hpp"

namespace visavis::sfu {
namespace {

/// The largest of what follows the transport feedback: a NACK for `kNacksPerPacket` numbers that
/// share no item, 4 bytes each.
constexpr std::size_t kNacksPerPacket = 64;
constexpr std::size_t kPieceRoom = 12 + (4 * kNacksPerPacket);

}  // namespace

Instant Publisher::next_deadline() const {
  Instant at = std::min(report_at_, transport_feedback_.next_timeout());
  for (const Source& source : sources_) {
    const Stream* stream = lines_[source.line].stream;
    if (stream != nullptr && !source.is_rtx) {
      at = std::min({at, source.nacks.next_timeout(), stream->next_timeout()});
    }
  }
  return at;
}

// Compound (RFC 3550 §6.1) unless reduced size was agreed on (RFC 5506): then a report leads only
// when one is due.
void Publisher::write_feedback(Instant now, rtp::RtcpWriter& writer) {
  if (now >= report_at_) {
    write_report(now, writer);
  } else if (!media_.reduced_size_rtcp) {
    writer.receiver_report(kReceiverSsrc);
    writer.cname(kReceiverSsrc, rtp::kServerCname);
  }
  write_keyframe_requests(now, writer);
  write_nacks(now, writer);
  if (transport_feedback_.due(now)) {
    const rtp::Ssrc media = sources_.empty() ? rtp::Ssrc{} : sources_.front().ssrc;
    while (transport_feedback_.write(now, writer, kReceiverSsrc, media)) {
    }
  }
}

void Publisher::write_report(Instant now, rtp::RtcpWriter& writer) {
  report_at_ = now + kReportInterval;
  std::array<rtp::ReportBlock, rtp::RtcpWriter::kReportBlocksMax> blocks;
  std::size_t count = 0;
  for (Source& source : sources_) {
    if (!source.is_rtx && !source.stats.empty() && count < blocks.size()) {
      blocks[count++] = source.stats.make_block(now);
    }
  }
  writer.receiver_report(kReceiverSsrc, std::span(blocks).first(count));
  writer.cname(kReceiverSsrc, rtp::kServerCname);
}

void Publisher::write_nacks(Instant now, rtp::RtcpWriter& writer) {
  std::array<rtp::SequenceNumber, kNacksPerPacket> room;
  for (Source& source : sources_) {
    Stream* stream = lines_[source.line].stream;
    while (stream != nullptr && writer.room() >= kPieceRoom) {
      const auto missing = source.nacks.poll_nack(now, room);
      if (source.nacks.take_needs_keyframe()) {
        stream->want_keyframe(now);
      }
      if (missing.empty()) {
        break;
      }
      writer.nack(kReceiverSsrc, source.ssrc, missing);
      stream->count_nacks(missing.size());
      parts_.counters.nacks_to_publishers += missing.size();
    }
  }
}

// Where a keyframe is asked for. When, and how often: keyframe_requests.cpp.
void Publisher::write_keyframe_requests(Instant now, rtp::RtcpWriter& writer) {
  for (const Source& source : sources_) {
    Stream* stream = lines_[source.line].stream;
    if (source.is_rtx || stream == nullptr || writer.room() < kPieceRoom) {
      continue;
    }
    if (!stream->poll_keyframe_request(now)) {
      continue;
    }
    const auto& format = stream->format();
    const rtp::CodecLine* codec = format ? media_.find(*format) : nullptr;
    if (codec != nullptr && codec->fir && !codec->pli) {
      writer.fir({.sender = kReceiverSsrc, .media = source.ssrc, .request = fir_requests_++});
    } else {
      writer.pli(kReceiverSsrc, source.ssrc);
    }
  }
}

std::vector<StreamReport> Publisher::make_reports(Instant now) const {
  std::vector<StreamReport> reports;
  for (const Line& line : lines_) {
    if (line.stream == nullptr) {
      continue;
    }
    StreamReport report;
    report.counters = line.stream->counters();
    report.fresh = line.stream->layer(0).log.is_fresh(now);
    for (const Source& source : sources_) {
      if (!source.is_rtx && lines_[source.line].stream == line.stream) {
        report.missing = source.nacks.missing();
        report.lost = source.nacks.given_up();
      }
    }
    reports.push_back(report);
  }
  return reports;
}

}  // namespace visavis::sfu
