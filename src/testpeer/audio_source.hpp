#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "rtp/header_extensions.hpp"
#include "testpeer/stamp.hpp"

namespace visavis::testpeer {

/// Makes 20 ms of synthetic Opus after another; talks, or is silent.
class AudioSource {
 public:
  struct Options {
    std::uint32_t source = 0;  ///< Goes into the stamps.
    bool talking = true;
  };
  static constexpr Duration kPacketTime = std::chrono::milliseconds(20);
  static constexpr std::size_t kPayloadBytes = 80;  ///< 32 kbit/s, Chromium's default for speech.
  static constexpr std::uint32_t kSamples = 960;    ///< Of 48 kHz.

  struct Packet {
    std::uint32_t number = 0;
    Instant captured{};
    rtp::AudioLevel level;
  };

  explicit AudioSource(Options options) : options_(options) {}

  void start(Instant now) { next_at_ = now; }
  void set_talking(bool talking) { options_.talking = talking; }

  [[nodiscard]] Instant next_packet_at() const { return next_at_; }
  [[nodiscard]] std::optional<Packet> poll_packet(Instant now);
  /// The payload's size.
  [[nodiscard]] std::size_t write_payload(const Packet& packet, MutableBytes into) const;

  [[nodiscard]] std::uint32_t packets() const { return next_number_; }

 private:
  Options options_;
  Instant next_at_ = kNever;
  std::uint32_t next_number_ = 0;
};

/// The TOC byte in front of the stamp (RFC 6716 §3.1).
inline constexpr std::size_t kOpusTocBytes = 1;

}  // namespace visavis::testpeer
