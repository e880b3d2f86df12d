#include "sdp/session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace visavis::sdp {
namespace {

/// Cuts the next word off the front; words are separated by single spaces (RFC 8866 §5).
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return word;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

/// `o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>`
bool read_origin(std::string_view value, Session& session) {
  const std::string_view user = take_word(value);
  const std::string_view id = take_word(value);
  const std::string_view version = take_word(value);
  const std::string_view network = take_word(value);
  const std::string_view family = take_word(value);
  if (user.empty() || !is_number(id) || !is_number(version) || network.empty() || family.empty() ||
      value.empty()) {
    return false;
  }
  session.origin_user = user;
  session.origin_id = id;
  session.origin_version = version;
  return true;
}

/// `m=<media> <port>[/<number of ports>] <proto> <fmt> ...`
bool read_media(std::string_view value, Session& session) {
  MediaSection section;
  section.media = take_word(value);
  std::string_view port = take_word(value);
  section.protocol = take_word(value);
  port = port.substr(0, port.find('/'));
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), section.port);  // NOLINT: a range.
  if (section.media.empty() || section.protocol.empty() || port.empty() || error != std::errc() ||
      end != port.data() + port.size() || value.empty()) {
    return false;
  }
  while (!value.empty()) {
    section.formats.emplace_back(take_word(value));
    if (section.formats.back().empty()) {
      return false;
    }
  }
  session.media.push_back(std::move(section));
  return true;
}

bool read_attribute(std::string_view value, Session& session) {
  const std::size_t colon = value.find(':');
  Attribute attribute{.name = std::string(value.substr(0, colon)), .value = {}};
  if (attribute.name.empty()) {
    return false;
  }
  if (colon != std::string_view::npos) {
    attribute.value = value.substr(colon + 1);
  }
  auto& into = session.media.empty() ? session.attributes : session.media.back().attributes;
  into.push_back(std::move(attribute));
  return true;
}

/// Reads line by line, and knows which lines must come first.
class SessionReader {
 public:
  explicit SessionReader(const ParseLimits& limits) : limits_(limits) {}

  std::expected<void, SdpError> take(std::string_view line) {
    if (++lines_ > limits_.lines_max) {
      return std::unexpected(SdpError::kTooManyLines);
    }
    if (line.size() > limits_.line_bytes_max) {
      return std::unexpected(SdpError::kTooLarge);
    }
    if (line.size() < 2 || line[1] != '=' || line[0] < 'a' || line[0] > 'z' ||
        line.find_first_of(std::string_view("\0\r", 2)) != std::string_view::npos) {
      return std::unexpected(SdpError::kSyntax);
    }
    return take(line[0], line.substr(2));
  }

  /// A description without origin (or without its last line end) was cut off.
  [[nodiscard]] bool complete() const { return lines_ >= 3 && !session_.origin_id.empty(); }
  [[nodiscard]] Session session() && { return std::move(session_); }

 private:
  std::expected<void, SdpError> take(char type, std::string_view value) {
    // RFC 8866 §9: v= and o= are the first two lines.
    const bool in_place = (lines_ == 1) == (type == 'v') && (lines_ == 2) == (type == 'o');
    bool good = in_place;
    if (type == 'v') {
      good = good && value == "0";
    } else if (type == 'o') {
      good = good && read_origin(value, session_);
    } else if (type == 'm') {
      if (session_.media.size() == limits_.media_lines_max) {
        return std::unexpected(SdpError::kTooManyMediaLines);
      }
      good = good && read_media(value, session_);
    } else if (type == 'a') {
      good = good && read_attribute(value, session_);
    }
    if (!good) {
      return std::unexpected(SdpError::kSyntax);
    }
    return {};
  }

  ParseLimits limits_;
  std::size_t lines_ = 0;
  Session session_;
};

void write_attributes(std::string& text, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    text += "a=";
    text += name;
    if (!value.empty()) {
      text += ':';
      text += value;
    }
    text += "\r\n";
  }
}

}  // namespace

const std::string* find(const Attributes& attributes, std::string_view name) {
  const auto found = std::ranges::find(attributes, name, &Attribute::name);
  return found == attributes.end() ? nullptr : &found->value;
}

std::expected<Session, SdpError> parse_session(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return std::unexpected(SdpError::kTooLarge);
  }
  SessionReader reader(limits);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return std::unexpected(SdpError::kSyntax);  // The last line is cut off.
    }
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (const auto taken = reader.take(line); !taken) {
      return std::unexpected(taken.error());
    }
    text.remove_prefix(end + 1);
  }
  if (!reader.complete()) {
    return std::unexpected(SdpError::kSyntax);
  }
  return std::move(reader).session();
}

std::string write_session(const Session& session) {
  std::string text = "v=0\r\no=";
  text += session.origin_user + ' ' + session.origin_id + ' ' + session.origin_version;
  text += " IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";  // RFC 8829 §5.2.1: the address means nothing.
  write_attributes(text, session.attributes);
  for (const MediaSection& section : session.media) {
    text += "m=" + section.media + ' ' + std::to_string(section.port) + ' ' + section.protocol;
    for (const std::string& format : section.formats) {
      text += ' ';
      text += format;
    }
    text += "\r\nc=IN IP4 0.0.0.0\r\n";
    write_attributes(text, section.attributes);
  }
  return text;
}

}  // namespace visavis::sdp
