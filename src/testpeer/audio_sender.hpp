#pragma once

#include <cstdint>

#include "testpeer/audio_source.hpp"
#include "testpeer/send_stream.hpp"

namespace visavis::testpeer {

/// Sends a synthetic microphone: a packet every 20 ms.
class AudioSender {
 public:
  AudioSender(AudioSource source, SendStream stream)
      : source_(source), stream_(std::move(stream)) {}

  void start(Instant now) { source_.start(now); }
  [[nodiscard]] Instant next_timeout() const { return source_.next_packet_at(); }

  /// Writes the packet that is due and seals it; its size, or 0.
  std::size_t poll_packet(Instant now, SendContext& context, MutableBytes cell) {
    const auto packet = source_.poll_packet(now);
    if (!packet) {
      return 0;
    }
    const bool talk_spurt_begins = packet->number == 0;  // RFC 3551 §4.1
    const std::size_t header = stream_.write_header(now, context,
                                                    {.sequence = stream_.take_sequence(),
                                                     .captured = packet->captured,
                                                     .marker = talk_spurt_begins,
                                                     .level = packet->level},
                                                    cell);
    const std::size_t payload = source_.write_payload(*packet, cell.subspan(header));
    stream_.count(payload);
    return context.sealer->seal_rtp(cell, header + payload);
  }

  [[nodiscard]] AudioSource& source() { return source_; }
  [[nodiscard]] SendStream& stream() { return stream_; }
  [[nodiscard]] const SendStream& stream() const { return stream_; }

 private:
  AudioSource source_;
  SendStream stream_;
};

}  // namespace visavis::testpeer
