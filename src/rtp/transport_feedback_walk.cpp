#include "rtp/transport_feedback_walk.hpp"

namespace visavis::rtp {
namespace {

constexpr std::uint16_t kVectorBit = 0x8000;
constexpr std::uint16_t kTwoBitSymbols = 0x4000;
constexpr unsigned kRunMask = 0x1FFF;

}  // namespace

StatusSymbols::Symbol StatusSymbols::next() {
  while (left_ == 0) {
    chunk_ = reader_.u16();
    if (!reader_.ok()) {
      return Symbol::kMissing;
    }
    if ((chunk_ & kVectorBit) == 0) {
      left_ = chunk_ & kRunMask;
    } else {
      left_ = (chunk_ & kTwoBitSymbols) != 0 ? 7 : 14;
    }
  }
  --left_;
  if ((chunk_ & kVectorBit) == 0) {
    return static_cast<Symbol>(chunk_ >> 13U & 0x03U);
  }
  if ((chunk_ & kTwoBitSymbols) != 0) {
    return static_cast<Symbol>(chunk_ >> (2 * left_) & 0x03U);
  }
  return static_cast<Symbol>(chunk_ >> left_ & 0x01U);
}

std::optional<Bytes> receive_deltas(Bytes chunks, std::size_t status_count) {
  StatusSymbols symbols(chunks);
  std::size_t size = 0;
  for (std::size_t index = 0; index < status_count; ++index) {
    const auto symbol = symbols.next();
    size += symbol == StatusSymbols::Symbol::kSmallDelta ? 1U : 0U;
    size += symbol == StatusSymbols::Symbol::kLargeDelta ? 2U : 0U;
    if (!symbols.ok()) {
      return std::nullopt;
    }
  }
  const Bytes deltas = symbols.rest();
  return size <= deltas.size() ? std::optional(deltas) : std::nullopt;
}

}  // namespace visavis::rtp
