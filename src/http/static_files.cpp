#include "http/static_files.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/check.hpp"

namespace visavis::http {
namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kForever = "public, max-age=31536000, immutable";
/// The page itself is asked for anew each time, and answered with 304 while it stays the same.
constexpr std::string_view kRevalidate = "no-cache";

using Type = std::pair<std::string_view, std::string_view>;
constexpr std::array kTypes = {
    Type{".html", "text/html; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".mjs", "text/javascript; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".json", "application/json"},
    Type{".map", "application/json"},
    Type{".webmanifest", "application/manifest+json"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".jpg", "image/jpeg"},
    Type{".webp", "image/webp"},
    Type{".avif", "image/avif"},
    Type{".ico", "image/x-icon"},
    Type{".woff2", "font/woff2"},
    Type{".wasm", "application/wasm"},
    Type{".mp3", "audio/mpeg"},
    Type{".ogg", "audio/ogg"},
    Type{".mp4", "video/mp4"},
    Type{".txt", "text/plain; charset=utf-8"},
    Type{".xml", "application/xml"},
};

/// FNV-1a: tells versions of a file apart; nothing depends on its being hard to forge.
std::string entity_tag(Bytes bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001B3U;
  }
  std::string tag = "\"" + std::to_string(bytes.size()) + "-";
  for (int shift = 60; shift >= 0; shift -= 4) {
    tag += kDigits[(hash >> static_cast<unsigned>(shift)) & 0xFU];
  }
  return tag + "\"";
}

/// Weak comparison, as If-None-Match wants it (RFC 9110 §8.8.3.2, §13.1.2).
bool matches(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view tag = if_none_match.substr(0, if_none_match.find(','));
    if_none_match.remove_prefix(std::min(tag.size() + 1, if_none_match.size()));
    tag.remove_prefix(std::min(tag.find_first_not_of(" \t"), tag.size()));
    tag = tag.substr(0, tag.find_last_not_of(" \t") + 1);
    if (tag.starts_with("W/")) {
      tag.remove_prefix(2);
    }
    if (tag == etag || tag == "*") {
      return true;
    }
  }
  return false;
}

/// Whether Accept-Encoding lists `coding` and does not forbid it with "q=0" (RFC 9110 §12.5.3).
bool accepts(std::string_view accept_encoding, std::string_view coding) {
  while (!accept_encoding.empty()) {
    std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(item.size() + 1, accept_encoding.size()));
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    const std::string_view name = item.substr(0, item.find_first_of("; \t"));
    if (!equal_ignoring_case(name, coding)) {
      continue;
    }
    const std::size_t weight = item.find("q=");
    return weight == std::string_view::npos ||
           item.find_first_of("123456789", weight) != std::string_view::npos;
  }
  return false;
}

}  // namespace

std::string_view content_type_of(std::string_view path) {
  for (const auto& [extension, content_type] : kTypes) {
    if (path.ends_with(extension)) {
      return content_type;
    }
  }
  return "application/octet-stream";
}

void StaticFiles::add(std::string path, Buffer bytes) {
  check(path.starts_with('/'));
  File file;
  file.content_type = content_type_of(path);
  file.etag = entity_tag(bytes);
  file.bytes = share(std::move(bytes));
  files_.insert_or_assign(std::move(path), std::move(file));
}

void StaticFiles::add_encoded(std::string_view path, std::string coding, Buffer bytes) {
  const auto found = files_.find(path);
  check(found != files_.end());
  found->second.encoded.insert_or_assign(std::move(coding), share(std::move(bytes)));
}

void StaticFiles::set_immutable_prefix(std::string prefix) {
  immutable_prefix_ = std::move(prefix);
}

void StaticFiles::set_fallback(std::string prefix, std::string path) {
  fallbacks_.push_back({std::move(prefix), std::move(path)});
}

void StaticFiles::add_header(const std::string& name, const std::string& value) {
  headers_.add(std::move(name), std::move(value));
}

std::optional<StaticFiles::Found> StaticFiles::find(std::string_view path) const {
  std::string name(path);
  if (name.ends_with('/')) {
    name += kIndex;
  }
  auto file = files_.find(name);
  if (file == files_.end()) {
    const auto fallback = std::ranges::find_if(
        fallbacks_, [&](const Fallback& entry) { return path.starts_with(entry.prefix); });
    file = fallback == fallbacks_.end() ? files_.end() : files_.find(fallback->path);
  }
  if (file == files_.end()) {
    return std::nullopt;
  }
  const bool immutable = !immutable_prefix_.empty() && file->first.starts_with(immutable_prefix_);
  return Found{.file = &file->second, .immutable = immutable};
}

Response StaticFiles::answer(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = text_response(405, "Method Not Allowed");
    response.headers.add("Allow", "GET, HEAD");
    return response;
  }
  const std::optional<Found> found = find(request.path());
  return found ? answer_with(request, *found) : text_response(404, "Not Found");
}

Response StaticFiles::answer_with(const Request& request, Found found) const {
  const File& file = *found.file;
  Response response{.status = 200, .headers = headers_, .body = file.bytes};
  std::string etag = file.etag;
  const auto accepted = request.headers.find("Accept-Encoding").value_or("");
  const auto encoded = std::ranges::find_if(
      file.encoded, [&](const auto& variant) { return accepts(accepted, variant.first); });
  if (encoded != file.encoded.end()) {
    response.body = encoded->second;
    response.headers.set("Content-Encoding", encoded->first);
    // Another representation has another tag (RFC 9110 §8.8.3.3).
    etag.insert(etag.size() - 1, "-" + encoded->first);
  }
  if (!file.encoded.empty()) {
    response.headers.set("Vary", "Accept-Encoding");
  }
  response.headers.set("Content-Type", file.content_type);
  response.headers.set("Cache-Control", std::string(found.immutable ? kForever : kRevalidate));
  response.headers.set("X-Content-Type-Options", "nosniff");
  if (matches(request.headers.find("If-None-Match").value_or(""), etag)) {
    response.status = 304;
    response.body = nullptr;
  }
  response.headers.set("ETag", etag);
  return response;
}

}  // namespace visavis::http
