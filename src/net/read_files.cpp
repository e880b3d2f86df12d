#include "net/read_files.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace visavis::net {
namespace {

std::optional<Buffer> read_whole(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) {
    return std::nullopt;
  }
  std::string text(size, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
    return std::nullopt;
  }
  return to_buffer(text);
}

}  // namespace

std::expected<std::vector<NamedFile>, Error> read_files(const std::string& directory,
                                                        std::span<const std::string> names) {
  std::vector<NamedFile> files;
  for (const std::string& name : names) {
    for (const std::string_view suffix : {"", ".br"}) {
      const std::string whole = name + std::string(suffix);
      const std::filesystem::path path = std::filesystem::path(directory) / whole;
      std::error_code error;
      if (!std::filesystem::is_regular_file(path, error)) {
        continue;
      }
      auto bytes = read_whole(path);
      if (!bytes) {
        return std::unexpected(Error{fmt::format("cannot read {}", path.string())});
      }
      files.emplace_back(whole, std::move(*bytes));
    }
  }
  if (files.empty()) {
    return std::unexpected(Error{fmt::format("{} has none of the files asked for", directory)});
  }
  return files;
}

}  // namespace visavis::net
