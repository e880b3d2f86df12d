#include "load/http_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace visavis::load {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kScheme = "http://";

std::optional<std::size_t> read_number(std::string_view text, int base) {
  std::size_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool whole = !text.empty() && code == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::unexpected<Error> bad_url(std::string_view text) {
  return std::unexpected(Error{fmt::format(
      "\"{}\" is not http://HOST:PORT/PATH with an address or localhost as HOST", text)});
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::expected<Url, Error> parse_url(std::string_view text) {
  if (!text.starts_with(kScheme)) {
    return bad_url(text);
  }
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  Url url;
  url.host = rest.substr(0, slash);
  url.path = slash == rest.size() ? "/" : rest.substr(slash);
  std::string authority = url.host;
  constexpr std::string_view kLocalhost = "localhost";
  if (authority.starts_with(kLocalhost)) {
    authority.replace(0, kLocalhost.size(), "127.0.0.1");
  }
  if (const auto whole = SocketAddress::parse(authority)) {
    url.at = *whole;
  } else if (const auto ip = IpAddress::parse(authority)) {
    url.at = {.ip = *ip, .port = 80};
  } else {
    return bad_url(text);
  }
  const bool clean =
      std::ranges::none_of(url.path, [](char letter) { return letter <= ' ' || letter == '\x7F'; });
  return clean ? std::expected<Url, Error>(url) : bad_url(text);
}

namespace {

/// RFC 3986 §5.2.4, of an absolute path.
std::string without_dots(std::string_view path) {
  std::string clean;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool up = segment == "/..";
    if (up) {
      clean.resize(clean.empty() ? 0 : clean.rfind('/'));
    }
    if (!up && segment != "/.") {
      clean += segment;
    } else if (path.empty()) {
      clean += '/';
    }
  }
  return clean;
}

}  // namespace

std::expected<Url, Error> resolve(const Url& base, std::string_view location) {
  if (location.starts_with(kScheme)) {
    return parse_url(location);
  }
  if (location.starts_with("//")) {
    return parse_url(fmt::format("http:{}", location));
  }
  const std::string_view asked = std::string_view(base.path).substr(0, base.path.find('?'));
  const std::string_view folder = asked.substr(0, asked.rfind('/') + 1);
  const std::string_view path = location.substr(0, location.find('?'));
  const std::string_view query = location.substr(path.size());
  const std::string whole =
      path.starts_with('/') ? std::string(path) : fmt::format("{}{}", folder, path);
  return parse_url(fmt::format("{}{}{}{}", kScheme, base.host, without_dots(whole), query));
}

std::string expand(std::string_view url_template, std::string_view room, std::string_view name) {
  std::string url(url_template);
  replace_all(url, "{room}", room);
  replace_all(url, "{name}", name);
  return url;
}

std::string write_request(const Url& url, const HttpRequest& request) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
                                 request.method, url.path, url.host);
  if (!request.bearer.empty()) {
    text += fmt::format("Authorization: Bearer {}\r\n", request.bearer);
  }
  if (!request.content_type.empty()) {
    text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", request.content_type,
                        request.body.size());
  }
  text += kLineEnd;
  text += request.body;
  return text;
}

HttpReader::State HttpReader::handle_bytes(Bytes bytes) {
  if (state_ == State::kReading) {
    pending_ += as_text(bytes);
    read_on();
  }
  return state_;
}

HttpReader::State HttpReader::handle_end() {
  if (state_ == State::kReading) {
    const bool complete = in_body_ && body_ == Body::kUntilEnd;
    state_ = complete ? State::kDone : State::kFailed;
  }
  return state_;
}

void HttpReader::read_on() {
  while (state_ == State::kReading && !in_body_) {
    const bool too_large =
        pending_.size() > kHeadBytesMax && pending_.find("\r\n\r\n") > kHeadBytesMax;
    if (too_large) {
      state_ = State::kFailed;
    }
    if (too_large || !read_head()) {
      return;
    }
  }
  if (state_ == State::kReading) {
    read_body();
  }
}

/// Takes one head off the front; those of interim responses (1xx) are thrown away.
bool HttpReader::read_head() {
  const std::size_t end = pending_.find("\r\n\r\n");
  if (end == std::string::npos) {
    return false;
  }
  std::string_view head = std::string_view(pending_).substr(0, end);
  const std::string_view first = head.substr(0, std::min(head.find(kLineEnd), head.size()));
  // RFC 9112 §4: HTTP/1.1 201 Created
  const bool is_status = first.size() >= 12 && first.starts_with("HTTP/1.") && first[8] == ' ';
  const auto status = is_status ? read_number(first.substr(9, 3), 10) : std::nullopt;
  if (!status || *status < 100) {
    state_ = State::kFailed;
    return false;
  }
  response_ = {.status = static_cast<unsigned>(*status), .location = {}, .body = {}};
  body_ = Body::kUntilEnd;
  head.remove_prefix(std::min(first.size() + kLineEnd.size(), head.size()));
  while (!head.empty()) {
    const std::string_view line = head.substr(0, std::min(head.find(kLineEnd), head.size()));
    if (!read_field(line)) {
      state_ = State::kFailed;
      return false;
    }
    head.remove_prefix(std::min(line.size() + kLineEnd.size(), head.size()));
  }
  pending_.erase(0, end + (2 * kLineEnd.size()));
  in_body_ = response_.status >= 200;
  if (response_.status == 204 || response_.status == 304) {  // RFC 9112 §6.3
    body_ = Body::kLength;
    length_ = 0;
  }
  return true;
}

bool HttpReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return false;
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (same_name(name, "location")) {
    response_.location = value;
  } else if (same_name(name, "transfer-encoding") && same_name(value, "chunked")) {
    body_ = Body::kChunks;
  } else if (same_name(name, "content-length") && body_ != Body::kChunks) {
    const auto length = read_number(value, 10);
    if (!length || *length > kBodyBytesMax) {
      return false;
    }
    body_ = Body::kLength;
    length_ = *length;
  }
  return true;
}

void HttpReader::read_body() {
  switch (body_) {
    case Body::kLength:
      if (pending_.size() >= length_) {
        response_.body = pending_.substr(0, length_);
        state_ = State::kDone;
      }
      break;
    case Body::kChunks:
      while (state_ == State::kReading && read_chunk()) {
      }
      break;
    case Body::kUntilEnd:
      response_.body += pending_;
      pending_.clear();
      break;
  }
  const bool reading = state_ == State::kReading;
  if (reading &&
      (response_.body.size() > kBodyBytesMax || pending_.size() > kBodyBytesMax + kHeadBytesMax)) {
    state_ = State::kFailed;
  }
}

/// RFC 9112 §7.1: size in hexadecimal, CRLF, the bytes, CRLF; a size of 0 ends it.
bool HttpReader::read_chunk() {
  const std::size_t line_end = pending_.find(kLineEnd);
  if (line_end == std::string::npos) {
    return false;
  }
  const std::string_view line = std::string_view(pending_).substr(0, line_end);
  const auto size = read_number(trimmed(line.substr(0, line.find(';'))), 16);
  if (!size || *size > kBodyBytesMax) {
    state_ = State::kFailed;
    return false;
  }
  const std::size_t begin = line_end + kLineEnd.size();
  if (pending_.size() < begin + *size + kLineEnd.size()) {
    return false;
  }
  if (std::string_view(pending_).substr(begin + *size, kLineEnd.size()) != kLineEnd) {
    state_ = State::kFailed;  // Trailers are not for us: nobody sends them to a WHIP client.
    return false;
  }
  if (*size == 0) {
    state_ = State::kDone;
  }
  response_.body.append(pending_, begin, *size);
  pending_.erase(0, begin + *size + kLineEnd.size());
  return response_.body.size() <= kBodyBytesMax;
}

}  // namespace visavis::load
