#include "rtp/rtcp_writer.hpp"

#include "base/byte_writer.hpp"

namespace visavis::rtp {
namespace {

// RFC 3550 §12.1, RFC 4585 §6.1
constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::uint8_t kSourceDescription = 202;
constexpr std::uint8_t kGoodbye = 203;
constexpr std::uint8_t kTransportLayerFeedback = 205;
constexpr std::uint8_t kPayloadSpecificFeedback = 206;
constexpr std::size_t kFormatNack = 1;
constexpr std::size_t kFormatTransportCc = 15;
constexpr std::size_t kFormatPli = 1;
constexpr std::size_t kFormatFir = 4;
constexpr std::size_t kFormatApplication = 15;
constexpr std::uint32_t kRembName = 0x52454D42;  // "REMB"
constexpr std::size_t kCountMax = 31;            // Five bits of the header.

void write_blocks(ByteWriter& writer, std::span<const ReportBlock> blocks) {
  for (const ReportBlock& block : blocks) {
    writer.u32(block.ssrc.value());
    writer.u32(std::uint32_t{block.fraction_lost} << 24U |
               (static_cast<std::uint32_t>(block.cumulative_lost) & 0xFF'FFFFU));
    writer.u32(block.highest_sequence);
    writer.u32(block.jitter);
    writer.u32(block.last_sender_report);
    writer.u32(block.delay_since_sender_report);
  }
}

/// How many of `missing` one item holds: the first, and those up to 16 behind it.
std::size_t write_nack_item(ByteWriter& writer, std::span<const SequenceNumber> missing) {
  const std::uint16_t first = missing.front().value();
  unsigned mask = 0;
  std::size_t used = 1;
  for (; used < missing.size(); ++used) {
    const unsigned behind = static_cast<std::uint16_t>(missing[used].value() - first);
    if (behind == 0 || behind > 16) {
      break;
    }
    mask |= 1U << (behind - 1);
  }
  writer.u16(first);
  writer.u16(static_cast<std::uint16_t>(mask));
  return used;
}

}  // namespace

template <class Body>
bool RtcpWriter::packet(std::uint8_t type, std::size_t count, const Body& write_body) {
  constexpr unsigned kVersionBits = 0x80;
  if (count > kCountMax) {
    return false;
  }
  const MutableBytes room = into_.subspan(used_);
  ByteWriter writer(room);
  writer.u8(static_cast<std::uint8_t>(kVersionBits | count));
  writer.u8(type);
  writer.u16(0);
  write_body(writer);
  writer.zeros((4 - writer.size() % 4) % 4);
  if (!writer.ok()) {
    return false;
  }
  ByteWriter(room.subspan(2)).u16(static_cast<std::uint16_t>((writer.size() / 4) - 1));
  used_ += writer.size();
  return true;
}

bool RtcpWriter::sender_report(const SenderReport& report, std::span<const ReportBlock> blocks) {
  return packet(kSenderReport, blocks.size(), [&](ByteWriter& writer) {
    writer.u32(report.sender.value());
    writer.u64(report.ntp.value);
    writer.u32(report.timestamp.value());
    writer.u32(report.packets);
    writer.u32(report.octets);
    write_blocks(writer, blocks);
  });
}

bool RtcpWriter::receiver_report(Ssrc sender, std::span<const ReportBlock> blocks) {
  return packet(kReceiverReport, blocks.size(), [&](ByteWriter& writer) {
    writer.u32(sender.value());
    write_blocks(writer, blocks);
  });
}

bool RtcpWriter::cname(Ssrc ssrc, std::string_view name) {
  constexpr std::size_t kNameMax = 255;
  if (name.size() > kNameMax) {
    return false;
  }
  return packet(kSourceDescription, 1, [&](ByteWriter& writer) {
    writer.u32(ssrc.value());
    writer.u8(1);
    writer.u8(static_cast<std::uint8_t>(name.size()));
    writer.bytes(as_bytes(name));
    writer.u8(0);  // The end of the items; padding to the word follows (RFC 3550 §6.5).
  });
}

bool RtcpWriter::bye(std::span<const Ssrc> sources) {
  return packet(kGoodbye, sources.size(), [&](ByteWriter& writer) {
    for (const Ssrc ssrc : sources) {
      writer.u32(ssrc.value());
    }
  });
}

bool RtcpWriter::nack(Ssrc sender, Ssrc media, std::span<const SequenceNumber> missing) {
  return packet(kTransportLayerFeedback, kFormatNack, [&](ByteWriter& writer) {
    writer.u32(sender.value());
    writer.u32(media.value());
    for (auto rest = missing; !rest.empty();) {
      rest = rest.subspan(write_nack_item(writer, rest));
    }
  });
}

bool RtcpWriter::pli(Ssrc sender, Ssrc media) {
  return packet(kPayloadSpecificFeedback, kFormatPli, [&](ByteWriter& writer) {
    writer.u32(sender.value());
    writer.u32(media.value());
  });
}

bool RtcpWriter::fir(const Fir& request) {
  return packet(kPayloadSpecificFeedback, kFormatFir, [&](ByteWriter& writer) {
    writer.u32(request.sender.value());
    writer.u32(0);
    writer.u32(request.media.value());
    writer.u8(request.request);
    writer.zeros(3);
  });
}

bool RtcpWriter::remb(const Remb& estimate, std::span<const Ssrc> media) {
  constexpr std::uint64_t kMantissaMax = 0x3'FFFF;
  constexpr std::size_t kSourcesMax = 255;
  if (media.size() > kSourcesMax) {
    return false;
  }
  std::uint64_t mantissa = estimate.bits_per_second;
  std::uint32_t exponent = 0;
  for (; mantissa > kMantissaMax; mantissa >>= 1U) {
    ++exponent;
  }
  return packet(kPayloadSpecificFeedback, kFormatApplication, [&](ByteWriter& writer) {
    writer.u32(estimate.sender.value());
    writer.u32(0);
    writer.u32(kRembName);
    writer.u32(static_cast<std::uint32_t>(media.size() << 24U) | exponent << 18U |
               static_cast<std::uint32_t>(mantissa));
    for (const Ssrc ssrc : media) {
      writer.u32(ssrc.value());
    }
  });
}

bool RtcpWriter::transport_feedback(const TransportFeedback& feedback) {
  return packet(kTransportLayerFeedback, kFormatTransportCc, [&](ByteWriter& writer) {
    writer.u32(feedback.sender.value());
    writer.u32(feedback.media.value());
    writer.u16(feedback.base.value());
    writer.u16(feedback.status_count);
    writer.u32(static_cast<std::uint32_t>(feedback.reference_time) << 8U | feedback.feedback_count);
    writer.bytes(feedback.chunks);
  });
}

}  // namespace visavis::rtp
