#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtp/ntp_time.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/transport_feedback_walk.hpp"

namespace visavis::rtp {

/// Why bytes are no RTCP. Counted per peer; no single one is worth a log line.
enum class RtcpError : std::uint8_t {
  kTruncated,  ///< A length field points past the end, or a body is too short for its type.
  kWrongVersion,
  kBadPadding,
};
[[nodiscard]] std::string_view to_string(RtcpError error);

/// RFC 3550 §6.4.1. Defaults describe a stream of which nothing has arrived.
struct ReportBlock {
  Ssrc ssrc;
  std::uint8_t fraction_lost = 0;               ///< Of 256, since the report before.
  std::int32_t cumulative_lost = 0;             ///< 24 bits, signed.
  std::uint32_t highest_sequence = 0;           ///< Extended by the cycles in the high 16 bits.
  std::uint32_t jitter = 0;                     ///< In timestamp units.
  std::uint32_t last_sender_report = 0;         ///< LSR: middle of its NTP time; 0: none yet.
  std::uint32_t delay_since_sender_report = 0;  ///< DLSR, in 1/65536 s.

  friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

/// The round trip that a report block tells its stream's sender (RFC 3550 §6.4.1). Nothing when the
/// reporter has seen no sender report yet, or when the numbers make no sense.
[[nodiscard]] std::optional<Duration> round_trip(Instant now, const ReportBlock& block);

/// Report blocks where they lie in the datagram; read when asked.
class ReportBlocks {
 public:
  static constexpr std::size_t kBlockBytes = 24;

  ReportBlocks() = default;
  explicit ReportBlocks(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t size() const { return bytes_.size() / kBlockBytes; }
  [[nodiscard]] ReportBlock operator[](std::size_t index) const;

 private:
  Bytes bytes_;
};

struct SenderReport {  // RFC 3550 §6.4.1
  Ssrc sender;
  NtpTime ntp;
  Timestamp timestamp;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
  ReportBlocks blocks;
};

struct ReceiverReport {  // RFC 3550 §6.4.2
  Ssrc sender;
  ReportBlocks blocks;
};

/// The first chunk with a CNAME of a source description (RFC 3550 §6.5); nobody here needs more.
struct Sdes {
  Ssrc ssrc;
  std::string_view cname;  ///< Points into the datagram; empty when there is none.
};

struct Bye {  // RFC 3550 §6.6
  Bytes sources;

  [[nodiscard]] std::size_t size() const { return sources.size() / sizeof(std::uint32_t); }
  [[nodiscard]] Ssrc operator[](std::size_t index) const;
};

/// Generic NACK (RFC 4585 §6.2.1): packets of `media` that are missing.
struct Nack {
  Ssrc sender;
  Ssrc media;
  Bytes items;  ///< Pairs of PID and BLP.

  template <class Visitor>
  void for_each(Visitor&& visit) const {
    ByteReader reader(items);
    while (!reader.rest().empty()) {
      const std::uint16_t first = reader.u16();
      const std::uint32_t mask = reader.u16();
      visit(SequenceNumber(first));
      for (unsigned bit = 0; bit < 16; ++bit) {
        if ((mask >> bit & 1U) != 0) {
          visit(SequenceNumber(static_cast<std::uint16_t>(first + bit + 1U)));
        }
      }
    }
  }
};

struct Pli {  // RFC 4585 §6.3.1
  Ssrc sender;
  Ssrc media;
};

/// One entry of a full intra request (RFC 5104 §4.3.1); a request with several is told one by one.
struct Fir {
  Ssrc sender;
  Ssrc media;
  std::uint8_t request = 0;  ///< The command's sequence number: a repeated one is the same request.
};

/// draft-alvestrand-rmcat-remb-03
struct Remb {
  Ssrc sender;
  std::uint64_t bits_per_second = 0;
};

/// What arrived when, of packets with transport-wide sequence numbers
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
struct TransportFeedback {
  static constexpr Duration kReferenceUnit = std::chrono::milliseconds(64);
  static constexpr Duration kDeltaUnit = std::chrono::microseconds(250);

  Ssrc sender;
  Ssrc media;
  SequenceNumber base;
  std::uint16_t status_count = 0;
  std::int32_t reference_time = 0;  ///< 24 bits, signed, in `kReferenceUnit`s.
  std::uint8_t feedback_count = 0;  ///< Counts the feedback packets of this sender; wraps.
  Bytes chunks;                     ///< Status chunks, then receive deltas. Checked by the parser.

  /// Calls `visit(SequenceNumber, std::optional<Duration>)` for each packet spoken of, in order:
  /// its arrival on the receiver's time line, counted from an epoch of its own, or nothing when
  /// it has not arrived.
  template <class Visitor>
  void for_each(Visitor&& visit) const;
};

template <class Visitor>
void TransportFeedback::for_each(Visitor&& visit) const {
  StatusSymbols symbols(chunks);
  ByteReader deltas(receive_deltas(chunks, status_count).value_or(Bytes{}));
  Duration at = reference_time * kReferenceUnit;
  for (unsigned index = 0; index < status_count; ++index) {
    const auto symbol = symbols.next();
    const SequenceNumber sequence(static_cast<std::uint16_t>(base.value() + index));
    if (symbol == StatusSymbols::Symbol::kSmallDelta) {
      at += deltas.u8() * kDeltaUnit;
      visit(sequence, std::optional(at));
    } else if (symbol == StatusSymbols::Symbol::kLargeDelta) {
      at += static_cast<std::int16_t>(deltas.u16()) * kDeltaUnit;
      visit(sequence, std::optional(at));
    } else {
      visit(sequence, std::optional<Duration>());
    }
  }
}

/// A packet that is well formed and of no interest here (APP, XR, other feedback).
struct OtherRtcp {
  std::uint8_t packet_type = 0;
};

using RtcpPacket = std::variant<SenderReport, ReceiverReport, Sdes, Bye, Nack, Pli, Fir, Remb,
                                TransportFeedback, OtherRtcp>;

/// Walks a compound or reduced-size RTCP datagram (RFC 3550 §6.1, RFC 5506), decrypted. The packets
/// point into it.
class RtcpReader {
 public:
  explicit RtcpReader(Bytes datagram) : rest_(datagram) {}

  /// The next packet; nothing at the end. After an error the rest is not readable.
  [[nodiscard]] std::expected<std::optional<RtcpPacket>, RtcpError> next();

 private:
  Bytes rest_;
  Bytes fir_entries_;  // What is left of a FIR with several entries.
  Ssrc fir_sender_;
};

/// Calls `visitor` with each packet of a datagram, as its type; packets for whose type it has no
/// overload are skipped. Stops at the first that is malformed: those before it have been visited.
template <class Visitor>
std::expected<void, RtcpError> for_each_rtcp(Bytes datagram, Visitor&& visitor) {
  RtcpReader reader(datagram);
  for (;;) {
    const auto next = reader.next();
    if (!next) {
      return std::unexpected(next.error());
    }
    const auto& packet = *next;
    if (!packet) {
      return {};
    }
    std::visit(
        [&visitor](const auto& typed) {
          if constexpr (requires { visitor(typed); }) {
            visitor(typed);
          }
        },
        *packet);
  }
}

/// Makes one visitor out of several lambdas.
template <class... Lambdas>
struct Overloaded : Lambdas... {
  using Lambdas::operator()...;
};

/// Whether a datagram whose first byte says RTP/RTCP is RTCP (RFC 5761 §4): packet types 192 to
/// 223.
[[nodiscard]] bool is_rtcp(Bytes datagram);

}  // namespace visavis::rtp
