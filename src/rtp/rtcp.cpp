#include "rtp/rtcp.hpp"

#include "base/byte_reader.hpp"

namespace visavis::rtp {
namespace {

// RFC 3550 §12.1, RFC 4585 §6.1
constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::uint8_t kSourceDescription = 202;
constexpr std::uint8_t kGoodbye = 203;
constexpr std::uint8_t kTransportLayerFeedback = 205;
constexpr std::uint8_t kPayloadSpecificFeedback = 206;
// RFC 4585 §6.2.1, §6.3.1; RFC 5104 §4.3.1; draft-holmer-…-01 §3.1; draft-alvestrand-rmcat-remb-03
constexpr unsigned kFormatNack = 1;
constexpr unsigned kFormatTransportCc = 15;
constexpr unsigned kFormatPli = 1;
constexpr unsigned kFormatFir = 4;
constexpr unsigned kFormatApplication = 15;
constexpr std::uint32_t kRembName = 0x52454D42;  // "REMB"
constexpr std::size_t kFirEntryBytes = 8;

/// One packet of the compound, taken apart as far as all types have in common.
struct Raw {
  unsigned count = 0;  // Report count, source count or feedback format.
  std::uint8_t type = 0;
  Bytes body;
};

using Parsed = std::expected<RtcpPacket, RtcpError>;

template <class Packet>
Parsed if_ok(const ByteReader& reader, Packet packet) {
  if (!reader.ok()) {
    return std::unexpected(RtcpError::kTruncated);
  }
  return packet;
}

Parsed parse_sender_report(const Raw& raw) {
  ByteReader reader(raw.body);
  SenderReport report;
  report.sender = Ssrc(reader.u32());
  const std::uint64_t seconds = reader.u32();
  report.ntp = NtpTime{seconds << 32U | reader.u32()};
  report.timestamp = Timestamp(reader.u32());
  report.packets = reader.u32();
  report.octets = reader.u32();
  report.blocks = ReportBlocks(reader.bytes(raw.count * ReportBlocks::kBlockBytes));
  return if_ok(reader, report);
}

Parsed parse_receiver_report(const Raw& raw) {
  ByteReader reader(raw.body);
  ReceiverReport report;
  report.sender = Ssrc(reader.u32());
  report.blocks = ReportBlocks(reader.bytes(raw.count * ReportBlocks::kBlockBytes));
  return if_ok(reader, report);
}

/// Reads the items of one chunk; its CNAME, or empty text (RFC 3550 §6.5).
std::string_view read_chunk(ByteReader& reader) {
  constexpr unsigned kCname = 1;
  std::string_view cname;
  std::size_t size = 0;
  for (;;) {
    const unsigned item = reader.u8();
    ++size;
    if (item == 0 || !reader.ok()) {
      break;
    }
    const Bytes text = reader.bytes(reader.u8());
    size += text.size() + 1;
    if (item == kCname) {
      cname = as_text(text);
    }
  }
  reader.skip((4 - size % 4) % 4);
  return cname;
}

Parsed parse_source_description(const Raw& raw) {
  ByteReader reader(raw.body);
  Sdes description;
  for (unsigned chunk = 0; chunk < raw.count; ++chunk) {
    const Ssrc ssrc(reader.u32());
    const std::string_view cname = read_chunk(reader);
    if (description.cname.empty()) {
      description = {.ssrc = ssrc, .cname = cname};
    }
  }
  return if_ok(reader, description);
}

Parsed parse_goodbye(const Raw& raw) {
  ByteReader reader(raw.body);
  const Bye bye{.sources = reader.bytes(raw.count * sizeof(std::uint32_t))};
  return if_ok(reader, bye);
}

Parsed parse_transport_cc(ByteReader reader, Ssrc sender, Ssrc media) {
  TransportFeedback feedback;
  feedback.sender = sender;
  feedback.media = media;
  feedback.base = SequenceNumber(reader.u16());
  feedback.status_count = reader.u16();
  const std::uint32_t time_and_count = reader.u32();
  // An arithmetic shift of the high 24 bits keeps their sign.
  feedback.reference_time = static_cast<std::int32_t>(time_and_count) >> 8U;
  feedback.feedback_count = static_cast<std::uint8_t>(time_and_count);
  feedback.chunks = reader.rest();
  if (!reader.ok() || !receive_deltas(feedback.chunks, feedback.status_count)) {
    return std::unexpected(RtcpError::kTruncated);
  }
  return feedback;
}

Parsed parse_transport_layer(const Raw& raw) {
  ByteReader reader(raw.body);
  const Ssrc sender(reader.u32());
  const Ssrc media(reader.u32());
  if (raw.count == kFormatTransportCc) {
    return parse_transport_cc(reader, sender, media);
  }
  if (raw.count == kFormatNack) {
    return if_ok(reader, Nack{.sender = sender, .media = media, .items = reader.rest()});
  }
  return if_ok(reader, OtherRtcp{raw.type});
}

Parsed parse_application(ByteReader reader, Ssrc sender) {
  if (reader.rest().size() < sizeof(std::uint32_t) || reader.u32() != kRembName) {
    return OtherRtcp{kPayloadSpecificFeedback};
  }
  const std::uint32_t word = reader.u32();  // Count of SSRCs (8), exponent (6), mantissa (18).
  const unsigned exponent = word >> 18U & 0x3FU;
  const std::uint64_t mantissa = word & 0x3'FFFFU;
  reader.skip((word >> 24U) * sizeof(std::uint32_t));
  constexpr unsigned kExponentMax = 45;  // Beyond it 64 bits overflow.
  return if_ok(reader, Remb{.sender = sender,
                            .bits_per_second = exponent > kExponentMax ? ~std::uint64_t{0}
                                                                       : mantissa << exponent});
}

Parsed parse_payload_specific(const Raw& raw) {
  ByteReader reader(raw.body);
  const Ssrc sender(reader.u32());
  const Ssrc media(reader.u32());
  if (raw.count == kFormatPli) {
    return if_ok(reader, Pli{.sender = sender, .media = media});
  }
  if (raw.count == kFormatApplication && reader.ok()) {
    return parse_application(reader, sender);
  }
  return if_ok(reader, OtherRtcp{raw.type});
}

Parsed parse_body(const Raw& raw) {
  switch (raw.type) {
    case kSenderReport: return parse_sender_report(raw);
    case kReceiverReport: return parse_receiver_report(raw);
    case kSourceDescription: return parse_source_description(raw);
    case kGoodbye: return parse_goodbye(raw);
    case kTransportLayerFeedback: return parse_transport_layer(raw);
    case kPayloadSpecificFeedback: return parse_payload_specific(raw);
    default: return OtherRtcp{raw.type};
  }
}

/// Takes one packet off the front of `rest` (RFC 3550 §6.4.1).
std::expected<Raw, RtcpError> split_off(Bytes& rest) {
  constexpr unsigned kPaddingBit = 0x20;
  constexpr unsigned kCountMask = 0x1F;
  ByteReader reader(rest);
  const unsigned first = reader.u8();
  Raw raw{.count = first & kCountMask, .type = reader.u8(), .body = {}};
  raw.body = reader.bytes(reader.u16() * sizeof(std::uint32_t));
  if (!reader.ok()) {
    return std::unexpected(RtcpError::kTruncated);
  }
  if (first >> 6U != 2) {
    return std::unexpected(RtcpError::kWrongVersion);
  }
  rest = reader.rest();
  if ((first & kPaddingBit) != 0) {
    const auto plain = without_padding(raw.body);
    if (!plain) {
      return std::unexpected(RtcpError::kBadPadding);
    }
    raw.body = *plain;
  }
  return raw;
}

}  // namespace

std::string_view to_string(RtcpError error) {
  switch (error) {
    case RtcpError::kTruncated: return "truncated";
    case RtcpError::kWrongVersion: return "wrong version";
    case RtcpError::kBadPadding: return "bad padding";
  }
  return "unknown";
}

std::optional<Duration> round_trip(Instant now, const ReportBlock& block) {
  if (block.last_sender_report == 0) {
    return std::nullopt;
  }
  const std::uint32_t units =
      ntp_time(now).middle() - block.last_sender_report - block.delay_since_sender_report;
  constexpr std::uint32_t kSensible = 60U << 16U;  // A minute; a negative one is far above.
  return units < kSensible ? std::optional(from_short_ntp(units)) : std::nullopt;
}

ReportBlock ReportBlocks::operator[](std::size_t index) const {
  ByteReader reader(bytes_.subspan(index * kBlockBytes, kBlockBytes));
  ReportBlock block;
  block.ssrc = Ssrc(reader.u32());
  const std::uint32_t lost = reader.u32();
  block.fraction_lost = static_cast<std::uint8_t>(lost >> 24U);
  block.cumulative_lost = static_cast<std::int32_t>(lost << 8U) >> 8U;  // Keeps the sign.
  block.highest_sequence = reader.u32();
  block.jitter = reader.u32();
  block.last_sender_report = reader.u32();
  block.delay_since_sender_report = reader.u32();
  return block;
}

Ssrc Bye::operator[](std::size_t index) const {
  return Ssrc(ByteReader(sources.subspan(index * sizeof(std::uint32_t))).u32());
}

std::expected<std::optional<RtcpPacket>, RtcpError> RtcpReader::next() {
  if (fir_entries_.empty()) {
    if (rest_.empty()) {
      return std::nullopt;
    }
    const auto raw = split_off(rest_);
    if (!raw) {
      return std::unexpected(raw.error());
    }
    if (raw->type != kPayloadSpecificFeedback || raw->count != kFormatFir) {
      return parse_body(*raw);
    }
    ByteReader reader(raw->body);
    fir_sender_ = Ssrc(reader.u32());
    reader.skip(sizeof(std::uint32_t));  // The media SSRC is not used (RFC 5104 §4.3.1.2).
    fir_entries_ = reader.rest();
    if (!reader.ok() || fir_entries_.empty() || fir_entries_.size() % kFirEntryBytes != 0) {
      return std::unexpected(RtcpError::kTruncated);
    }
  }
  ByteReader reader(fir_entries_);
  const Ssrc media(reader.u32());
  const std::uint8_t request = reader.u8();
  fir_entries_ = fir_entries_.subspan(kFirEntryBytes);
  return Fir{.sender = fir_sender_, .media = media, .request = request};
}

bool is_rtcp(Bytes datagram) {
  if (datagram.size() < 2) {
    return false;
  }
  const auto type = std::to_integer<unsigned>(datagram[1]);
  return type >= 192 && type <= 223;
}

}  // namespace visavis::rtp
