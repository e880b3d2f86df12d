#include "engineio/client_files.hpp"

#include <algorithm>
#include <optional>

#include "http/content_coding.hpp"

namespace visavis::engineio {
namespace {

/// They are packed once: as small as it gets.
constexpr int kLevel = 9;
/// The banner stands at the very front.
constexpr std::size_t kBannerBytes = 200;

std::string version_in(Bytes file) {
  const std::string_view head = as_text(file.first(std::min(file.size(), kBannerBytes)));
  constexpr std::string_view kMark = "Socket.IO v";
  const std::size_t mark = head.find(kMark);
  if (mark == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = head.substr(mark + kMark.size());
  return std::string(rest.substr(0, rest.find_first_of(" \r\n*")));
}

}  // namespace

const std::vector<std::string>& ClientFiles::names() {
  static const std::vector<std::string> names = {
      "socket.io.js",         "socket.io.js.map",         "socket.io.min.js",
      "socket.io.min.js.map", "socket.io.msgpack.min.js", "socket.io.msgpack.min.js.map",
      "socket.io.esm.min.js", "socket.io.esm.min.js.map"};
  return names;
}

ClientFiles::ClientFiles(std::vector<File> files) {
  http::Packer packer(kLevel);
  for (auto& [name, bytes] : files) {
    if (std::ranges::find(names(), name) == names().end()) {
      continue;
    }
    if (version_.empty()) {
      version_ = version_in(bytes);
    }
    Variants& variants = files_[name];
    variants.gzip = share(packer.pack(http::Coding::kGzip, bytes));
    variants.deflate = share(packer.pack(http::Coding::kDeflate, bytes));
    variants.plain = share(std::move(bytes));
  }
  for (auto& [name, bytes] : files) {
    const std::string_view packed = name;
    const auto found =
        packed.ends_with(".br") ? files_.find(packed.substr(0, packed.size() - 3)) : files_.end();
    if (found != files_.end()) {
      found->second.brotli = share(std::move(bytes));
    }
  }
}

http::Response ClientFiles::answer(const http::Request& request, std::string_view name) const {
  const Variants& file = files_.find(name)->second;
  const std::string tag = "\"" + version_ + "\"";
  http::Response response;
  const auto known = request.headers.find("If-None-Match");
  if (!version_.empty() && known && (*known == tag || *known == "W/" + tag)) {
    response.status = 304;
    return response;
  }
  response.headers.add("Cache-Control", "public, max-age=0");
  response.headers.add("Content-Type", name.ends_with(".map")
                                           ? "application/json; charset=utf-8"
                                           : "application/javascript; charset=utf-8");
  if (!version_.empty()) {
    response.headers.add("ETag", tag);
  }
  std::vector<http::Coding> offered = {http::Coding::kGzip, http::Coding::kDeflate};
  if (file.brotli != nullptr) {
    offered.insert(offered.begin(), http::Coding::kBrotli);
  }
  const auto coding =
      http::choose_coding(request.headers.find("Accept-Encoding").value_or(""), offered);
  response.body = file.plain;
  if (coding) {
    response.headers.add("Content-Encoding", std::string(http::to_string(*coding)));
    switch (*coding) {
      case http::Coding::kGzip: response.body = file.gzip; break;
      case http::Coding::kDeflate: response.body = file.deflate; break;
      case http::Coding::kBrotli: response.body = file.brotli; break;
    }
  }
  return response;
}

}  // namespace visavis::engineio
