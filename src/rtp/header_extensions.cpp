#include "rtp/header_extensions.hpp"

#include <algorithm>

namespace visavis::rtp {

std::optional<Bytes> find_extension(const PacketView& packet, std::uint8_t id) {
  std::optional<Bytes> found;
  for_each_extension(packet, [&found, id](std::uint8_t at, Bytes value) {
    if (at == id && !found) {
      found = value;
    }
  });
  return found;
}

std::optional<Bytes> find_extension(const PacketView& packet, const ExtensionMap& map,
                                    Extension extension) {
  const auto id = map.id_of(extension);
  return id ? find_extension(packet, *id) : std::nullopt;
}

std::optional<AudioLevel> read_audio_level(Bytes value) {
  if (value.empty()) {
    return std::nullopt;
  }
  constexpr unsigned kVoiceBit = 0x80;
  constexpr unsigned kLevelMask = 0x7F;
  const auto octet = std::to_integer<unsigned>(value.front());
  return AudioLevel{.below_full_dbov = static_cast<std::uint8_t>(octet & kLevelMask),
                    .voice = (octet & kVoiceBit) != 0};
}

std::uint8_t write_audio_level(AudioLevel level) {
  constexpr unsigned kSilence = 127;
  const unsigned voice = level.voice ? 0x80U : 0U;
  return static_cast<std::uint8_t>(voice | std::min<unsigned>(level.below_full_dbov, kSilence));
}

std::optional<SequenceNumber> read_transport_cc(Bytes value) {
  if (value.size() < sizeof(std::uint16_t)) {
    return std::nullopt;
  }
  return SequenceNumber(ByteReader(value).u16());
}

std::uint32_t abs_send_time(Instant at) {
  constexpr std::int64_t kWrap = 64'000'000;  // 24 bits of 6.18: 64 s
  constexpr std::int64_t kMicrosPerSecond = 1'000'000;
  const std::int64_t micros = at.time_since_epoch().count() % kWrap;
  return static_cast<std::uint32_t>((micros << 18U) / kMicrosPerSecond) & 0xFF'FFFFU;
}

std::optional<std::string_view> read_id(Bytes value) {
  constexpr std::size_t kIdMax = 16;  // As much as a one-byte extension holds.
  const std::string_view text = as_text(value);
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || text.size() > kIdMax || !printable) {
    return std::nullopt;
  }
  return text;
}

}  // namespace visavis::rtp
