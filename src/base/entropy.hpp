#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis {

/// Where secrets come from: keys, passwords, tokens, session ids. `net` reads the operating
/// system's; a simulation gives a seeded one, so that a run can be repeated to the byte.
class Entropy {
 public:
  Entropy() = default;
  Entropy(const Entropy&) = delete;
  Entropy& operator=(const Entropy&) = delete;
  virtual ~Entropy() = default;

  /// Fills all of `bytes`. Never fails: without entropy there is no server.
  virtual void fill(MutableBytes bytes) = 0;

  /// `length` characters of [A-Za-z0-9_-], 6 bits of entropy each.
  [[nodiscard]] std::string token(std::size_t length) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text(length, '\0');
    fill(std::as_writable_bytes(std::span(text)));
    for (char& letter : text) {
      letter = kAlphabet[static_cast<unsigned char>(letter) & 63U];
    }
    return text;
  }
};

}  // namespace visavis
