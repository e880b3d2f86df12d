#include "testpeer/stamp.hpp"

#include <algorithm>
#include <array>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::testpeer {
namespace {

constexpr std::uint32_t kMagic = 0x56765374;  // "VvSt"

std::uint32_t sum_of(Bytes bytes) {
  std::uint32_t sum = kMagic;
  for (const std::byte octet : bytes) {
    sum = sum * 31 + std::to_integer<std::uint32_t>(octet);
  }
  return sum;
}

constexpr std::size_t kSummed = Stamp::kBytes - sizeof(std::uint32_t);

/// Numbers are mostly zeros, of which two would end a unit of H.264 in the middle of a packet.
void mask(MutableBytes bytes) {
  for (std::byte& octet : bytes) {
    octet ^= std::byte{0x5A};
  }
}

}  // namespace

void write_stamp(MutableBytes into, const Stamp& stamp) {
  ByteWriter writer(into);
  writer.u32(stamp.source);
  writer.u32(stamp.frame);
  writer.u16(stamp.index);
  writer.u16(stamp.count);
  writer.u8(stamp.key ? 1 : 0);
  writer.u64(static_cast<std::uint64_t>(stamp.captured.time_since_epoch().count()));
  writer.u32(sum_of(into.first(kSummed)));
  check(writer.ok());
  mask(into.first(Stamp::kBytes));
}

std::optional<Stamp> read_stamp(Bytes from) {
  if (from.size() < Stamp::kBytes) {
    return std::nullopt;
  }
  std::array<std::byte, Stamp::kBytes> bytes{};
  std::ranges::copy(from.first(Stamp::kBytes), bytes.begin());
  mask(bytes);
  ByteReader reader(bytes);
  Stamp stamp;
  stamp.source = reader.u32();
  stamp.frame = reader.u32();
  stamp.index = reader.u16();
  stamp.count = reader.u16();
  stamp.key = reader.u8() != 0;
  const std::uint64_t high = reader.u32();
  stamp.captured = Instant(Duration(static_cast<std::int64_t>(high << 32U | reader.u32())));
  return reader.u32() == sum_of(Bytes(bytes).first(kSummed)) ? std::optional(stamp) : std::nullopt;
}

}  // namespace visavis::testpeer
