// What the RTCP of a viewer does. How a NACK or PLI is answered: slot_repair.cpp.

#include <algorithm>

#include "sfu/subscriber.hpp"

namespace visavis::sfu {

void Subscriber::guess_round_trip(Duration round_trip) {
  viewer_.round_trip = std::max(round_trip, Viewer::kRoundTripMin);
}

void Subscriber::handle_reports(Instant now, Duration waited, const rtp::ReportBlocks& blocks) {
  if (!asked_.take(now, static_cast<double>(blocks.size()))) {
    parts_.counters.reports_too_many += blocks.size();
    return;
  }
  for (std::size_t index = 0; index < blocks.size(); ++index) {
    const rtp::ReportBlock block = blocks[index];
    Slot* slot = find_by_ssrc(block.ssrc);
    if (slot == nullptr) {
      continue;
    }
    if (block.ssrc == slot->line().ssrc) {
      slot->handle_report(block);
    }
    if (const auto measured = rtp::round_trip(now - waited, block)) {
      const Duration round_trip = std::max(*measured, Viewer::kRoundTripMin);
      // RFC 6298 §2.3's share: a single late report does not hold back repairs.
      viewer_.round_trip = viewer_.round_trip_known
                               ? viewer_.round_trip + ((round_trip - viewer_.round_trip) / 8)
                               : round_trip;
      viewer_.round_trip_known = true;
    }
  }
}

void Subscriber::handle_nack(Instant now, const rtp::Nack& nack) {
  bool may_ask = asked_.take(now);
  Slot* const slot = may_ask ? find_by_ssrc(nack.media) : nullptr;
  if (may_ask && (slot == nullptr || slot->line().ssrc != nack.media)) {
    return;
  }
  nack.for_each([&](rtp::SequenceNumber sequence) {
    may_ask = may_ask && asked_.take(now);
    if (may_ask) {
      slot->handle_nack(now, sequence);
    } else {
      ++parts_.counters.nacks_too_many;
    }
  });
}

void Subscriber::handle_pli(Instant now, const rtp::Pli& pli) {
  handle_wish(now, pli.media);
}

// A repeated FIR has the same number (RFC 5104 §4.3.1.2) and asks for nothing new; what is asked
// for a second time within a round trip is held back anyway.
void Subscriber::handle_fir(Instant now, const rtp::Fir& fir) {
  handle_wish(now, fir.media);
}

void Subscriber::handle_wish(Instant now, rtp::Ssrc media) {
  if (!asked_.take(now)) {
    ++parts_.counters.plis_refused;
  } else if (Slot* slot = find_by_ssrc(media)) {
    slot->handle_keyframe_request(now);
  }
}

Slot* Subscriber::find_by_ssrc(rtp::Ssrc ssrc) const {
  const auto at = std::ranges::find_if(slots_, [ssrc](const auto& slot) {
    return slot->line().ssrc == ssrc || slot->line().rtx_ssrc == ssrc;
  });
  return at == slots_.end() ? nullptr : at->get();
}

}  // namespace visavis::sfu
