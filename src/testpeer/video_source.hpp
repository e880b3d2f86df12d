#pragma once

#include <cstdint>
#include <optional>

#include "base/random.hpp"
#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "testpeer/stamp.hpp"

namespace visavis::testpeer {

/// A frame that a synthetic encoder made. Its picture is grey, 160 × 96, and filled up to the size
/// that a camera's would have: decoders take it.
struct Frame {
  std::uint32_t number = 0;
  std::uint32_t since_key = 0;   ///< Frames after the keyframe that it builds on.
  std::uint16_t picture_id = 0;  ///< 15 bits
  std::uint8_t tl0_picture_index = 0;
  bool key = false;
  Instant captured{};
  std::size_t bytes = 0;  ///< Of all its payloads.
  std::uint16_t packets = 1;

  /// The payload size of one of its packets: all but the last have the same.
  [[nodiscard]] std::size_t payload_bytes(std::size_t index) const;
};

/// Makes frames as a camera's encoder does: at a steady rate, of sizes that vary a little, a large
/// keyframe first and whenever one is asked for.
class VideoSource {
 public:
  struct Options {
    std::uint32_t source = 0;  ///< Goes into the stamps.
    rtp::CodecName codec = rtp::CodecName::kVp8;
    std::uint64_t bits_per_second = 1'500'000;
    unsigned frames_per_second = 30;
    std::size_t key_bytes = 24'000;  ///< As Chromium's at 640 × 480.
    /// Frames from one keyframe to the next, whoever asks for one; 0: when asked, as browsers do.
    unsigned keyframe_every = 0;
    static constexpr unsigned kFfmpegKeyframeEvery = 250;  ///< x264's, unless it is told.
  };
  /// Packets stay below 1200 bytes with all headers and tags, as browsers keep them.
  static constexpr std::size_t kPayloadMax = 1100;
  /// Encoders answer no faster than this to requests for a keyframe (Chromium's is 300 ms).
  static constexpr Duration kKeyframeGap = std::chrono::milliseconds(300);

  VideoSource(Options options, Random random);

  void start(Instant now) { next_at_ = now; }
  void request_keyframe() { key_wanted_ = true; }

  [[nodiscard]] Instant next_frame_at() const { return next_at_; }
  /// The frame that is due, if one is.
  [[nodiscard]] std::optional<Frame> poll_frame(Instant now);

  /// Writes one packet's payload: the codec's descriptor, the picture, a stamp, filling. The same
  /// frame and index give the same bytes, so nothing need be kept for retransmissions. Its size.
  [[nodiscard]] std::size_t write_payload(const Frame& frame, std::uint16_t index,
                                          MutableBytes into) const;

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] std::uint32_t frames() const { return next_number_; }
  [[nodiscard]] std::uint32_t keyframes() const { return keyframes_; }

 private:
  [[nodiscard]] bool is_keyframe_due(Instant now) const;
  void fit(Frame& frame) const;

  Options options_;
  Random random_;
  Instant next_at_ = kNever;
  Instant key_allowed_at_{};
  std::uint32_t next_number_ = 0;
  std::uint32_t key_number_ = 0;
  std::uint32_t keyframes_ = 0;
  std::uint16_t picture_id_;
  std::uint8_t tl0_picture_index_;
  bool key_wanted_ = true;
};

/// What lies in front of the stamp in this payload of a source of this codec: the descriptor, and
/// in a frame's first packet all of the picture.
[[nodiscard]] std::size_t leading_bytes(rtp::CodecName codec, Bytes payload);

}  // namespace visavis::testpeer
