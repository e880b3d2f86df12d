#include "sdp/offer.hpp"

#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace visavis::sdp {
namespace {

struct ShapeCodec {
  rtp::CodecName codec;
  int payload_type;
  int rtx;  ///< 0: none.
  std::string_view fmtp;
};
struct ShapeExtension {
  int id;
  rtp::Extension extension;
  bool audio;
  bool video;
};

constexpr std::string_view kH264Fmtp =
    "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

/// What the offers of one browser look like. The numbers are those that its current version uses.
struct Shape {
  std::span<const ShapeCodec> codecs;
  std::span<const ShapeExtension> extensions;
  bool later_lines_bundle_only;  ///< Port 0 on all lines but the first (RFC 9143 §7.2.1).
  bool audio_reduced_size;
  bool bare = false;  ///< No feedback, retransmission or options; the client waits for ours.
};

constexpr auto kChromiumCodecs = std::to_array<ShapeCodec>(
    {{.codec = rtp::CodecName::kOpus,
      .payload_type = 111,
      .rtx = 0,
      .fmtp = "minptime=10;useinbandfec=1"},
     {.codec = rtp::CodecName::kVp8, .payload_type = 96, .rtx = 97, .fmtp = ""},
     {.codec = rtp::CodecName::kH264, .payload_type = 108, .rtx = 109, .fmtp = kH264Fmtp}});
constexpr auto kChromiumExtensions = std::to_array<ShapeExtension>(
    {{.id = 1, .extension = rtp::Extension::kAudioLevel, .audio = true, .video = false},
     {.id = 2, .extension = rtp::Extension::kAbsSendTime, .audio = true, .video = true},
     {.id = 13, .extension = rtp::Extension::kVideoOrientation, .audio = false, .video = true},
     {.id = 3, .extension = rtp::Extension::kTransportCc, .audio = true, .video = true},
     {.id = 5, .extension = rtp::Extension::kPlayoutDelay, .audio = false, .video = true},
     {.id = 4, .extension = rtp::Extension::kMid, .audio = true, .video = true},
     {.id = 10, .extension = rtp::Extension::kRid, .audio = false, .video = true},
     {.id = 11, .extension = rtp::Extension::kRepairedRid, .audio = false, .video = true}});

constexpr auto kFirefoxCodecs = std::to_array<ShapeCodec>(
    {{.codec = rtp::CodecName::kOpus,
      .payload_type = 109,
      .rtx = 0,
      .fmtp = "maxplaybackrate=48000;stereo=1;useinbandfec=1"},
     {.codec = rtp::CodecName::kVp8,
      .payload_type = 120,
      .rtx = 124,
      .fmtp = "max-fs=12288;max-fr=60"},
     {.codec = rtp::CodecName::kH264,
      .payload_type = 126,
      .rtx = 127,
      .fmtp = "profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1"}});
constexpr auto kFirefoxExtensions = std::to_array<ShapeExtension>(
    {{.id = 1, .extension = rtp::Extension::kAudioLevel, .audio = true, .video = false},
     {.id = 3, .extension = rtp::Extension::kMid, .audio = true, .video = true},
     {.id = 4, .extension = rtp::Extension::kAbsSendTime, .audio = false, .video = true},
     {.id = 7, .extension = rtp::Extension::kTransportCc, .audio = true, .video = true}});

constexpr auto kSafariCodecs = std::to_array<ShapeCodec>(
    {{.codec = rtp::CodecName::kOpus,
      .payload_type = 111,
      .rtx = 0,
      .fmtp = "minptime=10;useinbandfec=1"},
     {.codec = rtp::CodecName::kH264,
      .payload_type = 96,
      .rtx = 97,
      .fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f"},
     {.codec = rtp::CodecName::kH264, .payload_type = 98, .rtx = 99, .fmtp = kH264Fmtp},
     {.codec = rtp::CodecName::kVp8, .payload_type = 100, .rtx = 101, .fmtp = ""}});
constexpr auto kSafariExtensions = std::to_array<ShapeExtension>(
    {{.id = 14, .extension = rtp::Extension::kAudioLevel, .audio = true, .video = false},
     {.id = 2, .extension = rtp::Extension::kAbsSendTime, .audio = true, .video = true},
     {.id = 13, .extension = rtp::Extension::kVideoOrientation, .audio = false, .video = true},
     {.id = 5, .extension = rtp::Extension::kTransportCc, .audio = true, .video = true},
     {.id = 9, .extension = rtp::Extension::kMid, .audio = true, .video = true},
     {.id = 10, .extension = rtp::Extension::kRid, .audio = false, .video = true}});

constexpr auto kFfmpegCodecs = std::to_array<ShapeCodec>(
    {{.codec = rtp::CodecName::kOpus, .payload_type = 111, .rtx = 0, .fmtp = ""},
     {.codec = rtp::CodecName::kH264,
      .payload_type = 106,
      .rtx = 0,
      .fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"}});

Shape shape_of(BrowserShape browser) {
  switch (browser) {
    case BrowserShape::kFfmpeg:
      return {.codecs = kFfmpegCodecs,
              .extensions = {},
              .later_lines_bundle_only = false,
              .audio_reduced_size = false,
              .bare = true};
    case BrowserShape::kFirefox:
      return {.codecs = kFirefoxCodecs,
              .extensions = kFirefoxExtensions,
              .later_lines_bundle_only = true,
              .audio_reduced_size = false};
    case BrowserShape::kSafari:
      return {.codecs = kSafariCodecs,
              .extensions = kSafariExtensions,
              .later_lines_bundle_only = false,
              .audio_reduced_size = true};
    case BrowserShape::kChromium: break;
  }
  return {.codecs = kChromiumCodecs,
          .extensions = kChromiumExtensions,
          .later_lines_bundle_only = false,
          .audio_reduced_size = true};
}

void write_feedback(const std::string& type, bool audio, Attributes& to) {
  to.push_back({"rtcp-fb", type + " transport-cc"});
  if (!audio) {
    for (const char* feedback : {" goog-remb", " ccm fir", " nack", " nack pli"}) {
      to.push_back({"rtcp-fb", type + feedback});
    }
  }
}

void write_codec(const ShapeCodec& codec, bool bare, MediaSection& section) {
  const std::string type = std::to_string(codec.payload_type);
  const std::string clock = std::to_string(rtp::clock_rate(codec.codec));
  const bool audio = rtp::kind_of(codec.codec) == rtp::MediaKind::kAudio;
  Attributes& to = section.attributes;
  section.formats.push_back(type);
  to.push_back({"rtpmap", type + ' ' + std::string(rtp::to_string(codec.codec)) + '/' + clock +
                              (audio ? "/2" : "")});
  if (!bare) {
    write_feedback(type, audio, to);
  }
  if (!codec.fmtp.empty()) {
    to.push_back({"fmtp", type + ' ' + std::string(codec.fmtp)});
  }
  if (codec.rtx != 0) {
    const std::string rtx = std::to_string(codec.rtx);
    section.formats.push_back(rtx);
    to.push_back({"rtpmap", rtx + " rtx/" + clock});
    to.push_back({"fmtp", rtx + " apt=" + type});
  }
}

void write_sources(const OfferLine& line, Attributes& to) {
  if (!line.ssrc) {
    return;
  }
  const std::string ssrc = std::to_string(line.ssrc->value());
  if (line.rtx_ssrc) {
    const std::string rtx = std::to_string(line.rtx_ssrc->value());
    to.push_back({"ssrc-group", "FID " + ssrc + ' ' + rtx});
    to.push_back({"ssrc", ssrc + " cname:caller"});
    to.push_back({"ssrc", rtx + " cname:caller"});
  } else {
    to.push_back({"ssrc", ssrc + " cname:caller"});
  }
}

MediaSection write_line(const OurOffer& ours, const Shape& shape, const OfferLine& line) {
  const bool first = &line == &ours.lines.front();
  const bool bundle_only = shape.later_lines_bundle_only && !first;
  const bool audio = line.kind == rtp::MediaKind::kAudio;
  MediaSection section{.media = std::string(rtp::to_string(line.kind)),
                       .port = static_cast<std::uint16_t>(bundle_only ? 0 : 9),
                       .protocol = "UDP/TLS/RTP/SAVPF",
                       .formats = {},
                       .attributes = {}};
  Attributes& to = section.attributes;
  if (bundle_only) {
    to.push_back({"bundle-only", ""});
  }
  to.push_back({"ice-ufrag", ours.ice.ufrag});
  to.push_back({"ice-pwd", ours.ice.pwd});
  if (!shape.bare) {
    to.push_back({"ice-options", "trickle"});
  }
  to.push_back({"fingerprint", ours.fingerprint.algorithm + ' ' + ours.fingerprint.value});
  to.push_back({"setup", ours.waits || shape.bare ? "passive" : "actpass"});
  to.push_back({"mid", line.mid});
  for (const ShapeExtension& extension : shape.extensions) {
    if (audio ? extension.audio : extension.video) {
      to.push_back({"extmap", std::to_string(extension.id) + ' ' +
                                  std::string(rtp::uri(extension.extension))});
    }
  }
  to.push_back({std::string(to_string(line.direction)), ""});
  to.push_back({"rtcp-mux", ""});
  if (!audio || shape.audio_reduced_size) {
    to.push_back({"rtcp-rsize", ""});
  }
  for (const ShapeCodec& codec : shape.codecs) {
    if (rtp::kind_of(codec.codec) == line.kind) {
      write_codec(codec, shape.bare, section);
    }
  }
  write_sources(line, to);
  return section;
}

}  // namespace

std::string write_offer(const OurOffer& ours) {
  const Shape shape = shape_of(ours.shape);
  const bool firefox = ours.shape == BrowserShape::kFirefox;
  Session session{.origin_user = firefox ? "mozilla...THIS_IS_SDPARTA-99.0" : "-",
                  .origin_id = ours.origin_id,
                  .origin_version = std::to_string(ours.version),
                  .attributes = {},
                  .media = {}};
  std::string bundle = "BUNDLE";
  for (const OfferLine& line : ours.lines) {
    bundle += ' ' + line.mid;
    session.media.push_back(write_line(ours, shape, line));
  }
  session.attributes.push_back({"group", std::move(bundle)});
  session.attributes.push_back({"extmap-allow-mixed", ""});
  return write_session(session);
}

}  // namespace visavis::sdp
