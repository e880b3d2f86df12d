#include "rtp/media_parameters.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace visavis::rtp {
namespace {

constexpr std::array kCodecs{CodecName::kOpus, CodecName::kVp8, CodecName::kVp9, CodecName::kH264,
                             CodecName::kAv1};

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char one, unsigned char other) {
    return std::tolower(one) == std::tolower(other);
  });
}

template <class Matches>
const CodecLine* find_line(const std::vector<CodecLine>& lines, Matches&& matches) {
  const auto at = std::ranges::find_if(lines, matches);
  return at == lines.end() ? nullptr : &*at;
}

}  // namespace

std::string_view to_string(CodecName codec) {
  switch (codec) {
    case CodecName::kOpus: return "opus";
    case CodecName::kVp8: return "VP8";
    case CodecName::kVp9: return "VP9";
    case CodecName::kH264: return "H264";
    case CodecName::kAv1: return "AV1";
  }
  return "unknown";
}

std::optional<CodecName> codec_named(std::string_view encoding_name) {
  for (const CodecName codec : kCodecs) {
    if (same_letters(to_string(codec), encoding_name)) {
      return codec;
    }
  }
  return std::nullopt;
}

MediaKind kind_of(CodecName codec) {
  return codec == CodecName::kOpus ? MediaKind::kAudio : MediaKind::kVideo;
}

std::uint32_t clock_rate(CodecName codec) {
  constexpr std::uint32_t kOpusRate = 48'000;   // RFC 7587 §4.1
  constexpr std::uint32_t kVideoRate = 90'000;  // RFC 7741 §4.1, RFC 9628 §4.1, RFC 6184 §5.1
  return codec == CodecName::kOpus ? kOpusRate : kVideoRate;
}

std::string_view to_string(MediaKind kind) {
  return kind == MediaKind::kAudio ? "audio" : "video";
}

const CodecLine* MediaParameters::find(PayloadType payload_type) const {
  return find_line(
      codecs, [payload_type](const CodecLine& line) { return line.payload_type == payload_type; });
}

const CodecLine* MediaParameters::find_by_rtx(PayloadType payload_type) const {
  return find_line(codecs,
                   [payload_type](const CodecLine& line) { return line.rtx == payload_type; });
}

const CodecLine* MediaParameters::find(const Format& format) const {
  return find_line(codecs, [&format](const CodecLine& line) { return line.format == format; });
}

}  // namespace visavis::rtp
