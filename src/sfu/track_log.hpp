#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtp/extension_map.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"
#include "sfu/log_pool.hpp"
#include "sfu/picture_numbers.hpp"

namespace visavis::sfu {

/// A header extension of the publisher's that viewers get too, where it lies in the packet.
struct CarriedExtension {
  rtp::Extension extension = rtp::Extension::kAudioLevel;
  std::uint8_t size = 0;
  std::uint16_t at = 0;  ///< Offset in the packet.
};

/// One packet of a log. It lies there decrypted, without padding, and is never changed; all that
/// forwarding needs of it was read when it came.
struct LogEntry {
  static constexpr std::int64_t kNone = -1;
  static constexpr std::size_t kCarriedMax = 4;

  std::int64_t sequence = kNone;  ///< On a line without end.
  Instant arrival;
  Bytes packet;
  std::uint16_t payload_at = 0;
  rtp::Timestamp timestamp;
  bool marker = false;
  bool starts_keyframe = false;
  PictureNumbers pictures;
  std::uint8_t carried_count = 0;
  std::array<CarriedExtension, kCarriedMax> carried{};
  LogChunk* chunk = nullptr;  ///< Where `packet` lies; the log's own business.

  [[nodiscard]] Bytes payload() const { return packet.subspan(payload_at); }
};

/// A packet on its way into a log: `view` was parsed from `packet`, padding is gone.
struct IncomingPacket {
  Bytes packet;
  rtp::PacketView view;
  rtp::Format format;
};

/// How much a log holds; the oldest packets go first. These are a video layer's.
struct LogLimits {
  std::size_t bytes_max = std::size_t{4} << 20U;
  /// A power of two, at least 64. 4096 packets of 1 kB are the 4 MB of a video layer.
  std::size_t entries_max = 4096;
  /// Nobody starts at a keyframe older than 2 s or asks again for a packet older than that.
  Duration age_max = std::chrono::seconds(5);
};
/// Audio comes in at most 100 packets a second of at most a few hundred bytes.
inline constexpr LogLimits kAudioLogLimits{.bytes_max = std::size_t{256} << 10U,
                                           .entries_max = 512};

/// The bounded log of one layer of a stream: the newest packets, found by sequence number in O(1),
/// with a mark at each keyframe. Reordered packets are placed right, duplicates are refused, and
/// the oldest go when bytes, entries or age reach their limit.
///
/// Readers keep a sequence number and ask `find()`. When the publisher's numbering breaks (another
/// SSRC, another codec) the log is restarted: `epoch()` tells readers that their numbers are void.
class TrackLog {
 public:
  /// A viewer starts from the cached run only if its keyframe is at most this old, ...
  static constexpr Duration kFreshAge = std::chrono::seconds(2);
  /// ... and the run at most this large: 8 Mbit/s for a second, what a viewer's link can swallow.
  static constexpr std::size_t kFreshBytes = std::size_t{1} << 20U;

  /// Older than fresh, but not older than this, a keyframe alone may be shown as a still: what
  /// moved since is small, and it is gone from the log a second later.
  static constexpr Duration kStillAge = std::chrono::seconds(4);
  /// A still is to be there sooner than a new keyframe: 8 Mbit/s for a quarter of a second.
  static constexpr std::size_t kStillBytes = std::size_t{256} << 10U;

  /// Three times what encoders leave between keyframes by themselves (FFmpeg: 250 frames).
  static constexpr Duration kUnaskedAge = std::chrono::seconds(30);

  enum class Appended : std::uint8_t {
    kAtHead,
    kLate,       ///< Behind the head: reordered, or repaired by a NACK.
    kDuplicate,  ///< Not taken.
    kTooOld,     ///< Not taken: from before what the log still holds.
    kNoMemory,   ///< Not taken: the worker's pool is exhausted.
  };
  struct Result {
    Appended appended = Appended::kAtHead;
    const LogEntry* entry = nullptr;  ///< Null if the packet was not taken.
    bool new_keyframe = false;        ///< It is the first sight of a keyframe.
  };
  struct Keyframe {
    std::int64_t sequence = 0;  ///< Of its first packet.
    Instant arrival;
    rtp::Timestamp timestamp;
    std::uint64_t bytes_before = 0;  ///< Appended to the log before it.
  };

  TrackLog(LogPool& pool, LogLimits limits);
  ~TrackLog();
  TrackLog(const TrackLog&) = delete;
  TrackLog& operator=(const TrackLog&) = delete;

  /// `carried` says which extension ids the publisher uses; those a viewer may get are noted.
  Result append(Instant now, const IncomingPacket& incoming, const rtp::ExtensionMap& ids);
  /// Forgets everything and begins a new numbering.
  void restart();
  /// The log of a publisher that makes keyframes when it likes: the last is kept for `kUnaskedAge`,
  /// while bytes and entries last, and is a still for as long.
  void keep_stills(bool keeps);
  /// Drops what is older than the limit; `append()` does it too.
  void drop_old(Instant now);

  /// Null when the packet is not (or no longer) here.
  [[nodiscard]] const LogEntry* find(std::int64_t sequence) const {
    const LogEntry& entry = entries_[static_cast<std::size_t>(sequence) & mask_];
    return entry.sequence == sequence ? &entry : nullptr;
  }
  [[nodiscard]] bool empty() const { return head_ == LogEntry::kNone; }
  /// The newest sequence number; `LogEntry::kNone`, which is before all others, while it is empty.
  [[nodiscard]] std::int64_t head() const { return head_; }
  /// The oldest that may still be here; the log must not be empty.
  [[nodiscard]] std::int64_t tail() const { return tail_; }
  /// The first packet here from `sequence` on; `head() + 1` when there is none. A gap, however
  /// wide, costs a look at a few words: whoever sends in leaps cannot make all readers walk.
  [[nodiscard]] std::int64_t next_from(std::int64_t sequence) const;
  /// Whether packets from `sequence` on have been here and are gone: who wanted to read on there
  /// has been overtaken.
  [[nodiscard]] bool has_dropped(std::int64_t sequence) const { return sequence <= dropped_; }
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }

  /// The newest keyframe whose first packet is here.
  [[nodiscard]] const Keyframe* newest_keyframe() const;
  /// From the newest keyframe to the head; 0 without a keyframe.
  [[nodiscard]] std::size_t run_bytes() const;
  /// Whether a viewer that comes now starts from the cache.
  [[nodiscard]] bool is_fresh(Instant now) const;
  /// The last packet of the newest keyframe's picture, if that is whole, small, and young enough to
  /// be shown.
  [[nodiscard]] std::optional<std::int64_t> find_still(Instant now) const;
  /// Memory held.
  [[nodiscard]] std::size_t bytes_held() const { return chunks_.size() * LogChunk::kBytes; }

 private:
  /// Keyframe marks remembered; only the newest is read, the others may become it again when a
  /// restart of a run is dropped.
  static constexpr std::size_t kKeyframesMax = 8;

  [[nodiscard]] std::optional<Appended> refusal(std::int64_t sequence) const;
  [[nodiscard]] MutableBytes store(std::size_t size);
  bool grow();
  void drop_tail();
  void move_tail(std::int64_t to);
  void drop(LogEntry& entry);
  void advance_head(std::int64_t sequence);
  [[nodiscard]] bool mark_keyframe(const LogEntry& entry);

  LogPool& pool_;
  LogLimits limits_;
  Duration age_max_ = limits_.age_max;
  Duration still_age_ = kStillAge;
  /// One place, for nothing, until the first packet comes: 450 kB are not given to everybody who
  /// says that he will publish.
  std::vector<LogEntry> entries_{1};
  std::size_t mask_ = 0;
  std::vector<std::uint64_t> occupied_;            ///< A bit for each of `entries_`.
  std::vector<std::unique_ptr<LogChunk>> chunks_;  ///< The last is written to.
  std::deque<Keyframe> keyframes_;                 ///< Ascending.
  rtp::SequenceUnwrapper unwrapper_;
  std::int64_t head_ = LogEntry::kNone;
  std::int64_t tail_ = 0;
  std::int64_t floor_ = 0;  ///< What came before it was dropped and does not come back.
  std::int64_t dropped_ = LogEntry::kNone;  ///< The newest that was here and is gone.
  std::uint64_t bytes_appended_ = 0;
  std::uint32_t epoch_ = 0;
};

/// Which of a publisher's extensions a viewer gets as they are: the others are the publisher's own
/// business (mid, rid) or are written anew (transport-cc, abs-send-time).
[[nodiscard]] bool is_carried(rtp::Extension extension);

}  // namespace visavis::sfu
