#include "sdp/description.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

namespace visavis::sdp {
namespace {

/// Cuts off the front up to `separator`, and the separator.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view front = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return front;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return !text.empty() && whole ? std::optional(value) : std::nullopt;
}

/// RTP payload types; those that collide with RTCP when muxed (RFC 5761 §4) are left out.
std::optional<rtp::PayloadType> payload_type(std::string_view text) {
  const auto value = number<std::uint8_t>(text);
  if (!value || *value > 127 || (*value >= 64 && *value <= 95)) {
    return std::nullopt;
  }
  return rtp::PayloadType(*value);
}

std::string in_case(std::string_view text, int (*convert)(int)) {
  std::string converted(text);
  std::ranges::transform(converted, converted.begin(), [convert](unsigned char letter) {
    return static_cast<char>(convert(letter));
  });
  return converted;
}

std::optional<rtp::Format> format_of(std::string_view rtpmap, std::string_view fmtp) {
  const auto codec = rtp::codec_named(take(rtpmap, '/'));
  if (!codec || number<std::uint32_t>(take(rtpmap, '/')) != rtp::clock_rate(*codec)) {
    return std::nullopt;
  }
  rtp::Format format{.codec = *codec};
  if (*codec == rtp::CodecName::kH264) {
    const auto profile = h264_profile(fmtp);
    if (!profile) {
      return std::nullopt;
    }
    format.profile = *profile;
  } else if (*codec == rtp::CodecName::kVp9 || *codec == rtp::CodecName::kAv1) {
    const bool vp9 = *codec == rtp::CodecName::kVp9;
    const auto text = fmtp_parameter(fmtp, vp9 ? "profile-id" : "profile").value_or("0");
    const auto profile = number<std::uint8_t>(text);
    if (!profile) {
      return std::nullopt;
    }
    format.profile = *profile;
  }
  return format;
}

/// What the attributes of a line say of one payload type. Read in one pass, so that a long line
/// costs no more than its length.
struct PayloadTypeLines {
  std::string_view rtpmap;
  std::string_view fmtp;
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool transport_cc = false;

  void feedback(std::string_view value) {
    nack = nack || value == "nack";
    pli = pli || value == "nack pli";
    fir = fir || value == "ccm fir";
    transport_cc = transport_cc || value == "transport-cc";
  }
};
using PayloadTypeTable = std::array<PayloadTypeLines, 128>;

PayloadTypeTable index_payload_types(const Attributes& attributes) {
  PayloadTypeTable table;
  for (const auto& [name, value] : attributes) {
    std::string_view rest = value;
    const std::string_view whose = take(rest, ' ');
    if (name == "rtcp-fb" && whose == "*") {
      for (PayloadTypeLines& lines : table) {
        lines.feedback(rest);
      }
      continue;
    }
    const auto type = payload_type(whose);
    if (!type) {
      continue;
    }
    PayloadTypeLines& lines = table.at(type->value());
    if (name == "rtpmap") {
      lines.rtpmap = rest;
    } else if (name == "fmtp") {
      lines.fmtp = rest;
    } else if (name == "rtcp-fb") {
      lines.feedback(rest);
    }
  }
  return table;
}

/// The payload types of the m-line, each once, in its order.
std::vector<rtp::PayloadType> read_payload_types(const MediaSection& section) {
  std::vector<rtp::PayloadType> types;
  std::array<bool, 128> seen{};
  for (const std::string& format : section.formats) {
    const auto type = payload_type(format);
    if (type && !std::exchange(seen.at(type->value()), true)) {
      types.push_back(*type);
    }
  }
  return types;
}

/// Which payload type retransmits which (RFC 4588 §8.1: rtx with apt).
void connect_rtx(const PayloadTypeTable& table, const std::vector<rtp::PayloadType>& types,
                 std::vector<OfferedCodec>& codecs) {
  for (const rtp::PayloadType type : types) {
    const PayloadTypeLines& lines = table.at(type.value());
    std::string_view rtpmap = lines.rtpmap;
    if (in_case(take(rtpmap, '/'), std::tolower) != "rtx") {
      continue;
    }
    const auto apt = payload_type(fmtp_parameter(lines.fmtp, "apt").value_or(""));
    for (OfferedCodec& codec : codecs) {
      if (codec.line.payload_type == apt && !codec.line.rtx) {
        codec.line.rtx = type;
      }
    }
  }
}

std::vector<OfferedCodec> read_codecs(const MediaSection& section, rtp::MediaKind kind) {
  const PayloadTypeTable table = index_payload_types(section.attributes);
  const std::vector<rtp::PayloadType> types = read_payload_types(section);
  std::vector<OfferedCodec> codecs;
  for (const rtp::PayloadType type : types) {
    const PayloadTypeLines& lines = table.at(type.value());
    const auto format = format_of(lines.rtpmap, lines.fmtp);
    if (!format || rtp::kind_of(format->codec) != kind) {
      continue;
    }
    codecs.push_back({.line = {.format = *format,
                               .payload_type = type,
                               .rtx = {},
                               .nack = lines.nack,
                               .pli = lines.pli,
                               .fir = lines.fir,
                               .transport_cc = lines.transport_cc},
                      .fmtp = std::string(lines.fmtp)});
  }
  connect_rtx(table, types, codecs);
  return codecs;
}

std::optional<Direction> direction_named(std::string_view name) {
  for (const Direction direction :
       {Direction::kSendRecv, Direction::kSendOnly, Direction::kRecvOnly, Direction::kInactive}) {
    if (name == to_string(direction)) {
      return direction;
    }
  }
  return std::nullopt;
}

/// `a=extmap:<id>["/"<direction>] <URI> [<attributes>]` (RFC 8285 §5)
std::optional<OfferedExtension> read_extension(std::string_view value) {
  std::string_view id_text = take(value, ' ');
  const auto id = number<std::uint8_t>(take(id_text, '/'));
  const auto extension = rtp::extension_of(take(value, ' '));
  const auto direction = id_text.empty() ? Direction::kSendRecv
                                         : direction_named(id_text).value_or(Direction::kInactive);
  if (!id || *id == 0 || *id == 15 || !extension) {
    return std::nullopt;
  }
  return OfferedExtension{.id = *id, .extension = *extension, .direction = direction};
}

std::vector<OfferedExtension> read_extensions(const Attributes& attributes) {
  constexpr std::size_t kExtensionLinesMax = 32;  // Browsers know about fifteen.
  std::vector<OfferedExtension> extensions;
  for (const Attribute& attribute : attributes) {
    if (attribute.name != "extmap" || extensions.size() == kExtensionLinesMax) {
      continue;
    }
    if (const auto found = read_extension(attribute.value)) {
      extensions.push_back(*found);
    }
  }
  return extensions;
}

/// SSRCs, and which of them is the stream and which its retransmission (RFC 5576 §4).
void read_sources(Line& line) {
  constexpr std::size_t kSourcesMax = 16;  // Three simulcast layers with RTX are six.
  for (const auto& [name, value] : line.section.attributes) {
    std::string_view rest = value;
    if (name == "ssrc") {
      const auto ssrc = number<std::uint32_t>(take(rest, ' '));
      if (ssrc && line.ssrcs.size() < kSourcesMax &&
          std::ranges::find(line.ssrcs, rtp::Ssrc(*ssrc)) == line.ssrcs.end()) {
        line.ssrcs.emplace_back(*ssrc);
      }
    } else if (name == "ssrc-group" && take(rest, ' ') == "FID" && !line.ssrc) {
      const auto media = number<std::uint32_t>(take(rest, ' '));
      const auto repair = number<std::uint32_t>(take(rest, ' '));
      if (media && repair) {
        line.ssrc = rtp::Ssrc(*media);
        line.rtx_ssrc = rtp::Ssrc(*repair);
      }
    }
  }
  if (!line.ssrc && !line.ssrcs.empty()) {
    line.ssrc = line.ssrcs.front();
  }
}

std::optional<rtp::MediaKind> kind_of(const MediaSection& section) {
  // RFC 8829 §5.1.2: both spellings, in both orders of "UDP/TLS", are accepted.
  const bool secure = section.protocol == "UDP/TLS/RTP/SAVPF" ||
                      section.protocol == "UDP/TLS/RTP/SAVP" || section.protocol == "RTP/SAVPF" ||
                      section.protocol == "RTP/SAVP";
  if (!secure) {
    return std::nullopt;
  }
  if (section.media == "audio") {
    return rtp::MediaKind::kAudio;
  }
  return section.media == "video" ? std::optional(rtp::MediaKind::kVideo) : std::nullopt;
}

Line read_line(MediaSection section, const Attributes& session) {
  Line line;
  line.section = std::move(section);
  const Attributes& attributes = line.section.attributes;
  if (const std::string* mid = find(attributes, "mid")) {
    line.mid = *mid;
  }
  line.kind = kind_of(line.section);
  line.rejected = line.section.port == 0 && !has(attributes, "bundle-only");
  line.rtcp_mux = has(attributes, "rtcp-mux");
  line.reduced_size_rtcp = has(attributes, "rtcp-rsize");
  for (const Attributes* where : {&session, &attributes}) {
    for (const Attribute& attribute : *where) {
      line.direction = direction_named(attribute.name).value_or(line.direction);
    }
  }
  line.extensions = read_extensions(attributes);
  if (const std::string* msid = find(attributes, "msid")) {
    std::string_view rest = *msid;
    line.msid_stream = take(rest, ' ');
  }
  if (line.kind) {
    line.codecs = read_codecs(line.section, *line.kind);
    read_sources(line);
  }
  return line;
}

/// The words of the BUNDLE group (RFC 9143 §7.1).
std::set<std::string_view> bundle_of(const Session& session) {
  std::set<std::string_view> mids;
  for (const auto& [name, value] : session.attributes) {
    std::string_view rest = value;
    if (name != "group" || take(rest, ' ') != "BUNDLE") {
      continue;
    }
    while (!rest.empty()) {
      mids.insert(take(rest, ' '));
    }
    break;
  }
  return mids;
}

bool is_ice_text(std::string_view text, std::size_t shortest) {
  return text.size() >= shortest && text.size() <= 256 &&
         std::ranges::all_of(text, [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '+' || letter == '/';
         });
}

/// The attribute of the line, or of the session (RFC 8839 §5.4, RFC 8122 §5).
const std::string* of_transport(const Line& line, const Session& session, std::string_view name) {
  const std::string* const own = find(line.section.attributes, name);
  return own != nullptr ? own : find(session.attributes, name);
}

std::expected<IceCredentials, SdpError> read_ice(const Line& tagged, const Session& session) {
  const std::string* const ufrag = of_transport(tagged, session, "ice-ufrag");
  const std::string* const pwd = of_transport(tagged, session, "ice-pwd");
  if (ufrag == nullptr || pwd == nullptr || !is_ice_text(*ufrag, 4) || !is_ice_text(*pwd, 22)) {
    return std::unexpected(SdpError::kNoIceCredentials);
  }
  return IceCredentials{.ufrag = *ufrag, .pwd = *pwd};
}

/// Of several (RFC 8122 §5 allows one for each hash function) the strongest.
std::expected<Fingerprint, SdpError> read_fingerprint(const Line& tagged, const Session& session) {
  constexpr std::array<std::string_view, 3> kGoodEnough = {"sha-512", "sha-384", "sha-256"};
  const bool own = has(tagged.section.attributes, "fingerprint");
  const Attributes& where = own ? tagged.section.attributes : session.attributes;
  for (const std::string_view wanted : kGoodEnough) {
    for (const auto& [name, value] : where) {
      std::string_view rest = value;
      if (name == "fingerprint" && in_case(take(rest, ' '), std::tolower) == wanted) {
        return Fingerprint{.algorithm = std::string(wanted), .value = in_case(rest, std::toupper)};
      }
    }
  }
  return std::unexpected(SdpError::kNoFingerprint);
}

std::expected<SetupRole, SdpError> read_setup(const Line& tagged, const Session& session) {
  const std::string* const setup = of_transport(tagged, session, "setup");
  if (setup == nullptr || *setup == "actpass") {
    return SetupRole::kActpass;
  }
  if (*setup == "active") {
    return SetupRole::kActive;
  }
  if (*setup == "passive") {
    return SetupRole::kPassive;
  }
  return *setup == "holdconn" ? std::expected<SetupRole, SdpError>(SetupRole::kHoldconn)
                              : std::unexpected(SdpError::kSyntax);
}

/// `candidate:<foundation> <component> <transport> <priority> <address> <port> typ …` (RFC 8839
/// §5.1); names (mDNS) and TCP are left out.
void read_candidate(std::string_view value,
                    std::vector<std::pair<std::uint32_t, SocketAddress>>& to) {
  constexpr std::size_t kCandidatesMax = 64;
  take(value, ' ');
  const auto component = number<std::uint16_t>(take(value, ' '));
  const std::string transport = in_case(take(value, ' '), std::tolower);
  const auto priority = number<std::uint32_t>(take(value, ' '));
  const auto ip = IpAddress::parse(take(value, ' '));
  const auto port = number<std::uint16_t>(take(value, ' '));
  if (component == 1 && transport == "udp" && priority && ip && port &&
      to.size() < kCandidatesMax) {
    to.emplace_back(*priority, SocketAddress{.ip = *ip, .port = *port});
  }
}

std::vector<SocketAddress> read_candidates(const Description& description) {
  std::vector<std::pair<std::uint32_t, SocketAddress>> ranked;
  for (const Line& line : description.lines) {
    for (const Attribute& attribute : line.section.attributes) {
      if (attribute.name == "candidate") {
        read_candidate(attribute.value, ranked);
      }
    }
  }
  std::ranges::sort(ranked, std::greater{});
  std::vector<SocketAddress> candidates;
  candidates.reserve(ranked.size());
  for (const auto& [priority, address] : ranked) {
    candidates.push_back(address);
  }
  return candidates;
}

bool mids_are_distinct(const std::vector<Line>& lines) {
  std::set<std::string_view> mids;
  return std::ranges::all_of(lines, [&mids](const Line& line) {
    constexpr std::size_t kMidBytesMax = 64;  // Browsers count: "0", "1", …
    return !line.mid.empty() && line.mid.size() <= kMidBytesMax && mids.insert(line.mid).second;
  });
}

/// Transport attributes of the BUNDLE; they are on its first line (RFC 9143 §7.1.3), or all.
std::expected<void, SdpError> read_transport(const Session& session, const Line& tagged,
                                             Description& description) {
  auto ice = read_ice(tagged, session);
  if (!ice) {
    return std::unexpected(ice.error());
  }
  auto fingerprint = read_fingerprint(tagged, session);
  if (!fingerprint) {
    return std::unexpected(fingerprint.error());
  }
  const auto setup = read_setup(tagged, session);
  if (!setup) {
    return std::unexpected(setup.error());
  }
  description.ice = *std::move(ice);
  description.fingerprint = *std::move(fingerprint);
  description.setup = *setup;
  return {};
}

}  // namespace

std::string_view to_string(Direction direction) {
  switch (direction) {
    case Direction::kSendRecv: return "sendrecv";
    case Direction::kSendOnly: return "sendonly";
    case Direction::kRecvOnly: return "recvonly";
    case Direction::kInactive: return "inactive";
  }
  return "";
}

Direction reversed(Direction direction) {
  if (direction == Direction::kSendOnly) {
    return Direction::kRecvOnly;
  }
  return direction == Direction::kRecvOnly ? Direction::kSendOnly : direction;
}

std::expected<Description, SdpError> parse_description(std::string_view text,
                                                       const ParseLimits& limits) {
  auto session = parse_session(text, limits);
  if (!session) {
    return std::unexpected(session.error());
  }
  Description description;
  description.origin_id = session->origin_id;
  description.origin_version = session->origin_version;
  description.ice_lite = has(session->attributes, "ice-lite");
  const std::set<std::string_view> bundle = bundle_of(*session);
  std::vector<MediaSection> sections = std::exchange(session->media, {});
  description.extmap_allow_mixed = has(session->attributes, "extmap-allow-mixed");
  for (MediaSection& section : sections) {
    description.extmap_allow_mixed =
        description.extmap_allow_mixed || has(section.attributes, "extmap-allow-mixed");
    description.lines.push_back(read_line(std::move(section), session->attributes));
    Line& line = description.lines.back();
    line.bundled = bundle.contains(line.mid);
  }
  if (!mids_are_distinct(description.lines)) {
    return std::unexpected(SdpError::kNoMid);
  }
  const auto tagged = std::ranges::find_if(
      description.lines, [](const Line& line) { return line.bundled && !line.rejected; });
  if (tagged == description.lines.end()) {
    return std::unexpected(description.lines.empty() ? SdpError::kNoMedia : SdpError::kNotBundled);
  }
  if (const auto read = read_transport(*session, *tagged, description); !read) {
    return std::unexpected(read.error());
  }
  description.candidates = read_candidates(description);
  return description;
}

}  // namespace visavis::sdp
