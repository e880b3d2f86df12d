#include "dtls/fingerprint.hpp"

#include <array>
#include <cctype>
#include <utility>

namespace visavis::dtls {
namespace {

/// Hash functions by their names in SDP (RFC 8122 §5) and what they give. SHA-1 and MD5 are
/// refused: the fingerprint is all that tells a peer from a stranger.
constexpr std::array<std::pair<std::string_view, std::size_t>, 3> kAlgorithms{
    {{"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return lower;
}

std::optional<unsigned> hex_digit(char letter) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const auto at = kDigits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(letter))));
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(at));
}

/// "AB:CD:…": pairs of digits with colons between them.
std::optional<Buffer> read_pairs(std::string_view text) {
  Buffer bytes;
  for (std::size_t at = 0; at + 2 <= text.size(); at += 3) {
    const auto high = hex_digit(text[at]);
    const auto low = hex_digit(text[at + 1]);
    const bool is_last = at + 2 == text.size();
    if (!high || !low || (!is_last && text[at + 2] != ':')) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<std::byte>((*high << 4U) | *low));
    if (is_last) {
      return bytes;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fingerprint> Fingerprint::parse(std::string_view algorithm, std::string_view value) {
  const std::string name = lower_case(algorithm);
  for (const auto& [known, size] : kAlgorithms) {
    if (name == known) {
      auto bytes = read_pairs(value);
      return bytes && bytes->size() == size
                 ? std::optional(Fingerprint{.algorithm = name, .value = std::move(*bytes)})
                 : std::nullopt;
    }
  }
  return std::nullopt;
}

std::string Fingerprint::value_text() const {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const std::byte byte : value) {
    if (!text.empty()) {
      text += ':';
    }
    text += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    text += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

}  // namespace visavis::dtls
