#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/sequence.hpp"

namespace visavis::load {

/// What left of one published stream, by sequence number: viewers in the same process look up when
/// the packet they got was sent, and how many packets its frame has.
class SentLog {
 public:
  struct Packet {
    Instant sent{};
    rtp::Timestamp timestamp;
    rtp::SequenceNumber sequence;
    std::uint16_t index = 0;  ///< In its frame.
    std::uint16_t count = 0;  ///< Of packets in the frame; 0 while it is still being sent.
    bool used = false;
  };
  /// 12 s of 1.5 Mbit/s. Later ones of a packet sent before are retransmissions, and are not told.
  static constexpr std::size_t kPackets = 2048;

  explicit SentLog(rtp::MediaKind kind) : kind_(kind), packets_(kPackets) {}

  void handle_sent(Instant now, rtp::SequenceNumber sequence, rtp::Timestamp timestamp,
                   bool marker);

  /// Null when it was not sent, or too long ago.
  [[nodiscard]] const Packet* find(rtp::SequenceNumber sequence) const {
    const Packet& at = packets_[sequence.value() % kPackets];
    return at.used && at.sequence == sequence ? &at : nullptr;
  }
  [[nodiscard]] const Packet* find(rtp::Timestamp timestamp, std::uint16_t index) const;

  [[nodiscard]] rtp::MediaKind kind() const { return kind_; }
  [[nodiscard]] std::uint64_t packets() const { return sent_; }
  [[nodiscard]] std::uint64_t frames() const { return frames_; }

 private:
  void close_frame(rtp::SequenceNumber last);

  rtp::MediaKind kind_;
  std::vector<Packet> packets_;  // A ring by sequence number.
  std::optional<rtp::SequenceNumber> newest_;
  std::uint64_t sent_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace visavis::load
