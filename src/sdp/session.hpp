#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sdp/sdp_error.hpp"

/// The grammar of a session description (RFC 8866 §5), without meaning: which lines there are.
namespace visavis::sdp {

/// What a peer may send. An offer for 49 seats is 100 kB in Chromium.
struct ParseLimits {
  std::size_t bytes_max = std::size_t{512} * 1024;
  std::size_t lines_max = 20'000;
  std::size_t line_bytes_max = 4096;
  std::size_t media_lines_max = 120;  ///< 49 seats of two, 3 voices, 4 sending lines, some slack.
};

/// `a=name` or `a=name:value`.
struct Attribute {
  std::string name;
  std::string value;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};
using Attributes = std::vector<Attribute>;

/// The value of the first attribute of this name; nullptr when there is none.
[[nodiscard]] const std::string* find(const Attributes& attributes, std::string_view name);
[[nodiscard]] inline bool has(const Attributes& attributes, std::string_view name) {
  return find(attributes, name) != nullptr;
}

/// One `m=` line with all that follows it up to the next (RFC 8866 §5.14).
struct MediaSection {
  std::string media;  ///< "audio", "video", "application"
  std::uint16_t port = 0;
  std::string protocol;  ///< "UDP/TLS/RTP/SAVPF"
  std::vector<std::string> formats;
  Attributes attributes;

  friend bool operator==(const MediaSection&, const MediaSection&) = default;
};

struct Session {
  std::string origin_user;
  std::string origin_id;       ///< Decimal, up to 64 bits; names the session of one endpoint.
  std::string origin_version;  ///< Grows with every further description.
  Attributes attributes;
  std::vector<MediaSection> media;

  friend bool operator==(const Session&, const Session&) = default;
};

/// Reads a description. Lines end in CRLF or LF. Lines of types that WebRTC does not use (`b=`,
/// `i=` and the like) are skipped; attributes are kept as they are, known or not.
[[nodiscard]] std::expected<Session, SdpError> parse_session(std::string_view text,
                                                             const ParseLimits& limits = {});

/// Writes a description with CRLF; `parse_session()` of it gives the same session.
[[nodiscard]] std::string write_session(const Session& session);

}  // namespace visavis::sdp
