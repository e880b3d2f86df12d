#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "rtp/sequence.hpp"
#include "testpeer/stamp.hpp"

namespace visavis::testpeer {

/// One packet of a received stream, without its filling.
struct ReceivedPacket {
  rtp::SequenceNumber sequence;
  rtp::Timestamp timestamp;
  Stamp stamp;
  bool marker = false;
  std::optional<std::uint16_t> picture_id;  ///< VP8
};

/// What was received whole, and what was wrong with it. A decoder would stumble over each of
/// `breaks`; the server must never cause one.
struct FrameReport {
  std::optional<Instant> first_frame_at;
  std::optional<Instant> last_frame_at;
  std::uint64_t frames = 0;  ///< Decodable: whole, and the ones before it too.
  std::uint64_t keyframes = 0;
  std::uint64_t skipped = 0;  ///< Given up for a later keyframe.
  std::uint64_t cut = 0;  ///< Left unfinished by the server for a keyframe right behind: no loss.
  std::uint64_t freezes = 0;   ///< Pauses that a viewer sees: above 3 frame times and 150 ms.
  std::uint64_t switches = 0;  ///< The publisher behind the slot changed.
  std::uint64_t breaks = 0;    ///< Numbers or references that do not continue.
  Duration latency_sum{};      ///< From capture to the frame's last packet.
  Duration latency_max{};
  std::uint32_t source = 0;  ///< Of the newest frame.
};

/// Puts the packets of one video slot together to frames, in the order of a decoder: it starts at
/// a keyframe, needs every frame after it, and goes on at the next keyframe when it cannot have
/// one.
class FrameAssembler {
 public:
  /// A missing packet is waited for this long when a later keyframe is there already; and the first
  /// keyframe, before one is asked for. (Chromium: 200 ms.)
  static constexpr Duration kPatience = std::chrono::milliseconds(250);
  /// Stuck for this long, we ask for a keyframe although nothing is known to be lost. (Chromium's.)
  static constexpr Duration kStuckMax = std::chrono::seconds(3);
  /// Asked for again after this.
  static constexpr Duration kPliGap = std::chrono::milliseconds(500);

  void handle_packet(Instant now, const ReceivedPacket& packet);

  /// Whether to ask for a keyframe now; it counts as asked for.
  [[nodiscard]] bool poll_keyframe_request(Instant now);
  [[nodiscard]] Instant next_timeout() const { return pli_at_; }
  /// Something is known to be lost for good.
  void handle_loss(Instant now);

  /// Waits for nothing any more: no further packet will be told.
  void rest() { pli_at_ = kNever; }

  [[nodiscard]] const FrameReport& report() const { return report_; }

 private:
  /// A cached run of 1 MB comes at once: 900 packets.
  static constexpr std::int64_t kWindow = 1024;
  struct Piece {
    std::int64_t sequence = -1;
    ReceivedPacket packet;
  };

  [[nodiscard]] const Piece* piece(std::int64_t sequence) const;
  /// One past the frame's last packet if the frame that begins at `start` is whole.
  [[nodiscard]] std::optional<std::int64_t> end_of_frame(std::int64_t start) const;
  void complete_frames(Instant now);
  void complete(Instant now, std::int64_t start, std::int64_t end);
  void check_continuity(const ReceivedPacket& first, const ReceivedPacket& last);
  void count_pause(Instant now);
  [[nodiscard]] bool has_gap(std::int64_t next) const;
  /// Whether the next frame can never be whole: another begins where its packets should be.
  [[nodiscard]] bool is_cut(std::int64_t next) const;
  void note_stuck(Instant now);

  rtp::SequenceUnwrapper unwrapper_;
  std::vector<Piece> pieces_;  // A ring, made with the first packet.
  std::int64_t newest_ = 0;
  std::optional<std::int64_t> next_;    // Where the next frame begins; nothing before a keyframe.
  std::optional<std::int64_t> key_at_;  // The newest keyframe's first packet beyond `next_`.
  std::optional<ReceivedPacket> previous_;  // First packet of the frame before.
  bool jumped_ = false;
  std::optional<Instant> stuck_since_;
  Instant pli_at_ = kNever;
  double mean_pause_us_ = 0;
  FrameReport report_;
};

}  // namespace visavis::testpeer
