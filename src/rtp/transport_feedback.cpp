#include "rtp/transport_feedback.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "base/byte_writer.hpp"

namespace visavis::rtp {
namespace {

using Symbol = StatusSymbols::Symbol;

constexpr std::size_t kShortVector = 7;  // Two-bit symbols in a chunk.
constexpr std::size_t kLongVector = 14;  // One-bit symbols in a chunk.
constexpr unsigned kVectorBit = 0x8000;
constexpr unsigned kTwoBitSymbols = 0x4000;

/// Writes the next chunk; how many of the symbols it told.
std::size_t write_chunk(ByteWriter& writer, std::span<const Symbol> symbols) {
  const Symbol first = symbols.front();
  const auto run = static_cast<std::size_t>(
      std::ranges::find_if(symbols, [first](Symbol s) { return s != first; }) - symbols.begin());
  if (run >= kLongVector || run == symbols.size() ||
      (run >= kShortVector && first == Symbol::kLargeDelta)) {
    writer.u16(static_cast<std::uint16_t>(static_cast<unsigned>(first) << 13U | run));
    return run;
  }
  const auto front = symbols.first(std::min(symbols.size(), kLongVector));
  const bool one_bit = std::ranges::find(front, Symbol::kLargeDelta) == front.end();
  const std::size_t width = one_bit ? 1 : 2;
  const std::size_t slots = one_bit ? kLongVector : kShortVector;
  const std::size_t told = std::min(symbols.size(), slots);
  unsigned chunk = kVectorBit | (one_bit ? 0 : kTwoBitSymbols);
  for (std::size_t index = 0; index < told; ++index) {
    chunk |= static_cast<unsigned>(symbols[index]) << (width * (slots - 1 - index));
  }
  writer.u16(static_cast<std::uint16_t>(chunk));
  return told;
}

/// Symbols and deltas of one feedback packet as they are collected.
class Statuses {
 public:
  explicit Statuses(std::int64_t base) : next_(base) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool has_room_for(std::int64_t sequence) const {
    return static_cast<std::size_t>(sequence - next_) + count_ < symbols_.size();
  }

  /// Adds all up to `sequence` as missing, and `sequence` with its delta in units of 250 µs.
  void add(std::int64_t sequence, std::int64_t delta) {
    for (; next_ < sequence; ++next_) {
      symbols_[count_++] = Symbol::kMissing;
    }
    ++next_;
    if (delta >= 0 && delta <= std::numeric_limits<std::uint8_t>::max()) {
      symbols_[count_++] = Symbol::kSmallDelta;
      delta_writer_.u8(static_cast<std::uint8_t>(delta));
    } else {
      symbols_[count_++] = Symbol::kLargeDelta;
      delta_writer_.u16(static_cast<std::uint16_t>(delta));
    }
  }

  /// Chunks, then deltas, as they go on the wire.
  [[nodiscard]] Bytes encode() {
    ByteWriter writer(encoded_);
    for (std::span<const Symbol> rest = std::span(symbols_).first(count_); !rest.empty();) {
      rest = rest.subspan(write_chunk(writer, rest));
    }
    writer.bytes(delta_writer_.written());
    return writer.written();
  }

 private:
  static constexpr std::size_t kMax = TransportFeedbackRecorder::kStatusesMax;

  std::int64_t next_;
  std::size_t count_ = 0;
  std::array<Symbol, kMax> symbols_;
  std::array<std::byte, 2 * kMax> deltas_;
  ByteWriter delta_writer_{deltas_};
  std::array<std::byte, 4 * kMax> encoded_;
};

}  // namespace

void TransportFeedbackRecorder::handle_packet(Instant now, SequenceNumber sequence) {
  const std::int64_t number = unwrapper_.unwrap(sequence);
  if (arrivals_.size() == kArrivalsMax) {
    arrivals_.erase(arrivals_.begin());
  }
  if (arrivals_.empty() || arrivals_.back().sequence < number) {
    arrivals_.push_back({number, now});
  } else {
    const auto at = std::ranges::lower_bound(arrivals_, number, {}, &Arrival::sequence);
    if (at->sequence == number) {
      return;
    }
    arrivals_.insert(at, {number, now});
  }
  if (due_at_ == kNever) {
    due_at_ = now + kInterval;
  }
}

bool TransportFeedbackRecorder::write(Instant now, RtcpWriter& writer, Ssrc sender, Ssrc media) {
  due_at_ = arrivals_.empty() ? kNever : now + kInterval;
  if (arrivals_.empty()) {
    return false;
  }
  const Arrival& first = arrivals_.front();
  // After a long silence the numbers between are not told: the sender knows them for lost.
  constexpr std::int64_t kHoleMax = kStatusesMax / 2;
  const bool continues = next_base_ && first.sequence - *next_base_ <= kHoleMax;
  const std::int64_t base = continues ? std::min(*next_base_, first.sequence) : first.sequence;

  const std::int64_t reference = first.at.time_since_epoch() / TransportFeedback::kReferenceUnit;
  std::int64_t clock =
      reference * (TransportFeedback::kReferenceUnit / TransportFeedback::kDeltaUnit);
  Statuses statuses(base);
  std::size_t told = 0;
  for (; told < arrivals_.size(); ++told) {
    const Arrival& arrival = arrivals_[told];
    const std::int64_t delta =
        arrival.at.time_since_epoch() / TransportFeedback::kDeltaUnit - clock;
    const bool fits = delta >= std::numeric_limits<std::int16_t>::min() &&
                      delta <= std::numeric_limits<std::int16_t>::max();
    if (!fits || !statuses.has_room_for(arrival.sequence)) {
      break;
    }
    statuses.add(arrival.sequence, delta);
    clock += delta;
  }

  TransportFeedback feedback;
  feedback.sender = sender;
  feedback.media = media;
  feedback.base = SequenceUnwrapper::wrap(base);
  feedback.status_count = static_cast<std::uint16_t>(statuses.count());
  feedback.reference_time = static_cast<std::int32_t>(reference & 0xFF'FFFF);
  feedback.feedback_count = feedback_count_;
  feedback.chunks = statuses.encode();
  if (!writer.transport_feedback(feedback)) {
    return false;
  }
  ++feedback_count_;
  // A late packet is told alone; it does not make the numbers behind it news again.
  next_base_ = std::max(next_base_.value_or(0), arrivals_[told - 1].sequence + 1);
  arrivals_.erase(arrivals_.begin(), arrivals_.begin() + static_cast<std::ptrdiff_t>(told));
  return true;
}

}  // namespace visavis::rtp
