#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "http/message.hpp"

namespace visavis::http {

/// Files held in memory and their answers to GET and HEAD: entity tags and 304 (RFC 9110 §13.1.2),
/// precompressed variants, "immutable" for names that carry their content's hash (RFC 8246), and
/// one page for all paths of a single-page application.
class StaticFiles {
 public:
  /// `path` begins with '/'. "/index.html" answers for "/", "/x/index.html" for "/x/" too. Files
  /// under a prefix given to `set_immutable_prefix` are cached for a year.
  void add(std::string path, Buffer bytes);
  /// The same file in `coding` ("br" or "gzip"), for clients that accept it.
  void add_encoded(std::string_view path, std::string coding, Buffer bytes);
  /// Where the bundler puts files named by their hash ("/assets/").
  void set_immutable_prefix(std::string prefix);
  /// Unknown paths under `prefix` ("/r/") are answered with the file at `path` ("/index.html").
  void set_fallback(std::string prefix, std::string path);
  /// Put on every answer (Content-Security-Policy and the like).
  void add_header(const std::string& name, const std::string& value);

  [[nodiscard]] Response answer(const Request& request) const;
  [[nodiscard]] std::size_t size() const { return files_.size(); }

 private:
  struct File {
    std::string content_type;
    std::string etag;
    SharedBytes bytes;
    std::map<std::string, SharedBytes, std::less<>> encoded;
  };
  struct Found {
    const File* file;
    bool immutable;
  };
  struct Fallback {
    std::string prefix;
    std::string path;
  };

  [[nodiscard]] std::optional<Found> find(std::string_view path) const;
  [[nodiscard]] Response answer_with(const Request& request, Found found) const;

  std::map<std::string, File, std::less<>> files_;
  std::vector<Fallback> fallbacks_;
  std::string immutable_prefix_;
  Headers headers_;
};

/// "text/html; charset=utf-8" for "x.html"; "application/octet-stream" for what is not known.
[[nodiscard]] std::string_view content_type_of(std::string_view path);

}  // namespace visavis::http
