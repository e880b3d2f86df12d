#pragma once

#include <concepts>
#include <cstring>

#include "base/big_endian.hpp"
#include "base/bytes.hpp"

namespace visavis {

/// Writes big-endian fields into a buffer of fixed size.
///
/// Running past the end writes nothing and makes `ok()` false from then on, so a writer writes a
/// whole packet and checks once.
class ByteWriter {
 public:
  explicit constexpr ByteWriter(MutableBytes into) : into_(into) {}

  void u8(std::uint8_t value) { write(value); }
  void u16(std::uint16_t value) { write(value); }
  void u32(std::uint32_t value) { write(value); }
  void u64(std::uint64_t value) { write(value); }

  void bytes(Bytes bytes) {
    const MutableBytes field = take(bytes.size());
    if (!bytes.empty() && !field.empty()) {
      std::memcpy(field.data(), bytes.data(), bytes.size());
    }
  }

  void zeros(std::size_t count) {
    const MutableBytes field = take(count);
    if (!field.empty()) {
      std::memset(field.data(), 0, field.size());
    }
  }

  /// Leaves `count` bytes to be filled in later; empty when they do not fit.
  [[nodiscard]] MutableBytes take(std::size_t count) {
    if (!ok_ || count > into_.size() - used_) {
      ok_ = false;
      return {};
    }
    const MutableBytes field = into_.subspan(used_, count);
    used_ += count;
    return field;
  }

  [[nodiscard]] constexpr std::size_t size() const { return used_; }
  [[nodiscard]] constexpr MutableBytes written() const { return into_.first(used_); }
  [[nodiscard]] constexpr bool ok() const { return ok_; }

 private:
  template <std::unsigned_integral Word>
  void write(Word value) {
    const Word wire = big_endian(value);
    const MutableBytes field = take(sizeof(Word));
    if (!field.empty()) {
      std::memcpy(field.data(), &wire, sizeof(Word));
    }
  }

  MutableBytes into_;
  std::size_t used_ = 0;
  bool ok_ = true;
};

}  // namespace visavis
