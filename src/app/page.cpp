#include "app/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "app/files.hpp"
#include "base/bytes.hpp"

namespace visavis::app {
namespace {

namespace fs = std::filesystem;

/// A page of ours has some 30 files; whoever points at a home directory by mistake is told.
constexpr std::size_t kFilesMax = 2000;
constexpr std::size_t kBytesMax = std::size_t{64} << 20U;

constexpr std::string_view kMissing =
    "<!doctype html><meta charset=utf-8><title>Visavis</title>"
    "<p>The server runs, but its page was not built: <code>npm ci --prefix web &amp;&amp; "
    "npm run build --prefix web</code>, or <code>./dev run</code>, which does it all.";

/// Scripts only from here, connections to wherever a reverse proxy puts us, pictures and sound of
/// the call itself. Inline styles: a component may set them while it animates.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
    "media-src 'self' blob: mediastream:; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self' blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHeaders = {{
    {"Content-Security-Policy", kContentSecurityPolicy},
    {"Permissions-Policy",
     "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), "
     "fullscreen=(self), geolocation=(), usb=(), payment=()"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},  // A room's name is in the address.
    {"Cross-Origin-Opener-Policy", "same-origin"},
}};

http::StaticFiles empty_page() {
  http::StaticFiles page;
  for (const auto& [name, value] : kHeaders) {
    page.add_header(std::string(name), std::string(value));
  }
  page.set_immutable_prefix("/assets/");
  page.set_fallback("/r/", "/index.html");
  return page;
}

std::unexpected<Error> page_error(const std::string& directory, std::string_view what) {
  return std::unexpected(Error{fmt::format("cannot serve the page in {}: {}", directory, what)});
}

/// "/assets/x.js.br" is "/assets/x.js" for those who accept it.
void add_file(http::StaticFiles& page, const std::string& path, std::string_view bytes) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kCodings = {
      {{".br", "br"}, {".gz", "gzip"}}};
  for (const auto& [suffix, coding] : kCodings) {
    if (path.ends_with(suffix)) {
      page.add_encoded(std::string_view(path).substr(0, path.size() - suffix.size()),
                       std::string(coding), to_buffer(bytes));
      return;
    }
  }
  page.add(path, to_buffer(bytes));
}

/// The files below `root`, as paths relative to it, so sorted that "x.js" precedes "x.js.br".
std::expected<std::vector<std::string>, Error> list(const std::string& root) {
  std::vector<std::string> paths;
  std::error_code code;
  for (fs::recursive_directory_iterator at(root, code), end; !code && at != end;
       at.increment(code)) {
    if (at->is_regular_file(code)) {
      paths.push_back(at->path().lexically_relative(root).generic_string());
    }
    if (paths.size() > kFilesMax) {
      return page_error(root, "it holds too many files to be one");
    }
  }
  if (code) {
    return page_error(root, code.message());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

std::expected<http::StaticFiles, Error> load_page(const std::string& directory) {
  const auto paths = list(directory);
  if (!paths) {
    return std::unexpected(paths.error());
  }
  if (std::ranges::find(*paths, "index.html") == paths->end()) {
    return page_error(directory, "it has no index.html");
  }
  http::StaticFiles page = empty_page();
  std::size_t bytes = 0;
  for (const std::string& path : *paths) {
    const auto text = read_file((fs::path(directory) / path).string());
    if (!text) {
      return std::unexpected(text.error());
    }
    bytes += text->size();
    if (bytes > kBytesMax) {
      return page_error(directory, "it is too large to be one");
    }
    add_file(page, fmt::format("/{}", path), *text);
  }
  return page;
}

std::string find_page() {
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code).parent_path();
  const std::array<fs::path, 3> places = {
      program / "../../web/app/dist",    // build/release/visavis in its source tree
      program / "../share/visavis/web",  // /usr/bin/visavis
      fs::path("web/app/dist"),          // another build directory, started from the source tree
  };
  for (const fs::path& place : places) {
    if (fs::is_regular_file(place / "index.html", code)) {
      return fs::weakly_canonical(place, code).string();
    }
  }
  return {};
}

http::StaticFiles missing_page() {
  http::StaticFiles page = empty_page();
  page.add("/index.html", to_buffer(kMissing));
  return page;
}

}  // namespace visavis::app
