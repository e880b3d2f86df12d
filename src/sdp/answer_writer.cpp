#include "sdp/answer_writer.hpp"

#include <array>
#include <utility>

#include "rtp/cname.hpp"

namespace visavis::sdp {
namespace {

/// The fmtp of our answer: what we want to receive, or may send (RFC 8829 §5.3.1).
std::string answered_fmtp(const OfferedCodec& codec) {
  switch (codec.line.format.codec) {
    case rtp::CodecName::kOpus: return "minptime=10;useinbandfec=1";
    case rtp::CodecName::kVp8: return {};  // Limits of the offerer's decoder are not ours.
    default: return codec.fmtp;
  }
}

Direction direction_of(const Answered& line) {
  const Direction offered = line.offered->direction;
  const bool both = offered == Direction::kSendRecv;
  if (line.role == Role::kPublish && (both || offered == Direction::kSendOnly)) {
    return Direction::kRecvOnly;
  }
  if (line.role == Role::kSlot && (both || offered == Direction::kRecvOnly)) {
    return Direction::kSendOnly;
  }
  return Direction::kInactive;
}

void write_codec(const OfferedCodec& codec, MediaSection& section) {
  const rtp::CodecLine& line = codec.line;
  const std::string type = std::to_string(line.payload_type.value());
  Attributes& to = section.attributes;
  section.formats.push_back(type);
  const std::string clock = std::to_string(rtp::clock_rate(line.format.codec));
  const bool opus = line.format.codec == rtp::CodecName::kOpus;
  to.push_back({"rtpmap", type + ' ' + std::string(rtp::to_string(line.format.codec)) + '/' +
                              clock + (opus ? "/2" : "")});
  if (const std::string fmtp = answered_fmtp(codec); !fmtp.empty()) {
    to.push_back({"fmtp", type + ' ' + fmtp});
  }
  const auto feedbacks =
      std::to_array<std::pair<bool, const char*>>({{line.transport_cc, " transport-cc"},
                                                   {line.fir, " ccm fir"},
                                                   {line.nack, " nack"},
                                                   {line.pli, " nack pli"}});
  for (const auto& [agreed, feedback] : feedbacks) {
    if (agreed) {
      to.push_back({"rtcp-fb", type + feedback});
    }
  }
  if (line.rtx) {
    const std::string rtx = std::to_string(line.rtx->value());
    section.formats.push_back(rtx);
    to.push_back({"rtpmap", rtx + " rtx/" + clock});
    to.push_back({"fmtp", rtx + " apt=" + type});
  }
}

void write_extension(const OfferedExtension& extension, Attributes& to) {
  std::string value = std::to_string(extension.id);
  if (extension.direction != Direction::kSendRecv) {
    value += '/';
    value += to_string(reversed(extension.direction));
  }
  to.push_back({"extmap", value + ' ' + std::string(rtp::uri(extension.extension))});
}

void write_slot(const Slot& slot, Attributes& to) {
  const std::string stream =
      slot.seat ? "seat-" + std::to_string(*slot.seat) : "voice-" + std::to_string(slot.line.slot);
  const std::string track = stream + '-' + std::string(rtp::to_string(slot.line.kind));
  const std::string ssrc = std::to_string(slot.line.ssrc.value());
  const std::string cname = " cname:" + std::string(rtp::kServerCname);
  to.push_back({"msid", stream + ' ' + track});
  if (slot.line.rtx_ssrc) {
    const std::string rtx = std::to_string(slot.line.rtx_ssrc->value());
    to.push_back({"ssrc-group", "FID " + ssrc + ' ' + rtx});
    to.push_back({"ssrc", ssrc + cname});
    to.push_back({"ssrc", rtx + cname});
  } else {
    to.push_back({"ssrc", ssrc + cname});
  }
}

}  // namespace

std::string AnswerWriter::write(const std::vector<Answered>& lines, std::uint32_t version) const {
  Session session{.origin_user = "-",
                  .origin_id = ours_.origin_id,
                  .origin_version = std::to_string(version),
                  .attributes = {},
                  .media = {}};
  std::string bundle = "BUNDLE";
  for (const Answered& line : lines) {
    bundle += line.role == Role::kRejected ? "" : " " + line.offered->mid;
  }
  session.attributes.push_back({"group", std::move(bundle)});
  session.attributes.push_back({"ice-lite", ""});
  if (offer_.extmap_allow_mixed) {
    session.attributes.push_back({"extmap-allow-mixed", ""});
  }
  bool tagged = true;
  for (const Answered& line : lines) {
    session.media.push_back(write_line(line, tagged));
    tagged = tagged && line.role == Role::kRejected;
  }
  return write_session(session);
}

MediaSection AnswerWriter::write_line(const Answered& line, bool tagged) const {
  const MediaSection& offered = line.offered->section;
  MediaSection section{.media = offered.media,
                       .port = 0,
                       .protocol = offered.protocol,
                       .formats = offered.formats,
                       .attributes = {{.name = "mid", .value = line.offered->mid}}};
  if (line.role == Role::kRejected) {
    if (line.offered->kind) {
      section.attributes.push_back({"inactive", ""});
    }
    return section;
  }
  section.port = 9;  // RFC 8839 §4.3.1: the address is in the candidates.
  section.formats.clear();
  write_transport(section.attributes, tagged);
  section.attributes.push_back({std::string(to_string(direction_of(line))), ""});
  section.attributes.push_back({"rtcp-mux", ""});
  if (line.offered->reduced_size_rtcp) {
    section.attributes.push_back({"rtcp-rsize", ""});
  }
  for (const OfferedCodec* codec : line.codecs) {
    write_codec(*codec, section);
  }
  for (const OfferedExtension& extension : line.extensions) {
    write_extension(extension, section.attributes);
  }
  if (line.slot) {
    write_slot(slots_.at(*line.slot), section.attributes);
  }
  return section;
}

/// ICE and DTLS are on every line, though RFC 9143 §7.1.3 asks for them on the first only: it
/// costs little once deflated, and no browser is left to guess. Candidates are on the first.
void AnswerWriter::write_transport(Attributes& to, bool tagged) const {
  to.push_back({"ice-ufrag", ours_.ice.ufrag});
  to.push_back({"ice-pwd", ours_.ice.pwd});
  to.push_back({"fingerprint", ours_.fingerprint.algorithm + ' ' + ours_.fingerprint.value});
  to.push_back({"setup", setup_ == SetupRole::kActive ? "active" : "passive"});
  if (!tagged) {
    return;
  }
  std::uint32_t preference = 65'535;  // RFC 8445 §5.1.2.1
  for (const SocketAddress& candidate : ours_.candidates) {
    constexpr std::uint32_t kHostType = 126U << 24U;
    const std::uint32_t priority = kHostType + (preference << 8U) + 255U;
    const std::string foundation = std::to_string(65'536 - preference--);
    to.push_back({"candidate", foundation + " 1 udp " + std::to_string(priority) + ' ' +
                                   candidate.ip.to_string() + ' ' + std::to_string(candidate.port) +
                                   " typ host"});
  }
  to.push_back({"end-of-candidates", ""});
}

}  // namespace visavis::sdp
