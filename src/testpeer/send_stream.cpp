#include "testpeer/send_stream.hpp"

#include <array>

#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "rtp/rtx.hpp"

namespace visavis::testpeer {
namespace {

/// Sequence numbers start in the lower half, as RFC 3711 §3.3.1 needs when first packets are lost.
rtp::SequenceNumber first_sequence(Random& random) {
  constexpr std::uint64_t kLowerHalf = 0x7FFF;
  return rtp::SequenceNumber(static_cast<std::uint16_t>(random.next() & kLowerHalf));
}

}  // namespace

SendStream::SendStream(SendLine line, Random& random)
    : line_(std::move(line)),
      next_(first_sequence(random)),
      rtx_next_(first_sequence(random)),
      timestamp_offset_(static_cast<std::uint32_t>(random.next())) {}

rtp::Timestamp SendStream::timestamp_at(Instant at) const {
  constexpr std::uint64_t kMicrosPerSecond = 1'000'000;
  const auto micros = static_cast<std::uint64_t>(at.time_since_epoch().count());
  const std::uint64_t ticks = (micros / kMicrosPerSecond * line_.clock_rate) +
                              (micros % kMicrosPerSecond * line_.clock_rate / kMicrosPerSecond);
  return rtp::Timestamp(static_cast<std::uint32_t>(ticks) + timestamp_offset_);
}

std::size_t SendStream::write(Instant now, SendContext& context, const rtp::Header& header,
                              const Packet& packet, MutableBytes cell) const {
  const rtp::ExtensionMap& map = context.extensions;
  rtp::HeaderWriter writer(cell, header, rtp::form_for(map));
  if (const auto id = map.id_of(rtp::Extension::kMid); id && !known_to_server_) {
    writer.extension(*id, as_bytes(line_.mid));
  }
  if (const auto id = map.id_of(rtp::Extension::kTransportCc)) {
    writer.extension_u16(*id, context.transport_sequence++);
  }
  if (const auto id = map.id_of(rtp::Extension::kAbsSendTime)) {
    writer.extension_u24(*id, rtp::abs_send_time(now));
  }
  if (const auto id = map.id_of(rtp::Extension::kAudioLevel); id && packet.level) {
    const std::array level{std::byte{rtp::write_audio_level(*packet.level)}};
    writer.extension(*id, level);
  }
  const std::size_t size = writer.finish();
  check(size != 0);
  return size;
}

std::size_t SendStream::write_header(Instant now, SendContext& context, const Packet& packet,
                                     MutableBytes cell) {
  return write(now, context,
               {.payload_type = line_.payload_type,
                .sequence = packet.sequence,
                .timestamp = timestamp_at(packet.captured),
                .ssrc = line_.ssrc,
                .marker = packet.marker},
               packet, cell);
}

std::size_t SendStream::write_rtx_header(Instant now, SendContext& context, const Packet& packet,
                                         MutableBytes cell) {
  if (!line_.rtx || !line_.rtx_ssrc) {
    check(false);
    return 0;
  }
  const std::size_t size = write(now, context,
                                 {.payload_type = *line_.rtx,
                                  .sequence = rtx_next_,
                                  .timestamp = timestamp_at(packet.captured),
                                  .ssrc = *line_.rtx_ssrc,
                                  .marker = packet.marker},
                                 packet, cell);
  rtx_next_ = rtp::SequenceNumber(static_cast<std::uint16_t>(rtx_next_.value() + 1));
  ByteWriter(cell.subspan(size)).u16(packet.sequence.value());
  return size + rtp::kRtxHeaderBytes;
}

void SendStream::count(std::size_t payload_bytes) {
  ++packets_;
  octets_ += static_cast<std::uint32_t>(payload_bytes);
}

rtp::SenderReport SendStream::make_report(Instant now) const {
  rtp::SenderReport report;
  report.sender = line_.ssrc;
  report.ntp = rtp::ntp_time(now);
  report.timestamp = timestamp_at(now);
  report.packets = packets_;
  report.octets = octets_;
  return report;
}

void SendStream::handle_report_block(Instant now, const rtp::ReportBlock& block) {
  known_to_server_ = true;
  lost_ = block.cumulative_lost;
  if (const auto trip = rtp::round_trip(now, block)) {
    round_trip_ = trip;
  }
}

}  // namespace visavis::testpeer
