#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "testpeer/send_stream.hpp"
#include "testpeer/video_source.hpp"

namespace visavis::testpeer {

/// Sends a synthetic camera as a browser does: frames into packets, packets paced, NACKs answered
/// by RTX, a keyframe when one is asked for.
class VideoSender {
 public:
  /// As Chromium paces: at this much of the stream's bit rate, in bursts of what that rate carries
  /// in `kBurst`, at most `kBurstBytesMax`; the next burst when that debt is paid.
  static constexpr std::int64_t kPacingPercent = 250;
  static constexpr Duration kBurst = std::chrono::milliseconds(40);
  static constexpr std::size_t kBurstBytesMax = 63'000;
  /// Packets that can be sent again: over 3 s of 1.5 Mbit/s.
  static constexpr std::size_t kHistory = 512;

  struct Counters {
    std::uint64_t plis = 0;
    std::uint64_t nacked = 0;  ///< Packets asked for again.
    std::uint64_t retransmitted = 0;
    std::uint64_t forgotten = 0;  ///< Asked for, and no longer there.
  };

  VideoSender(VideoSource source, SendStream stream);

  void start(Instant now) { source_.start(now); }
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;

  /// Writes the next packet that may leave now and seals it; its size, or 0.
  std::size_t poll_packet(Instant now, SendContext& context, MutableBytes cell);

  void handle_nack(rtp::SequenceNumber sequence);
  void handle_keyframe_request();

  [[nodiscard]] SendStream& stream() { return stream_; }
  [[nodiscard]] const SendStream& stream() const { return stream_; }
  [[nodiscard]] const VideoSource& source() const { return source_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Sent {
    rtp::SequenceNumber sequence;
    std::uint16_t index = 0;
    Frame frame;
  };

  std::size_t write(Instant now, SendContext& context, const Sent& sent, MutableBytes cell);
  std::size_t write_rtx(Instant now, SendContext& context, const Sent& sent, MutableBytes cell);
  [[nodiscard]] static SendStream::Packet packet_of(const Sent& sent);
  void pay_for(Instant now, std::size_t bytes);
  [[nodiscard]] Duration time_of(std::size_t bytes) const;

  VideoSource source_;
  SendStream stream_;
  std::deque<Sent> queue_;
  std::deque<rtp::SequenceNumber> repeats_;
  std::vector<Sent> history_;  // A ring by sequence number.
  Instant burst_at_{};         ///< When the next burst may begin.
  Instant paid_at_{};          ///< When what was sent is paid at the pacing rate.
  Counters counters_;
};

}  // namespace visavis::testpeer
