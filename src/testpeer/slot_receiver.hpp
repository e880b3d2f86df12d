#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/nack_generator.hpp"
#include "rtp/reception_stats.hpp"
#include "rtp/rtcp_writer.hpp"
#include "testpeer/frame_assembler.hpp"

namespace visavis::testpeer {

/// A slot as the ack of the call protocol and the SDP answer tell it.
struct SlotPlace {
  std::uint16_t slot = 0;
  std::string mid;
  rtp::MediaKind kind = rtp::MediaKind::kAudio;
  std::optional<std::uint16_t> seat;
  rtp::Ssrc ssrc;
  std::optional<rtp::Ssrc> rtx_ssrc;
};

/// What came through one slot.
struct SlotReport {
  FrameReport video;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t damaged = 0;  ///< Payloads without a whole stamp.
  std::uint64_t plis_sent = 0;
  std::uint64_t nacks_sent = 0;  ///< Packets asked for again.
  std::uint64_t given_up = 0;    ///< Packets that never came.
  // Audio:
  std::uint64_t audio_packets = 0;
  std::uint64_t audio_gaps = 0;    ///< Holes in the sequence numbers.
  std::uint64_t audio_breaks = 0;  ///< Timestamps that do not grow with the sequence numbers.
  std::uint32_t audio_source = 0;  ///< Of the newest packet.
  std::optional<Instant> last_audio_at;
  // Sender reports:
  std::uint64_t sender_reports = 0;
  Duration clock_error_max{};  ///< How far a report lay off the line through the first one.
};

/// What a payload said of itself, beside the numbers under which it came.
struct StampedPacket {
  Stamp stamp;
  rtp::SequenceNumber sequence;
  rtp::Timestamp timestamp;
};

/// Receives one slot as a browser does: repairs by NACK, asks for keyframes, reports.
class SlotReceiver {
 public:
  explicit SlotReceiver(SlotPlace place);

  void handle_rtp(Instant now, const rtp::CodecLine& codec, const rtp::PacketView& packet);
  void handle_rtx(Instant now, const rtp::CodecLine& codec, const rtp::PacketView& packet);
  /// A packet whose payload stays sealed: repaired and reported like any other.
  void handle_sealed(Instant now, const rtp::CodecLine& codec, const rtp::PacketView& packet);
  void handle_sender_report(Instant now, const rtp::SenderReport& report);
  /// From now on most packets come sealed, so frames cannot be put together.
  void stop_watching_frames();
  /// The peer repairs the slot by this SSRC, which the answer did not tell.
  void set_rtx_ssrc(rtp::Ssrc ssrc) { place_.rtx_ssrc = ssrc; }

  /// To time repeated NACKs by.
  void set_round_trip(Duration round_trip) { nacks_.set_round_trip(round_trip); }

  [[nodiscard]] Instant next_timeout() const;
  /// Appends the NACKs and the PLI that are due.
  void write_feedback(Instant now, rtp::RtcpWriter& writer, rtp::Ssrc ours);
  [[nodiscard]] bool has_packets() const { return !stats_.empty(); }
  [[nodiscard]] rtp::ReportBlock make_block(Instant now) { return stats_.make_block(now); }

  [[nodiscard]] const SlotPlace& place() const { return place_; }
  [[nodiscard]] SlotReport report() const;
  /// When the first decodable frame was whole.
  [[nodiscard]] std::optional<Instant> first_frame_at() const {
    return frames_.report().first_frame_at;
  }
  /// What a decoder would have stumbled over though nothing was lost.
  [[nodiscard]] std::uint64_t breaks() const {
    return frames_.report().breaks + report_.audio_breaks + report_.damaged;
  }
  [[nodiscard]] const std::optional<StampedPacket>& newest_stamp() const { return newest_stamp_; }
  /// Whether the last packet (not by RTX) had been asked for: a peer without RTX sends again what
  /// it sent (RFC 4585 alone).
  [[nodiscard]] bool came_on_request() const { return came_on_request_; }

 private:
  void handle_video(Instant now, const rtp::CodecLine& codec, const rtp::PacketView& packet);
  void handle_audio(Instant now, const rtp::PacketView& packet);

  SlotPlace place_;
  rtp::ReceptionStats stats_;
  rtp::NackGenerator nacks_;
  FrameAssembler frames_;
  bool watches_frames_ = true;
  std::optional<StampedPacket> newest_stamp_;
  bool repairs_ = false;  // The codec was agreed with NACK.
  bool came_on_request_ = false;
  std::optional<rtp::SequenceNumber> audio_sequence_;
  rtp::Timestamp audio_timestamp_;
  std::optional<rtp::SenderReport> first_report_;
  SlotReport report_;
};

}  // namespace visavis::testpeer
