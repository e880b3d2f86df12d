#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/bytes.hpp"

namespace visavis::rtp {

/// Reads the status symbols out of packet chunks one by one (draft-holmer-…-01 §3.1.2 to §3.1.4).
class StatusSymbols {
 public:
  enum class Symbol : std::uint8_t {
    kMissing = 0,
    kSmallDelta = 1,
    kLargeDelta = 2,
    kReserved = 3
  };

  explicit StatusSymbols(Bytes chunks) : reader_(chunks) {}

  struct Run {
    Symbol symbol = Symbol::kMissing;
    std::size_t count = 0;
  };

  /// `kMissing` past the end, when `ok()` is false.
  [[nodiscard]] Symbol next() { return next_run(1).symbol; }
  /// As many equal ones as one step can tell, at least 1 and at most `count_max`: a chunk of two
  /// bytes may stand for 8191, and a datagram has room for hundreds of such.
  [[nodiscard]] Run next_run(std::size_t count_max);
  [[nodiscard]] bool ok() const { return reader_.ok(); }
  /// What follows the chunks read so far.
  [[nodiscard]] Bytes rest() const { return reader_.rest(); }

 private:
  ByteReader reader_;
  std::uint16_t chunk_ = 0;
  std::size_t left_ = 0;  // Symbols left in `chunk_`.
};

/// Where the receive deltas begin, behind the chunks for `status_count` packets. Nothing when the
/// chunks or the deltas they announce are cut off.
[[nodiscard]] std::optional<Bytes> receive_deltas(Bytes chunks, std::size_t status_count);

}  // namespace visavis::rtp
