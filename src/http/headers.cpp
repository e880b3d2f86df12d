#include "http/headers.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace visavis::http {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

bool list_has(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trimmed(list.substr(0, comma)), token)) {
      return true;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Field field : *this) {
    if (equal_ignoring_case(field.name, name)) {
      return field.value;
    }
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      begin(), end(), [&](const Field& field) { return equal_ignoring_case(field.name, name); }));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  return std::ranges::any_of(begin(), end(), [&](const Field& field) {
    return equal_ignoring_case(field.name, name) && list_has(field.value, token);
  });
}

void Headers::add(std::string_view name, std::string_view value) {
  const Extent extent{.name_size = static_cast<std::uint32_t>(name.size()),
                      .value_size = static_cast<std::uint32_t>(value.size())};
  std::array<char, sizeof(Extent)> bytes;  // NOLINT(*-member-init): set at once.
  std::memcpy(bytes.data(), &extent, sizeof(extent));
  text_.append(bytes.data(), bytes.size());
  text_ += name;
  text_ += value;
  ++fields_;
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  for (std::size_t start = 0; start < text_.size();) {
    const std::size_t size = extent_at(start).size();
    if (equal_ignoring_case(field_at(start).name, name)) {
      text_.erase(start, size);
      --fields_;
    } else {
      start += size;
    }
  }
}

void Headers::clear() {
  text_.clear();
  fields_ = 0;
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  text_.reserve((fields * sizeof(Extent)) + bytes);
}

}  // namespace visavis::http
