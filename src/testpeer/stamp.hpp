#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace visavis::testpeer {

/// What a test peer writes into each synthetic payload, so that the receiver knows what it should
/// have got: who sent it, which frame it belongs to, and how many packets that frame has.
struct Stamp {
  static constexpr std::size_t kBytes = 25;

  std::uint32_t source = 0;  ///< Of the publisher's choice, for its stream.
  std::uint32_t frame = 0;   ///< Counts the frames of a source.
  std::uint16_t index = 0;   ///< Of this packet in the frame.
  std::uint16_t count = 1;   ///< Of packets in the frame.
  bool key = false;
  Instant captured{};  ///< On the time line that sender and receiver share in a test.

  [[nodiscard]] bool first() const { return index == 0; }
  [[nodiscard]] bool last() const { return index + 1 == count; }

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// `into` has at least `Stamp::kBytes`.
void write_stamp(MutableBytes into, const Stamp& stamp);
/// Nothing when there is no whole stamp: the payload was damaged, or is not a test peer's.
[[nodiscard]] std::optional<Stamp> read_stamp(Bytes from);

}  // namespace visavis::testpeer
