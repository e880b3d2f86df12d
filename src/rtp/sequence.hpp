#pragma once

#include <cstdint>
#include <optional>

#include "rtp/rtp_packet.hpp"

namespace visavis::rtp {

/// How far `b` is ahead of `a` on the circle of sequence numbers: -32768 to 32767.
[[nodiscard]] constexpr std::int16_t distance(SequenceNumber a, SequenceNumber b) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(b.value() - a.value()));
}
[[nodiscard]] constexpr std::int32_t distance(Timestamp a, Timestamp b) {
  return static_cast<std::int32_t>(b.value() - a.value());
}

/// Whether `a` comes after `b`. Half the circle away counts as older.
[[nodiscard]] constexpr bool newer_than(SequenceNumber a, SequenceNumber b) {
  return distance(b, a) > 0;
}
[[nodiscard]] constexpr bool newer_than(Timestamp a, Timestamp b) {
  return distance(b, a) > 0;
}

[[nodiscard]] constexpr SequenceNumber advance(SequenceNumber from, int steps) {
  return SequenceNumber(static_cast<std::uint16_t>(from.value() + steps));
}

/// Puts sequence numbers on a line without end: the number nearest to the newest one seen.
/// Starts at 65536 + the first number, so that older ones than the first stay positive.
class SequenceUnwrapper {
 public:
  [[nodiscard]] std::int64_t unwrap(SequenceNumber number) {
    if (!newest_) {
      newest_ = std::int64_t{0x10000} + number.value();
      return *newest_;
    }
    const std::int64_t at = *newest_ + distance(wrap(*newest_), number);
    newest_ = at > *newest_ ? at : *newest_;
    return at;
  }

  [[nodiscard]] static constexpr SequenceNumber wrap(std::int64_t unwrapped) {
    return SequenceNumber(static_cast<std::uint16_t>(unwrapped & 0xFFFF));
  }

 private:
  std::optional<std::int64_t> newest_;
};

}  // namespace visavis::rtp
