#include "testpeer/audio_source.hpp"

#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::testpeer {

std::optional<AudioSource::Packet> AudioSource::poll_packet(Instant now) {
  if (now < next_at_) {
    return std::nullopt;
  }
  constexpr rtp::AudioLevel kSpeech{.below_full_dbov = 25, .voice = true};
  Packet packet{.number = next_number_++, .captured = next_at_, .level = {}};
  if (options_.talking) {
    packet.level = kSpeech;
  }
  next_at_ += kPacketTime;
  return packet;
}

std::size_t AudioSource::write_payload(const Packet& packet, MutableBytes into) const {
  constexpr std::uint8_t kToc = 0x78;  // CELT, fullband, 20 ms, mono
  ByteWriter writer(into.first(kPayloadBytes));
  writer.u8(kToc);
  write_stamp(writer.take(Stamp::kBytes), {.source = options_.source,
                                           .frame = packet.number,
                                           .index = 0,
                                           .count = 1,
                                           .key = false,
                                           .captured = packet.captured});
  writer.zeros(kPayloadBytes - writer.size());
  check(writer.ok());
  return kPayloadBytes;
}

}  // namespace visavis::testpeer
