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

/// The byte that "%41" at `at` stands for.
std::optional<char> escaped(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) {
    return std::nullopt;
  }
  const auto high = hex_digit(text[at + 1]);
  const auto low = hex_digit(text[at + 2]);
  return high && low ? std::optional(static_cast<char>((*high << 4U) | *low)) : std::nullopt;
}

std::string decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? escaped(text, i) : std::nullopt;
    if (byte) {
      result += *byte;
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

}  // namespace

std::optional<RawParameter> take_parameter(std::string_view& query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (!pair.empty()) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      return RawParameter{.name = pair.substr(0, equals),
                          .value = pair.substr(std::min(equals + 1, pair.size()))};
    }
  }
  return std::nullopt;
}

std::string_view decoded_part(std::string_view part, std::string& storage) {
  const bool plain =
      std::ranges::none_of(part, [](char letter) { return letter == '%' || letter == '+'; });
  if (plain) {
    return part;
  }
  storage = decoded(part);
  return storage;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (const auto parameter = take_parameter(query)) {
    parameters.emplace_back(decoded(parameter->name), decoded(parameter->value));
  }
  return parameters;
}

std::optional<std::string> decode_segment(std::string_view segment) {
  std::string result;
  result.reserve(segment.size());
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      result += segment[i];
      continue;
    }
    const auto byte = escaped(segment, i);
    if (!byte) {
      return std::nullopt;
    }
    result += *byte;
    i += 2;
  }
  return result;
}

}  // namespace visavis::http
