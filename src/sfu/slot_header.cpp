#include "sfu/slot_header.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/big_endian.hpp"
#include "base/check.hpp"
#include "rtp/header_extensions.hpp"
#include "rtp/header_writer.hpp"
#include "rtp/rtx.hpp"

namespace visavis::sfu {
namespace {

constexpr std::size_t kFixedBytes = 12;    // RFC 3550 §5.1
constexpr std::size_t kExtensionsAt = 16;  // RFC 3550 §5.3.1: profile and length come before.
constexpr std::size_t kWordBytes = 4;
constexpr std::size_t kOneByteSizeMax = 16;  // RFC 8285 §4.2
constexpr std::size_t kMidBytesMax = 16;
constexpr std::uint8_t kVersion2 = 0x80;
constexpr std::uint8_t kVersion2Extended = 0x90;
constexpr std::uint8_t kMarkerBit = 0x80;

void put_u8(MutableBytes at, std::size_t offset, std::uint8_t value) {
  at[offset] = static_cast<std::byte>(value);
}
template <class Number>
void put(MutableBytes at, std::size_t offset, Number value) {
  value = big_endian(value);
  std::memcpy(at.data() + offset, &value, sizeof(value));
}
void put_u16(MutableBytes at, std::size_t offset, std::uint16_t value) {
  put(at, offset, value);
}
void put_u24(MutableBytes at, std::size_t offset, std::uint32_t value) {
  put_u8(at, offset, static_cast<std::uint8_t>(value >> 16U));
  put_u16(at, offset + 1, static_cast<std::uint16_t>(value));
}
void put_u32(MutableBytes at, std::size_t offset, std::uint32_t value) {
  put(at, offset, value);
}

void put_fixed(MutableBytes cell, const HeaderFields& fields) {
  const std::uint8_t marker = fields.marker ? kMarkerBit : 0;
  put_u8(cell, 1, static_cast<std::uint8_t>(marker | fields.payload_type.value()));
  put_u16(cell, 2, fields.sequence.value());
  put_u32(cell, 4, fields.timestamp.value());
  put_u32(cell, 8, fields.ssrc.value());
}

}  // namespace

SlotHeader::SlotHeader(const rtp::ExtensionMap& ids, std::string_view mid, bool numbered)
    : mid_size_(static_cast<std::uint8_t>(std::min(mid.size(), kMidBytesMax))),
      numbered_(numbered),
      ids_(ids) {
  put_u16(front_, kFixedBytes, rtp::kOneByteProfile);
  front_size_ = kExtensionsAt;
  put_u8(front_, 0, kVersion2Extended);
  if (const auto id = ids.id_of(rtp::Extension::kMid); id && mid_size_ > 0) {
    add_to_front(*id, as_bytes(mid.substr(0, mid_size_)));
  }
  if (ids.needs_two_byte_form()) {
    return;  // The other way of writing is taken for every packet; it finds the mid here.
  }
  const std::array<std::byte, 3> zeros{};
  if (const auto id = ids.id_of(rtp::Extension::kTransportCc); id && numbered) {
    transport_at_ = static_cast<std::uint8_t>(front_size_ + 1);
    add_to_front(*id, Bytes(zeros).first(2));
  }
  if (const auto id = ids.id_of(rtp::Extension::kAbsSendTime); id && numbered) {
    abs_time_at_ = static_cast<std::uint8_t>(front_size_ + 1);
    add_to_front(*id, zeros);
  }
  const std::size_t padded = (front_size_ + kWordBytes - 1) / kWordBytes * kWordBytes;
  padded_size_ = static_cast<std::uint8_t>(front_size_ == kExtensionsAt ? kFixedBytes : padded);
  if (padded_size_ == kFixedBytes) {
    put_u8(front_, 0, kVersion2);
    return;
  }
  put_u16(front_, kFixedBytes + 2,
          static_cast<std::uint16_t>((padded_size_ - kExtensionsAt) / kWordBytes));
}

std::size_t SlotHeader::write(MutableBytes cell, const HeaderFields& fields,
                              const LogEntry& entry) const {
  if (!fits_one_byte_form(entry)) {
    return write_two_byte_form(cell, fields, entry);
  }
  std::memcpy(cell.data(), front_.data(), front_.size());  // A constant: a few moves.
  put_fixed(cell, fields);
  if (transport_at_ != 0) {
    put_u16(cell, transport_at_, fields.transport_sequence);
  }
  if (abs_time_at_ != 0) {
    put_u24(cell, abs_time_at_, fields.abs_send_time);
  }
  return entry.carried_count == 0 ? padded_size_ : append_carried(cell, entry);
}

std::size_t SlotHeader::bytes_max(const LogEntry& entry) {
  constexpr std::size_t kTagBytes = 16;  // The longest cipher's.
  constexpr std::size_t kBehind = rtp::kRtxHeaderBytes + kTagBytes;
  constexpr std::size_t kOwnBytesMax = 44;
  static_assert(kOwnBytesMax + kPayloadMax + kBehind <= kSealedMax);
  return std::min(kBytesMax, kSealedMax - kBehind - entry.payload().size());
}

std::size_t SlotHeader::append_carried(MutableBytes cell, const LogEntry& entry) const {
  const std::size_t room = bytes_max(entry);
  std::size_t size = front_size_;
  for (std::size_t index = 0; index < entry.carried_count; ++index) {
    const CarriedExtension& carried = entry.carried[index];
    const auto id = ids_.id_of(carried.extension);
    if (!id || size + 1 + carried.size > room - kWordBytes) {
      continue;
    }
    put_u8(cell, size, static_cast<std::uint8_t>((unsigned{*id} << 4U) | (carried.size - 1U)));
    std::memcpy(cell.data() + size + 1, entry.packet.data() + carried.at, carried.size);
    size += std::size_t{1} + carried.size;
  }
  if (size == kExtensionsAt) {
    put_u8(cell, 0, kVersion2);
    return kFixedBytes;
  }
  while (size % kWordBytes != 0) {
    put_u8(cell, size++, 0);
  }
  put_u8(cell, 0, kVersion2Extended);
  put_u16(cell, kFixedBytes + 2, static_cast<std::uint16_t>((size - kExtensionsAt) / kWordBytes));
  return size;
}

void SlotHeader::add_to_front(std::uint8_t id, Bytes value) {
  check(front_size_ + 1 + value.size() <= front_.size());
  put_u8(front_, front_size_, static_cast<std::uint8_t>((unsigned{id} << 4U) | (value.size() - 1)));
  std::memcpy(front_.data() + front_size_ + 1, value.data(), value.size());
  front_size_ = static_cast<std::uint8_t>(front_size_ + 1 + value.size());
}

std::string_view SlotHeader::mid() const {
  return as_text(Bytes(front_).subspan(kExtensionsAt + 1, mid_size_));
}

bool SlotHeader::fits_one_byte_form(const LogEntry& entry) const {
  if (ids_.needs_two_byte_form()) {
    return false;
  }
  for (std::size_t index = 0; index < entry.carried_count; ++index) {
    const std::size_t size = entry.carried[index].size;
    if (size == 0 || size > kOneByteSizeMax) {
      return false;
    }
  }
  return true;
}

// Seldom: an AV1 structure is larger than the one-byte form allows. A publisher that sends one has
// agreed with us on mixing both forms, and so have its viewers (RFC 8285 §4.1.2).
std::size_t SlotHeader::write_two_byte_form(MutableBytes cell, const HeaderFields& fields,
                                            const LogEntry& entry) const {
  rtp::HeaderWriter writer(cell.first(bytes_max(entry)),
                           {.payload_type = fields.payload_type,
                            .sequence = fields.sequence,
                            .timestamp = fields.timestamp,
                            .ssrc = fields.ssrc,
                            .marker = fields.marker},
                           rtp::ExtensionForm::kTwoByte);
  if (const auto id = ids_.id_of(rtp::Extension::kMid); id && mid_size_ > 0) {
    writer.extension(*id, as_bytes(mid()));
  }
  if (const auto id = ids_.id_of(rtp::Extension::kTransportCc); id && numbered_) {
    writer.extension_u16(*id, fields.transport_sequence);
  }
  if (const auto id = ids_.id_of(rtp::Extension::kAbsSendTime); id && numbered_) {
    writer.extension_u24(*id, fields.abs_send_time);
  }
  for (std::size_t index = 0; index < entry.carried_count; ++index) {
    const CarriedExtension& carried = entry.carried[index];
    if (const auto id = ids_.id_of(carried.extension)) {
      writer.extension(*id, entry.packet.subspan(carried.at, carried.size));
    }
  }
  return writer.finish();
}

}  // namespace visavis::sfu
