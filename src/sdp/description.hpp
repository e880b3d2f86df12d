#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "rtp/media_parameters.hpp"
#include "sdp/session.hpp"

/// What a WebRTC description means (the subset of JSEP, RFC 8829 §5.8, that browsers write): used
/// for the browser's offer by the server, and for the server's answer by a client.
namespace visavis::sdp {

struct IceCredentials {
  std::string ufrag;
  std::string pwd;

  friend bool operator==(const IceCredentials&, const IceCredentials&) = default;
};

/// As it stands in `a=fingerprint` (RFC 8122 §5): "sha-256" and "AB:CD:…".
struct Fingerprint {
  std::string algorithm;  ///< Lower case.
  std::string value;      ///< Upper case.

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

enum class Direction : std::uint8_t { kSendRecv, kSendOnly, kRecvOnly, kInactive };
[[nodiscard]] std::string_view to_string(Direction direction);
/// What the other side calls it.
[[nodiscard]] Direction reversed(Direction direction);

enum class SetupRole : std::uint8_t { kActpass, kActive, kPassive, kHoldconn };  // RFC 4145 §4

/// A payload type of a format that Visavis forwards; others are left out.
struct OfferedCodec {
  rtp::CodecLine line;
  std::string fmtp;  ///< As it stands, without the payload type.
};

/// `a=extmap` of an extension that Visavis knows; others are left out.
struct OfferedExtension {
  std::uint8_t id = 0;
  rtp::Extension extension = rtp::Extension::kMid;
  Direction direction = Direction::kSendRecv;
};

/// One m-line of audio or video.
struct Line {
  std::string mid;
  std::optional<rtp::MediaKind> kind;  ///< None: neither audio nor video, or not over DTLS-SRTP.
  bool rejected = false;               ///< Port 0 and not bundle-only.
  bool bundled = false;
  bool rtcp_mux = false;
  bool reduced_size_rtcp = false;
  Direction direction = Direction::kSendRecv;
  std::vector<OfferedCodec> codecs;  ///< In the order of preference.
  std::vector<OfferedExtension> extensions;
  std::string msid_stream;  ///< First word of `a=msid`; "" when there is none.
  std::optional<rtp::Ssrc> ssrc;
  std::optional<rtp::Ssrc> rtx_ssrc;
  std::vector<rtp::Ssrc> ssrcs;  ///< All that it mentions.
  MediaSection section;          ///< As it came.
};

struct Description {
  std::string origin_id;
  std::string origin_version;
  IceCredentials ice;  ///< Of the BUNDLE.
  Fingerprint fingerprint;
  SetupRole setup = SetupRole::kActpass;
  bool ice_lite = false;
  bool extmap_allow_mixed = false;        ///< RFC 8285 §6
  std::vector<SocketAddress> candidates;  ///< UDP, component 1, numeric addresses; best first.
  std::vector<Line> lines;
};

/// Reads a whole description. One BUNDLE is required, with ICE credentials and a fingerprint.
[[nodiscard]] std::expected<Description, SdpError> parse_description(
    std::string_view text, const ParseLimits& limits = {});

/// The small number that stands for an H.264 `fmtp` in `rtp::Format::profile`: the profile class of
/// profile-level-id (RFC 6184 §8.1) times two, plus packetization-mode. Nothing when the
/// profile-level-id is malformed, but for the seven digits that FFmpeg writes.
[[nodiscard]] std::optional<std::uint8_t> h264_profile(std::string_view fmtp);
/// Constrained Baseline (42e0xx) with packetization-mode 1: what every browser can decode.
inline constexpr std::uint8_t kH264ConstrainedBaseline = 1;
/// Baseline (4200xx) with packetization-mode 1.
inline constexpr std::uint8_t kH264Baseline = 3;

/// A parameter of a `fmtp` value: "useinbandfec" of "minptime=10;useinbandfec=1" is "1".
[[nodiscard]] std::optional<std::string_view> fmtp_parameter(std::string_view fmtp,
                                                             std::string_view name);

}  // namespace visavis::sdp
