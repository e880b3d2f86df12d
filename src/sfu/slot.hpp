#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/hot_memory.hpp"
#include "base/prefetch.hpp"
#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/rtcp.hpp"
#include "sfu/event.hpp"
#include "sfu/nack_map.hpp"
#include "sfu/outlet.hpp"
#include "sfu/router_parts.hpp"
#include "sfu/send_credit.hpp"
#include "sfu/slot_clock.hpp"
#include "sfu/slot_header.hpp"
#include "sfu/stream.hpp"

namespace visavis::sfu {

class Slot;

/// What a viewer's slots have in common.
struct Viewer {
  explicit Viewer(RoutedPeer& peer_of_slots) : owner(peer_of_slots) {}

  /// Until the first report, and never less: retransmissions cross the network twice.
  static constexpr Duration kInitialRoundTrip = std::chrono::milliseconds(100);
  static constexpr Duration kRoundTripMin = std::chrono::milliseconds(10);

  RoutedPeer& owner;
  std::vector<Slot*, HotAllocator<Slot*>>
      news;                              ///< Slots that may have packets to send, in their turn.
  Instant reports_at = kNever;           ///< When the first slot's sender report is due.
  std::uint16_t transport_sequence = 0;  ///< Of the next numbered packet, over all slots.
  bool ready = false;                    ///< It can be sent to.
  bool round_trip_known = false;
  Duration round_trip = kInitialRoundTrip;
  PeerId peer;
  rtp::MediaParameters media;
};

/// When packets leave, in the forms they need.
struct SendTime {
  Instant now;
  std::uint32_t abs_send_time = 0;
};

/// An m-line to one viewer, and the cursor behind it. Whatever stream it shows, its SSRC, sequence
/// numbers, timestamps and picture ids go on without a break, and one line ties its timestamps to
/// the server's time.
///
/// slot_switch.cpp: which stream it shows, and where in the log it begins. slot_send.cpp: how a
/// packet of the log becomes the viewer's. slot_repair.cpp: how NACKs and wishes for a keyframe are
/// answered.
class alignas(kCacheLineBytes) Slot : public InHotMemory {
 public:
  /// Retransmissions that wait for the next flush: a burst of loss; a NACK beyond it comes again.
  static constexpr std::size_t kRepairsMax = 256;
  /// Packets sent again beyond as many as were sent since: a second's outage at 8 Mbit/s. So what a
  /// NACK can bring is bounded by the stream, whatever a viewer asks for.
  static constexpr std::uint32_t kRepairCreditMax = 1024;
  /// Numbers of the publisher's that are missing and stay so in the slot, beyond as many as packets
  /// were sent: what a NACK to the publisher may still bring. A wider leap becomes a gap of one,
  /// for who misses a few of the packets around leaps of thousands can open none of the slot's
  /// packets any more, whoever is in it (RFC 3711 §3.3.1: the rollover is guessed from 2^15
  /// numbers).
  static constexpr std::uint32_t kGapCreditMax = 1024;
  /// How often the viewer is told the slot's time line (RFC 3550 §6.2 would allow less for video).
  static constexpr Duration kReportInterval = std::chrono::seconds(1);
  /// All slots' reports are due at multiples of this, for there may be thousands in a second.
  static constexpr Duration kReportGrid = std::chrono::milliseconds(20);
  /// A viewer that lost its picture is served from the log only up to this size: it may have lost
  /// it to a full link.
  static constexpr std::size_t kReplayBytesMax = std::size_t{256} << 10U;
  /// How often one viewer's wishes reach the publisher, whose picture is worse for everybody with
  /// each keyframe.
  static constexpr double kWishesPerSecond = 1;
  static constexpr double kWishesAtOnce = 3;

  Slot(const rtp::SlotLine& line, Viewer& viewer, RouterParts& parts);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  /// Puts its cursor behind `stream`; null empties the slot. Always followed by a `SlotChanged`.
  void assign(Instant now, Stream* stream);
  /// Begins at the cached run if that is fresh; else waits for a keyframe, behind a still if the
  /// log has one. Also when the stream's log was restarted, when the viewer can be sent to again,
  /// and when its codecs changed.
  void begin(Instant now);
  /// The viewer's codecs or extension ids may have changed.
  void handle_media_changed(Instant now);
  /// The viewer cannot be sent to any more.
  void pause();
  /// A keyframe has entered the log: who waited begins there.
  void handle_keyframe(Instant now);
  /// A packet has entered the log behind the head.
  void handle_late_packet(std::int64_t sequence);

  /// Sends the next packet of the log. False when it has caught up (or does not show anything).
  [[nodiscard]] bool send_next(const SendTime& time, Outlet& outlet);
  [[nodiscard]] bool has_backlog() const;
  /// A hint for a `send_next()` that comes soon.
  void prefetch_packet() const { prefetch_lines<kHotBytes>(*this); }
  /// Makes the viewer look at this slot when it is flushed next.
  void wake();

  void handle_nack(Instant now, rtp::SequenceNumber sequence);
  void handle_keyframe_request(Instant now);
  void handle_report(const rtp::ReportBlock& block);
  /// Sends the next repair. False when none waits.
  [[nodiscard]] bool send_repair(const SendTime& time, Outlet& outlet);
  [[nodiscard]] bool has_repairs() const { return !repairs_.empty(); }

  /// When the next sender report is due; `kNever` while nothing is sent.
  [[nodiscard]] Instant report_at() const;
  /// A report for now (RFC 3550 §6.4.1); the next is due a while later.
  [[nodiscard]] rtp::SenderReport make_report(Instant now);

  [[nodiscard]] const rtp::SlotLine& line() const { return line_; }
  [[nodiscard]] SlotIndex index() const { return SlotIndex(line_.slot); }
  [[nodiscard]] RoutedPeer& owner() const { return viewer_.owner; }
  [[nodiscard]] SlotState state() const { return state_; }
  [[nodiscard]] const Stream* stream() const { return stream_; }
  [[nodiscard]] bool is_audio() const { return line_.kind == rtp::MediaKind::kAudio; }
  [[nodiscard]] bool needs_keyframe() const;
  [[nodiscard]] SlotReport make_slot_report() const;

  bool has_news = false;  ///< It is among `Viewer::news`.

 private:
  /// A packet to be sent out of turn.
  struct Repair {
    std::int64_t out = 0;
    bool first_time = false;  ///< It came late; no retransmission.
  };

  /// Up to the segment in `nack_map_`.
  static constexpr std::size_t kHotBytes = 5 * kCacheLineBytes;
  /// What is read beyond `stop_at_` is not live: only a new keyframe is.
  static constexpr std::int64_t kNoStop = std::numeric_limits<std::int64_t>::max();

  [[nodiscard]] Layer& layer() const { return stream_->layer(layer_index_); }
  void replace_stream(Instant now, Stream* stream);
  void set_state(SlotState state);
  void announce();
  [[nodiscard]] const rtp::CodecLine* codec() const;
  void enter(std::int64_t sequence);
  [[nodiscard]] bool enter_still(Instant now);
  [[nodiscard]] bool is_still() const { return stop_at_ != kNoStop; }
  void leave_still(Instant now);
  void begin_audio(Instant now);
  void begin_video(Instant now);
  bool begin_segment(Instant now, const LogEntry& first);
  void continue_pictures(Segment& segment, const LogEntry& first) const;
  [[nodiscard]] const LogEntry* find_next(Instant now);
  void narrow_gap(const LogEntry& next);
  void send_entry(const SendTime& time, const Segment& segment, const LogEntry& entry,
                  Outlet& outlet);
  void send_rtx(const SendTime& time, const Segment& segment, const LogEntry& entry,
                Outlet& outlet);
  [[nodiscard]] HeaderFields fields_for(const SendTime& time, const Segment& segment,
                                        const LogEntry& entry) const;
  [[nodiscard]] SendPriority priority_of(const LogEntry& entry) const;
  void note_sent(const Segment& segment, const LogEntry& entry, std::size_t payload_size);
  [[nodiscard]] const LogEntry* find_for_repair(const Segment& segment, std::int64_t out) const;
  void queue_repair(Repair repair);

  // What a packet touches comes first, in as few cache lines as it fits: the cursor, ...
  SlotState state_ = SlotState::kEmpty;
  bool begins_segment_ = false;  ///< The next packet is the first of a stretch.
  bool pictures_sent_ = false;
  std::uint8_t last_tl0_index_ = 0;
  std::uint16_t last_picture_id_ = 0;
  Stream* stream_ = nullptr;
  Viewer& viewer_;
  RouterParts& parts_;
  std::int64_t next_ = 0;           ///< The log's number to read next.
  std::int64_t stop_at_ = kNoStop;  ///< The last packet of a still.
  std::int64_t next_out_;           ///< The slot's number to send next.
  std::uint32_t layer_index_ = 0;
  // ... its header, what was counted, ...
  SlotHeader numbered_header_;
  std::uint64_t packets_ = 0;  ///< Without retransmissions.
  SlotClock clock_;
  std::uint64_t octets_ = 0;  ///< Of their payloads.
  std::vector<Repair> repairs_;
  rtp::SlotLine line_;
  // ... and how the present stretch is rewritten.
  NackMap nack_map_;
  // From here on it is touched seldom.
  /// Without numbers that change: a plain retransmission is then the same packet to the bit, and
  /// the cipher's nonce is not used for two different ones (RFC 7714 §8.1, RFC 3711 §9.1).
  SlotHeader repeatable_header_;
  std::uint16_t rtx_sequence_ = 0;
  Instant keyframe_sent_at_ = Instant::min();
  std::int64_t replayed_ = LogEntry::kNone;  ///< The keyframe that a wish was served with.
  TokenBucket wishes_{kWishesPerSecond, kWishesAtOnce};
  SendCredit repair_credit_{kRepairCreditMax};
  SendCredit gap_credit_{kGapCreditMax};
  Instant report_at_ = kNever;
  SlotReport report_;  ///< But for the packets and bytes, which are counted above.
};

}  // namespace visavis::sfu
