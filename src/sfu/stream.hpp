#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "sfu/counters.hpp"
#include "sfu/ids.hpp"
#include "sfu/keyframe_requests.hpp"
#include "sfu/router_parts.hpp"
#include "sfu/speakers.hpp"
#include "sfu/stream_clock.hpp"
#include "sfu/track_log.hpp"

namespace visavis::sfu {

class Slot;

/// A slot that shows a stream, and whose it is: to wake a viewer its slot need not be touched.
struct Reader {
  Slot* slot = nullptr;
  RoutedPeer* viewer = nullptr;
};

/// One encoding of a stream.
struct Layer {
  Layer(LogPool& pool, LogLimits limits) : log(pool, limits) {}

  TrackLog log;
  KeyframeRequests keyframes;
};

/// A published stream: the logs of its layers (one, until simulcast comes), its clock, and the
/// slots that read it. It tells the slots when they may begin; the packets they fetch themselves.
class Stream {
 public:
  struct Identity {
    StreamId id;
    StreamRef ref;
    rtp::MediaKind kind = rtp::MediaKind::kAudio;
    RoutedPeer* publisher = nullptr;
    PeerId publisher_id;
  };
  /// While this many viewers came within `kRushSpan`, the run is refreshed at `kRefreshAge`, before
  /// it goes stale, so that the next of them does not wait for a keyframe. So it is while nobody
  /// watches: a keyframe then takes bits from no picture, and the first to come has it at once.
  static constexpr std::size_t kRush = 3;
  static constexpr Duration kRushSpan = std::chrono::seconds(3);
  static constexpr Duration kRefreshAge = std::chrono::milliseconds(1500);
  /// How long a keyframe is asked for while no slot waits for it: because somebody is likely to
  /// come, or has lost a picture but not all of it.
  static constexpr Duration kWantedSpan = std::chrono::seconds(3);

  Stream(const Identity& identity, RouterParts& parts, std::size_t log_bytes_max);

  /// Appends a packet to its log, and lets those begin who waited for it. `ids`: the publisher's.
  void handle_packet(Instant now, const IncomingPacket& incoming, const rtp::ExtensionMap& ids);
  void handle_sender_report(Instant at, rtp::Timestamp timestamp);
  /// The publisher sends on another SSRC now: what its numbers meant is void.
  void restart(Instant now);

  void add_reader(Slot& slot);
  void remove_reader(const Slot& slot);
  [[nodiscard]] const std::vector<Reader>& readers() const { return readers_; }

  /// Whether its publisher agreed to be asked for keyframes (PLI or FIR, RFC 4585 §4.2). One that
  /// did not is not asked: until its next keyframe a viewer has the last as a still, however old.
  void set_takes_requests(bool takes);

  /// A viewer came to see it.
  void note_arrival(Instant now, bool from_cache);
  /// Somebody needs a keyframe newer than those in the log.
  void want_keyframe(Instant now);
  /// Somebody is likely to come.
  void warm(Instant now);
  /// Asks again, refreshes, or gives up; true when a request is to leave now.
  [[nodiscard]] bool poll_keyframe_request(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  void drop_old(Instant now);

  [[nodiscard]] StreamId id() const { return identity_.id; }
  [[nodiscard]] StreamRef ref() const { return identity_.ref; }
  [[nodiscard]] rtp::MediaKind kind() const { return identity_.kind; }
  [[nodiscard]] RoutedPeer* publisher() const { return identity_.publisher; }
  /// Nothing before the first packet.
  [[nodiscard]] const std::optional<rtp::Format>& format() const { return format_; }
  [[nodiscard]] Layer& layer(std::size_t index) { return *layers_[index]; }
  [[nodiscard]] const Layer& layer(std::size_t index) const { return *layers_[index]; }
  [[nodiscard]] const StreamClock& clock() const { return clock_; }
  void set_muted(bool muted);
  [[nodiscard]] bool muted() const { return muted_; }
  [[nodiscard]] Voice& voice() { return voice_; }
  void set_round_trip(Duration round_trip);

  [[nodiscard]] StreamCounters counters() const;
  void count_nacks(std::uint64_t count) { counters_.nacks += count; }
  void count_retransmission() { ++counters_.retransmissions; }

  bool has_news = false;  ///< `WorkList`'s mark.

 private:
  void hear(Instant now, const LogEntry& entry);
  void change_format(Instant now, const rtp::Format& format);
  void handle_keyframe(Instant now);
  [[nodiscard]] bool somebody_waits() const;
  [[nodiscard]] Instant refresh_at() const;

  Identity identity_;
  RouterParts& parts_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::optional<rtp::Format> format_;
  StreamClock clock_;
  std::vector<Reader> readers_;
  std::array<Instant, kRush> arrivals_;    ///< Of the newest viewers, oldest first.
  Instant wanted_until_ = Instant::min();  ///< Also if no slot waits.

  std::optional<Instant> keyframe_at_;  ///< When the newest came; it may have left the log.
  std::optional<Instant> refreshed_;    ///< The `keyframe_at_` that a refresh was asked for.
  StreamCounters counters_;
  Voice voice_;
  bool muted_ = false;
  bool takes_requests_ = true;
};

}  // namespace visavis::sfu
