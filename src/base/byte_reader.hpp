#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/big_endian.hpp"
#include "base/bytes.hpp"

namespace visavis {

/// Reads big-endian fields off the front of a buffer.
///
/// Running past the end yields zeros and makes `ok()` false from then on, so a parser reads a
/// whole group of fields and checks once.
class ByteReader {
 public:
  explicit constexpr ByteReader(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] std::uint8_t u8() { return read<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() { return read<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() { return read<std::uint32_t>(); }

  [[nodiscard]] Bytes bytes(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const Bytes front = rest_.first(count);
    rest_ = rest_.subspan(count);
    return front;
  }

  void skip(std::size_t count) { static_cast<void>(bytes(count)); }

  [[nodiscard]] constexpr Bytes rest() const { return rest_; }
  [[nodiscard]] constexpr bool ok() const { return ok_; }

 private:
  template <std::unsigned_integral Word>
  Word read() {
    const Bytes field = bytes(sizeof(Word));
    if (field.empty()) {
      return 0;
    }
    Word word = 0;
    std::memcpy(&word, field.data(), sizeof(Word));
    return big_endian(word);
  }

  Bytes rest_;
  bool ok_ = true;
};

}  // namespace visavis
