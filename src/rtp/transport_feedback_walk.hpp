#pragma once

// The walk over a transport feedback's chunks, apart from rtcp.hpp for its length.

#include "rtp/rtcp.hpp"

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

  /// `kMissing` past the end, when `ok()` is false.
  [[nodiscard]] Symbol next();
  [[nodiscard]] bool ok() const { return reader_.ok(); }
  /// What follows the chunks read so far.
  [[nodiscard]] Bytes rest() const { return reader_.rest(); }

 private:
  ByteReader reader_;
  std::uint16_t chunk_ = 0;
  unsigned left_ = 0;  // Symbols left in `chunk_`.
};

/// Where the receive deltas begin, behind the chunks for `status_count` packets. Nothing when the
/// chunks or the deltas they announce are cut off.
[[nodiscard]] std::optional<Bytes> receive_deltas(Bytes chunks, std::size_t status_count);

template <class Visitor>
void TransportFeedback::for_each(Visitor&& visit) const {
  StatusSymbols symbols(chunks);
  ByteReader deltas(receive_deltas(chunks, status_count).value_or(Bytes{}));
  Duration at = reference_time * kReferenceUnit;
  for (unsigned index = 0; index < status_count; ++index) {
    const auto symbol = symbols.next();
    const SequenceNumber sequence(static_cast<std::uint16_t>(base.value() + index));
    if (symbol == StatusSymbols::Symbol::kSmallDelta) {
      at += deltas.u8() * kDeltaUnit;
      visit(sequence, std::optional(at));
    } else if (symbol == StatusSymbols::Symbol::kLargeDelta) {
      at += static_cast<std::int16_t>(deltas.u16()) * kDeltaUnit;
      visit(sequence, std::optional(at));
    } else {
      visit(sequence, std::optional<Duration>());
    }
  }
}

}  // namespace visavis::rtp
