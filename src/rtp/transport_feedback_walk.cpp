#include "rtp/transport_feedback_walk.hpp"

#include <algorithm>

namespace visavis::rtp {
namespace {

constexpr std::uint16_t kVectorBit = 0x8000;
constexpr std::uint16_t kTwoBitSymbols = 0x4000;
constexpr unsigned kRunMask = 0x1FFF;

}  // namespace

StatusSymbols::Run StatusSymbols::next_run(std::size_t count_max) {
  while (left_ == 0) {
    chunk_ = reader_.u16();
    if (!reader_.ok()) {
      return {.symbol = Symbol::kMissing, .count = count_max};
    }
    if ((chunk_ & kVectorBit) == 0) {
      left_ = chunk_ & kRunMask;
    } else {
      left_ = (chunk_ & kTwoBitSymbols) != 0 ? 7 : 14;
    }
  }
  if ((chunk_ & kVectorBit) == 0) {
    const std::size_t count = std::min(left_, count_max);
    left_ -= count;
    return {.symbol = static_cast<Symbol>(chunk_ >> 13U & 0x03U), .count = count};
  }
  --left_;
  if ((chunk_ & kTwoBitSymbols) != 0) {
    return {.symbol = static_cast<Symbol>(chunk_ >> (2 * left_) & 0x03U), .count = 1};
  }
  return {.symbol = static_cast<Symbol>(chunk_ >> left_ & 0x01U), .count = 1};
}

std::optional<Bytes> receive_deltas(Bytes chunks, std::size_t status_count) {
  StatusSymbols symbols(chunks);
  std::size_t size = 0;
  for (std::size_t left = status_count; left > 0;) {
    const auto [symbol, count] = symbols.next_run(left);
    left -= count;
    size += symbol == StatusSymbols::Symbol::kSmallDelta ? count : 0;
    size += symbol == StatusSymbols::Symbol::kLargeDelta ? 2 * count : 0;
    if (!symbols.ok()) {
      return std::nullopt;
    }
  }
  const Bytes deltas = symbols.rest();
  return size <= deltas.size() ? std::optional(deltas) : std::nullopt;
}

}  // namespace visavis::rtp
