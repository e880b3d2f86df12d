#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/prefetch.hpp"
#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/nack_generator.hpp"
#include "rtp/reception_stats.hpp"
#include "rtp/rtcp_writer.hpp"
#include "rtp/transport_feedback.hpp"
#include "sfu/command.hpp"
#include "sfu/stream.hpp"

namespace visavis::sfu {

/// A peer as a publisher: whose packets these are, repairs of what was lost on the way here, and
/// what the peer is told about it.
///
/// publisher.cpp: from a packet to its stream. publisher_feedback.cpp: NACK, PLI, transport-cc and
/// reports to the publisher.
class Publisher {
 public:
  /// SSRCs that one peer may send on: its lines, their RTX, and those it had before. What changes
  /// its SSRC forgets the old one, so only a peer that plays games gets here.
  static constexpr std::size_t kSourcesMax = 64;
  /// How often a publisher hears how it is received: browsers draw their statistics from it.
  static constexpr Duration kReportInterval = std::chrono::seconds(1);

  /// How often a line may change its SSRC or codec. Each makes every viewer begin anew and is told
  /// to the conference; a browser that restarts an encoder does it once.
  static constexpr double kChangesPerSecond = 1;
  static constexpr double kChangesAtOnce = 8;

  explicit Publisher(RouterParts& parts) : parts_(parts) {}

  void update(const PeerSetup& setup);
  /// Null if there is no such line.
  [[nodiscard]] const rtp::PublishLine* find_line(std::string_view mid) const;
  [[nodiscard]] bool has_stream(std::string_view mid) const;
  /// From now on the line's packets go to `stream`.
  void attach(Stream& stream, std::string_view mid);
  void detach(const Stream& stream);
  [[nodiscard]] std::vector<Stream*> streams() const;

  /// Takes a decrypted packet. It may be moved within its bytes (RTX is undone in place); the
  /// stream it belongs to has got it when this returns, if it belongs to one.
  void handle_rtp(Instant now, MutableBytes packet);
  void handle_sender_report(Instant now, const rtp::SenderReport& report);
  void set_round_trip(Duration round_trip);
  /// Lets its streams' logs drop what is too old. Not within a flush: what waits there to be sealed
  /// lies in the logs.
  void drop_old(Instant now);

  /// Nothing was agreed on that it could publish.
  [[nodiscard]] bool is_idle() const { return lines_.empty(); }

  /// Whether something is to be told now.
  [[nodiscard]] bool feedback_due(Instant now) const { return next_timeout() <= now; }
  /// Writes a datagram with what is due, as much as fits; call again while more is due.
  void write_feedback(Instant now, rtp::RtcpWriter& writer);
  /// Most peers only view: they cost a look.
  [[nodiscard]] Instant next_timeout() const { return lines_.empty() ? kNever : next_deadline(); }

  /// A hint for a `next_timeout()` that comes soon.
  void prefetch_first() const { prefetch_line(&lines_); }

  [[nodiscard]] std::vector<StreamReport> make_reports(Instant now) const;

 private:
  struct Line {
    rtp::PublishLine line;
    Stream* stream = nullptr;
    std::optional<rtp::Ssrc> delivered;  ///< What the stream's log is numbered by.
    TokenBucket changes{kChangesPerSecond, kChangesAtOnce};
  };
  /// An SSRC that packets came on.
  struct Source {
    rtp::Ssrc ssrc;
    std::size_t line = 0;  ///< Index in `lines_`.
    bool is_rtx = false;
    rtp::ReceptionStats stats;
    rtp::NackGenerator nacks;
  };

  [[nodiscard]] Source* source_of(Instant now, const rtp::PacketView& view);
  [[nodiscard]] std::optional<std::size_t> claim(const rtp::PacketView& view) const;
  [[nodiscard]] std::optional<std::size_t> claim_by_type(rtp::PayloadType type) const;
  Source* add_source(Instant now, const rtp::PacketView& view, std::size_t line);
  [[nodiscard]] bool may_change(Instant now, Line& line);
  [[nodiscard]] Source* media_source(std::size_t line);
  [[nodiscard]] std::optional<MutableBytes> restore_rtx(MutableBytes packet,
                                                        const rtp::PacketView& view,
                                                        std::size_t line);
  void note_transport_sequence(Instant now, const rtp::PacketView& view);
  void deliver(Instant now, Source& source, const IncomingPacket& incoming);

  [[nodiscard]] Instant next_deadline() const;
  void write_report(Instant now, rtp::RtcpWriter& writer);
  void write_nacks(Instant now, rtp::RtcpWriter& writer);
  void write_keyframe_requests(Instant now, rtp::RtcpWriter& writer);

  std::vector<Line> lines_;  ///< First: of who only views, sending looks at nothing else here.
  RouterParts& parts_;
  rtp::MediaParameters media_;
  std::vector<Source> sources_;
  rtp::TransportFeedbackRecorder transport_feedback_;
  PublisherClock clock_;
  Duration round_trip_ = rtp::NackGenerator::kInitialRoundTrip;
  Instant report_at_ = kNever;
  std::uint8_t fir_requests_ = 0;
};

/// Makes of a padded packet one without padding, in place. Nothing if the padding cannot be.
[[nodiscard]] std::optional<MutableBytes> strip_padding(MutableBytes packet,
                                                        const rtp::PacketView& view);

}  // namespace visavis::sfu
