#include <algorithm>
#include <array>

#include "testpeer/media_session.hpp"

// The RTCP that a media session sends.
namespace visavis::testpeer {
namespace {

constexpr std::size_t kRtcpBytesMax = 1100;  // With index and tag it stays below 1200.
constexpr std::string_view kCname = "caller";

}  // namespace

rtp::Ssrc MediaSession::own_ssrc() const {
  // As Chromium: the first sending line's, and 1 for those that only receive.
  if (camera_) {
    return camera_->stream().line().ssrc;
  }
  return microphone_ ? microphone_->stream().line().ssrc : rtp::Ssrc(1);
}

bool MediaSession::rtcp_due(Instant now) const {
  const bool repairs_due = std::ranges::any_of(
      slots_, [now](const SlotReceiver& slot) { return slot.next_timeout() <= now; });
  return repairs_due || now >= report_at_ || arrivals_.due(now);
}

void MediaSession::write_reports(Instant now, rtp::RtcpWriter& writer) {
  std::array<rtp::ReportBlock, rtp::RtcpWriter::kReportBlocksMax> blocks;
  std::size_t count = 0;
  for (SlotReceiver& slot : slots_) {
    // What does not fit a report is left out; a call has fewer slots in use.
    if (slot.has_packets() && count < blocks.size()) {
      blocks[count++] = slot.make_block(now);
    }
  }
  const auto told = std::span(blocks).first(count);
  if (camera_ && camera_->stream().packets() > 0) {
    writer.sender_report(camera_->stream().make_report(now), told);
  } else {
    writer.receiver_report(own_ssrc(), told);
  }
  writer.cname(own_ssrc(), kCname);
  if (microphone_ && microphone_->stream().packets() > 0) {
    writer.sender_report(microphone_->stream().make_report(now));
    writer.cname(microphone_->stream().line().ssrc, kCname);
  }
}

std::size_t MediaSession::write_rtcp(Instant now, MutableBytes cell) {
  rtp::RtcpWriter writer(cell.first(kRtcpBytesMax));
  const bool report = now >= report_at_;
  if (report) {
    write_reports(now, writer);
    // RFC 3550 §6.3.1: spread, so that a room's reports do not come at once.
    const auto spread = static_cast<std::int64_t>(random_.unit() * 200'000) - 100'000;
    report_at_ = now + kReportInterval + Duration(spread);
  } else if (!media_.reduced_size_rtcp) {
    writer.receiver_report(own_ssrc());
    writer.cname(own_ssrc(), kCname);
  }
  const std::size_t before = writer.size();
  for (SlotReceiver& slot : slots_) {
    slot.write_feedback(now, writer, own_ssrc());
  }
  if (arrivals_.due(now)) {
    arrivals_.write(now, writer, own_ssrc(), rtp::Ssrc(0));
  }
  if (!report && writer.size() == before) {
    return 0;  // A compound that only prefixes nothing.
  }
  return sealer_->seal_rtcp(cell, writer.size());
}

}  // namespace visavis::testpeer
