#include "sfu/routed_peer.hpp"

#include <algorithm>

#include "rtp/rtcp_writer.hpp"
#include "sfu/rtcp_limits.hpp"

namespace visavis::sfu {

RoutedPeer::RoutedPeer(const PeerSetup& setup, RouterParts& parts)
    : id_(setup.peer),
      parts_(parts),
      subscriber_(*this, setup.peer, parts),
      publisher_(parts),
      room_(setup.room) {}

void RoutedPeer::set_transport(Instant now, const std::optional<Transport>& transport) {
  reachable_ = transport.has_value();
  if (transport) {
    transport_.route = transport->route;
    transport_.sealer = transport->sealer;
  }
  subscriber_.set_ready(now, reachable_);
  parts_.work.mark(*this);
}

void RoutedPeer::guess_round_trip(Duration round_trip) {
  if (!subscriber_.viewer().round_trip_known) {
    subscriber_.guess_round_trip(round_trip);
    publisher_.set_round_trip(subscriber_.viewer().round_trip);
  }
}

void RoutedPeer::count_rtp(Instant now, std::size_t bytes) {
  ++parts_.counters.rtp_in;
  ++packets_in_;
  bytes_in_ += bytes;
  rate_in_.update(now, bytes_in_);
}

void RoutedPeer::handle_rtcp(Instant now, Bytes compound, Duration waited) {
  ++parts_.counters.rtcp_in;
  const auto read = rtp::for_each_rtcp(
      compound, rtp::Overloaded{
                    [&](const rtp::SenderReport& report) {
                      publisher_.handle_sender_report(now, report);
                      subscriber_.handle_reports(now, waited, report.blocks);
                    },
                    [&](const rtp::ReceiverReport& report) {
                      subscriber_.handle_reports(now, waited, report.blocks);
                    },
                    [&](const rtp::Nack& nack) { subscriber_.handle_nack(now, nack); },
                    [&](const rtp::Pli& pli) { subscriber_.handle_pli(now, pli); },
                    [&](const rtp::Fir& fir) { subscriber_.handle_fir(now, fir); },
                    [&](const rtp::TransportFeedback&) {
                      ++parts_.counters.transport_feedback_in;  // Read by the bandwidth estimator.
                    },
                });
  if (!read) {
    parts_.counters.drop(DropReason::kMalformed);
  }
  if (subscriber_.viewer().round_trip_known) {
    publisher_.set_round_trip(subscriber_.viewer().round_trip);
  }
  // What a viewer asks for wakes its slots. Beyond that only a publisher's deadlines have moved.
  if (!publisher_.is_idle()) {
    parts_.work.mark(*this);
  }
}

bool RoutedPeer::flush(const SendTime& time, Outlet& outlet) {
  if (!reachable_) {
    return true;
  }
  outlet.aim(transport_);
  if (subscriber_.send(time, outlet) == Subscriber::Progress::kFull ||
      !subscriber_.send_reports(time.now, outlet) || !send_publisher_feedback(time.now, outlet)) {
    return false;
  }
  rate_out_.update(time.now, transport_.bytes_out);
  return true;
}

Instant RoutedPeer::next_timeout() const {
  return reachable_ ? std::min(publisher_.next_timeout(), subscriber_.next_timeout()) : kNever;
}

// Two datagrams do for all that a publisher can be told at once; the bound is for what nobody
// thought of.
bool RoutedPeer::send_publisher_feedback(Instant now, Outlet& outlet) {
  constexpr int kDatagramsMax = 8;
  for (int sent = 0; sent < kDatagramsMax && publisher_.feedback_due(now); ++sent) {
    if (outlet.full()) {
      return false;
    }
    const MutableBytes cell = outlet.cell();
    rtp::RtcpWriter writer(cell.first(kRtcpBytesMax));
    publisher_.write_feedback(now, writer);
    if (!writer.empty()) {
      outlet.commit_rtcp(cell, writer.size());
    }
  }
  return true;
}

PeerReport RoutedPeer::make_report(Instant now, std::uint64_t request) const {
  PeerReport report;
  report.peer = id_;
  report.request = request;
  report.connected = reachable_;
  if (subscriber_.viewer().round_trip_known) {
    report.rtt = subscriber_.viewer().round_trip;
  }
  report.packets_in = packets_in_;
  report.bytes_in = bytes_in_;
  report.bitrate_in_bps = rate_in_.bits_per_second();
  report.packets_out = transport_.packets_out;
  report.bytes_out = transport_.bytes_out;
  report.bitrate_out_bps = rate_out_.bits_per_second();
  report.streams = publisher_.make_reports(now);
  for (const auto& slot : subscriber_.slots()) {
    report.slots.push_back(slot->make_slot_report());
  }
  return report;
}

}  // namespace visavis::sfu
