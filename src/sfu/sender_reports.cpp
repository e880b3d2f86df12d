// The sender reports of a viewer's slots: which RTP timestamp is which instant of the server's time
// line (RFC 3550 §6.4.1).

#include <algorithm>

#include "rtp/cname.hpp"
#include "rtp/rtcp_writer.hpp"
#include "sfu/rtcp_limits.hpp"
#include "sfu/subscriber.hpp"

namespace visavis::sfu {
namespace {

/// A report (28 bytes) and its CNAME chunk (4 + 4 + 2 + 7 + padding).
constexpr std::size_t kReportRoom = 64;

}  // namespace

bool Subscriber::send_reports(Instant now, Outlet& outlet) {
  if (viewer_.reports_at > now) {
    return true;
  }
  auto slot = slots_.begin();
  while (true) {
    while (slot != slots_.end() && (*slot)->report_at() > now) {
      ++slot;
    }
    if (slot == slots_.end()) {
      break;
    }
    if (outlet.full()) {
      return false;
    }
    const MutableBytes cell = outlet.cell();
    rtp::RtcpWriter writer(cell.first(kRtcpBytesMax));
    for (; slot != slots_.end() && writer.room() >= kReportRoom; ++slot) {
      if ((*slot)->report_at() <= now) {
        writer.sender_report((*slot)->make_report(now));
        writer.cname((*slot)->line().ssrc, rtp::kServerCname);
      }
    }
    outlet.commit_rtcp(cell, writer.size());
  }
  viewer_.reports_at = kNever;
  for (const auto& each : slots_) {
    viewer_.reports_at = std::min(viewer_.reports_at, each->report_at());
  }
  return true;
}

}  // namespace visavis::sfu
