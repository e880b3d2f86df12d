#include "app/files.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace visavis::app {
namespace {

/// No file of ours is larger; a device file would have no end.
constexpr std::size_t kBytesMax = std::size_t{64} << 20U;

std::unexpected<Error> read_error(const std::string& path, int code) {
  return std::unexpected(
      Error{fmt::format("cannot read {}: {}", path, std::generic_category().message(code))});
}

}  // namespace

std::expected<std::string, Error> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "rbe"),
                                                                &std::fclose);
  if (file == nullptr) {
    return read_error(path, errno);
  }
  std::string text;
  std::array<char, 65'536> piece{};
  do {
    text.append(piece.data(), std::fread(piece.data(), 1, piece.size(), file.get()));
    if (std::ferror(file.get()) != 0) {
      return read_error(path, errno);
    }
    if (text.size() > kBytesMax) {
      return read_error(path, EFBIG);
    }
  } while (std::feof(file.get()) == 0);
  return text;
}

}  // namespace visavis::app
