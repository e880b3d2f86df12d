#include "app/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "net/clock.hpp"

namespace visavis::app {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
/// What a peer chose (a room's name) must not fill the disk.
constexpr std::size_t kValueMax = 256;

bool plain(char letter) {
  return letter > ' ' && letter != '"' && letter != '=' && letter != '\\' && letter != '\x7F';
}

/// Quoted and escaped unless plain, so that no value can look like a line or a field of ours.
std::string quoted(std::string_view value) {
  value = value.substr(0, kValueMax);
  const auto is_plain = [](char letter) {
    return plain(letter) || static_cast<unsigned char>(letter) >= 0x80;
  };
  if (std::ranges::all_of(value, is_plain)) {
    return std::string(value);
  }
  std::string text = "\"";
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') {
      text += '\\';
      text += letter;
    } else if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7F') {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
    } else {
      text += letter;
    }
  }
  return text + '"';
}

}  // namespace

std::string format_line(LogLevel level, std::string_view event,
                        std::initializer_list<Log::Field> fields) {
  std::string line = fmt::format("{} event={}", kLevels.at(static_cast<std::size_t>(level)), event);
  for (const Log::Field& field : fields) {
    if (field.value.empty()) {
      continue;  // Not known, or nothing to tell.
    }
    line += fmt::format(" {}={}", field.key, quoted(field.value));
  }
  return line;
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) const {
  if (level >= least_) {
    sink_(format_line(level, event, fields));
  }
}

Log::Sink standard_error() {
  return [](std::string_view line) {
    const std::time_t now = net::unix_seconds();
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> time{};
    const std::size_t size = std::strftime(time.data(), time.size(), "%FT%TZ", &utc);
    const std::string text = fmt::format("{} {}\n", std::string_view(time.data(), size), line);
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  };
}

}  // namespace visavis::app
