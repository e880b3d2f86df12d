#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "load/histogram.hpp"
#include "load/stream_watch.hpp"

namespace visavis::load {

/// What left publishers, to compare with a floor of the same bursts and sizes.
struct Published {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;   ///< UDP payload.
  std::uint64_t bursts = 0;  ///< Times that a publisher sent one or more at once.

  friend Published operator-(const Published& now, const Published& before) {
    return {.packets = now.packets - before.packets,
            .bytes = now.bytes - before.bytes,
            .bursts = now.bursts - before.bursts};
  }
};

/// What one span of measuring gave.
struct Result {
  std::size_t viewers = 0;
  std::size_t publishers = 0;
  std::size_t opened = 0;  ///< Viewers whose every packet was decrypted.
  Duration span{};

  std::uint64_t forwarded = 0;  ///< RTP packets that came to viewers, retransmissions too.
  std::uint64_t bytes = 0;      ///< Of them, as UDP payload.
  StreamCounts video;
  StreamCounts audio;
  std::uint64_t frames_sent = 0;       ///< By publishers, once for each viewer who stays.
  std::uint64_t frames_completed = 0;  ///< Of them.
  std::size_t starving = 0;            ///< Streams of which less than half came.
  std::size_t without_frames = 0;
  std::uint64_t failed = 0;
  std::string failure;       ///< The first one's.
  std::uint64_t breaks = 0;  ///< What a decoder would stumble over though nothing was lost.
  std::uint64_t joins = 0;   ///< Of churn.

  Histogram latency;
  Histogram first_frame;  ///< From asking to the first frame, of all who joined for this.

  Published video_published;
  Published audio_published;

  double own_share = 0;    ///< Of a core.
  double own_wait = 0;     ///< Share of the time that it was ready and others had its core.
  double server_wait = 0;  ///< The same of the server, all its threads together.
  std::uint64_t own_drops = 0;

  std::optional<Duration> server_cpu;
  std::uint64_t resident_before = 0;  ///< Of the server, before the first viewer.
  std::uint64_t resident_after = 0;
  std::vector<std::uint64_t> resident;  ///< Each second of the span.

  [[nodiscard]] double loss() const;          ///< Share of packets, before repair.
  [[nodiscard]] double missing() const;       ///< After repair.
  [[nodiscard]] double server_share() const;  ///< Of a core.
  [[nodiscard]] double cpu_per_packet_us() const;
  [[nodiscard]] double bytes_per_viewer() const;
  /// Of the server's memory, by the medians of the second and the last quarter; per minute.
  [[nodiscard]] double resident_slope() const;
};

/// What a ramp asks of each step.
struct Bar {
  double loss_max = 0.001;
  Duration latency_max = std::chrono::milliseconds(50);  ///< p99
};
/// Why a step of a ramp does not hold; empty when it does.
[[nodiscard]] std::string shortfall(const Result& result, const Bar& bar);
/// Why what was measured tells of this program rather than of the server; empty when it does not.
[[nodiscard]] std::string own_limit(const Result& result);
/// Empty when nothing was lost and every viewer saw frames.
[[nodiscard]] std::string blemish(const Result& result);

}  // namespace visavis::load
