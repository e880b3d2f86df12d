#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "base/time.hpp"
#include "rtp/header_extensions.hpp"
#include "rtp/header_writer.hpp"
#include "rtp/rtcp.hpp"
#include "srtp/sealer.hpp"

namespace visavis::testpeer {

/// An m-line that we send on, as offer and answer agreed.
struct SendLine {
  std::string mid;
  rtp::Ssrc ssrc;
  std::optional<rtp::Ssrc> rtx_ssrc;
  rtp::PayloadType payload_type;
  std::optional<rtp::PayloadType> rtx;
  std::uint32_t clock_rate = 90'000;
};

/// What all packets of a transport have in common.
struct SendContext {
  rtp::ExtensionMap extensions;
  std::uint16_t transport_sequence = 0;
  srtp::Sealer* sealer = nullptr;
};

/// The numbers of one sent stream: sequence, timestamps, what the sender reports tell.
class SendStream {
 public:
  SendStream(SendLine line, Random& random);

  /// What one packet is made of; the payload is written by whoever knows it.
  struct Packet {
    rtp::SequenceNumber sequence;
    Instant captured{};
    bool marker = false;
    std::optional<rtp::AudioLevel> level;
  };

  [[nodiscard]] rtp::SequenceNumber take_sequence() {
    const rtp::SequenceNumber sequence = next_;
    next_ = rtp::SequenceNumber(static_cast<std::uint16_t>(next_.value() + 1));
    return sequence;
  }

  /// Writes the header of a media packet; its size.
  std::size_t write_header(Instant now, SendContext& context, const Packet& packet,
                           MutableBytes cell);
  /// Writes header and original number of a retransmission (RFC 4588 §4). Only with an RTX line.
  std::size_t write_rtx_header(Instant now, SendContext& context, const Packet& packet,
                               MutableBytes cell);
  /// Counts a packet that left for the sender reports.
  void count(std::size_t payload_bytes);

  [[nodiscard]] rtp::SenderReport make_report(Instant now) const;
  [[nodiscard]] rtp::Timestamp timestamp_at(Instant at) const;

  /// The server has told of this SSRC: like Chromium, we stop sending the mid.
  void handle_report_block(Instant now, const rtp::ReportBlock& block);

  [[nodiscard]] const SendLine& line() const { return line_; }
  [[nodiscard]] std::uint32_t packets() const { return packets_; }
  [[nodiscard]] std::optional<Duration> round_trip() const { return round_trip_; }
  [[nodiscard]] std::int32_t lost() const { return lost_; }

 private:
  [[nodiscard]] std::size_t write(Instant now, SendContext& context, const rtp::Header& header,
                                  const Packet& packet, MutableBytes cell) const;

  SendLine line_;
  rtp::SequenceNumber next_;
  rtp::SequenceNumber rtx_next_;
  std::uint32_t timestamp_offset_;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
  bool known_to_server_ = false;
  std::optional<Duration> round_trip_;
  std::int32_t lost_ = 0;
};

}  // namespace visavis::testpeer
