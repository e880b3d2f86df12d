#include "http/query.hpp"

#include <algorithm>
#include <optional>

namespace visavis::http {
namespace {

std::optional<unsigned> hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') {
    return static_cast<unsigned>(letter - '0');
  }
  const char lower = static_cast<char>(letter | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a') + 10U;
  }
  return std::nullopt;
}

std::string decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        result += static_cast<char>((*high << 4U) | *low);
        i += 2;
        continue;
      }
    }
    result += text[i] == '+' ? ' ' : text[i];
  }
  return result;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parameters.emplace_back(decoded(pair.substr(0, equals)),
                            decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return parameters;
}

}  // namespace visavis::http
