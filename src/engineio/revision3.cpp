#include "engineio/revision3.hpp"

#include <algorithm>
#include <string>

namespace visavis::engineio {
namespace {

constexpr std::byte kEndOfLength{0xFF};
/// No payload comes near: bodies are limited long before.
constexpr std::size_t kLengthDigitsMax = 9;

/// How many UTF-16 code units the character takes that begins with this byte of UTF-8; nothing for
/// the bytes inside a character.
std::size_t code_units(std::byte byte) {
  const auto value = std::to_integer<unsigned>(byte);
  if ((value & 0xC0U) == 0x80U) {
    return 0;
  }
  return value >= 0xF0U ? 2 : 1;
}

void append(Buffer& payload, Bytes bytes) {
  payload.insert(payload.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::optional<PacketText> Revision3Walk::next() {
  if (failed_ || rest_.empty()) {
    return std::nullopt;
  }
  const auto packet = binary_ ? next_of_binary() : next_of_text();
  failed_ = !packet;
  return packet;
}

std::optional<std::size_t> Revision3Walk::take_length(std::byte end, std::byte zero) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < rest_.size() && i <= kLengthDigitsMax; ++i) {
    if (rest_[i] == end) {
      rest_ = rest_.subspan(i + 1);
      return i > 0 ? std::optional(length) : std::nullopt;
    }
    const auto digit = std::to_integer<std::size_t>(rest_[i]) - std::to_integer<std::size_t>(zero);
    if (digit > 9) {
      return std::nullopt;
    }
    length = (length * 10) + digit;
  }
  return std::nullopt;
}

std::optional<PacketText> Revision3Walk::next_of_text() {
  const auto units = take_length(std::byte{':'}, std::byte{'0'});
  if (!units) {
    return std::nullopt;
  }
  std::size_t size = 0;
  std::size_t counted = 0;
  while (size < rest_.size() && (counted < *units || code_units(rest_[size]) == 0)) {
    counted += code_units(rest_[size]);
    ++size;
  }
  if (counted != *units) {
    return std::nullopt;  // too short, or it would part a surrogate pair
  }
  const Bytes packet = rest_.first(size);
  rest_ = rest_.subspan(size);
  return PacketText{.binary = false, .bytes = packet};
}

std::optional<PacketText> Revision3Walk::next_of_binary() {
  const std::byte kind = rest_[0];
  rest_ = rest_.subspan(1);
  const auto size = take_length(kEndOfLength, std::byte{0});
  if (!size || *size > rest_.size() || kind > std::byte{1}) {
    return std::nullopt;
  }
  const Bytes packet = rest_.first(*size);
  rest_ = rest_.subspan(*size);
  return PacketText{.binary = kind == std::byte{1}, .bytes = packet};
}

void append_revision3(Buffer& payload, std::string_view packet) {
  std::size_t units = 0;
  for (const std::byte byte : as_bytes(packet)) {
    units += code_units(byte);
  }
  append(payload, as_bytes(std::to_string(units) + ":"));
  append(payload, as_bytes(packet));
}

void append_revision3_binary(Buffer& payload, bool binary, std::string_view type, Bytes data) {
  payload.push_back(binary ? std::byte{1} : std::byte{0});
  for (const char digit : std::to_string(type.size() + data.size())) {
    payload.push_back(static_cast<std::byte>(digit - '0'));
  }
  payload.push_back(kEndOfLength);
  append(payload, as_bytes(type));
  append(payload, data);
}

}  // namespace visavis::engineio
