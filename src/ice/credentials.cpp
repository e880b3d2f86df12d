#include "ice/credentials.hpp"

#include <algorithm>

namespace visavis::ice {
namespace {

// RFC 8839 §5.4: ice-char is a letter, a digit, "+" or "/".
bool is_ice_char(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '+' || letter == '/';
}

std::string ice_token(Entropy& entropy, std::size_t length) {
  std::string text = entropy.token(length);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return text;
}

}  // namespace

Credentials Credentials::make(Entropy& entropy) {
  return {.ufrag = ice_token(entropy, 12), .pwd = ice_token(entropy, 24)};
}

bool is_valid(const Credentials& credentials) {
  const auto fits = [](const std::string& text, std::size_t least) {
    return text.size() >= least && text.size() <= 256 && std::ranges::all_of(text, is_ice_char);
  };
  return fits(credentials.ufrag, 4) && fits(credentials.pwd, 22);
}

}  // namespace visavis::ice
