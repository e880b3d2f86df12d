#include "stun/message.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "stun/attributes.hpp"
#include "stun/integrity.hpp"

namespace visavis::stun {
namespace {

using Checked = std::expected<void, ParseError>;

constexpr std::unexpected<ParseError> refuse(ParseError error) {
  return std::unexpected(error);
}

/// The method's bits of the message type; Binding is 1 (RFC 8489 §5 figure 3).
constexpr std::uint16_t kMethodMask = 0x3EEF;
constexpr std::uint16_t kBinding = 0x0001;

constexpr Class class_of(std::uint16_t type) {
  return static_cast<Class>(((type >> 7U) & 2U) | ((type >> 4U) & 1U));
}

constexpr std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

/// One attribute; `value` is without its padding.
struct Attribute {
  std::uint16_t type = 0;
  Bytes value;
  std::size_t offset = 0;  ///< In the datagram.
};

Checked require_size(const Attribute& attribute, std::size_t bytes) {
  return attribute.value.size() == bytes ? Checked{} : refuse(ParseError::kBadAttribute);
}

std::uint64_t read_u64(Bytes value) {
  ByteReader reader(value);
  const std::uint64_t high = reader.u32();
  return (high << 32U) | reader.u32();
}

/// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
std::expected<SocketAddress, ParseError> read_mapped(Bytes value,
                                                     const TransactionId& transaction) {
  ByteReader reader(value);
  reader.skip(1);
  const std::uint8_t family = reader.u8();
  const auto port = static_cast<std::uint16_t>(reader.u16() ^ (kMagicCookie >> 16U));
  if (family == 1 && value.size() == 8) {
    return SocketAddress{.ip = IpAddress::v4(reader.u32() ^ kMagicCookie), .port = port};
  }
  if (family != 2 || value.size() != 20) {
    return refuse(ParseError::kBadAttribute);
  }
  std::array<std::byte, 16> mask{};
  ByteWriter writer(mask);
  writer.u32(kMagicCookie);
  writer.bytes(transaction);
  std::array<std::uint8_t, 16> address{};
  std::ranges::transform(reader.rest(), mask, address.begin(), [](std::byte a, std::byte b) {
    return std::to_integer<std::uint8_t>(a ^ b);
  });
  return SocketAddress{.ip = IpAddress::v6(address), .port = port};
}

Checked read_error_code(const Attribute& attribute, MessageView& message) {
  if (attribute.value.size() < 4) {
    return refuse(ParseError::kBadAttribute);
  }
  const auto hundreds = std::to_integer<unsigned>(attribute.value[2]) & 7U;
  const auto rest = std::to_integer<unsigned>(attribute.value[3]);
  message.error_code = static_cast<std::uint16_t>((hundreds * 100) + rest);
  return {};
}

Checked read_fingerprint(const Attribute& attribute, MessageView& message) {
  const bool is_last = attribute.offset + kFingerprintAttributeBytes == message.datagram.size();
  if (attribute.value.size() != 4 || !is_last) {
    return refuse(ParseError::kBadFingerprint);
  }
  if (ByteReader(attribute.value).u32() !=
      fingerprint_of(message.datagram.first(attribute.offset))) {
    return refuse(ParseError::kBadFingerprint);
  }
  message.has_fingerprint = true;
  return {};
}

Checked read_ice_attribute(const Attribute& attribute, MessageView& message) {
  switch (attribute.type) {
    case kPriority:
      message.priority = ByteReader(attribute.value).u32();
      return require_size(attribute, 4);
    case kUseCandidate: message.use_candidate = true; return require_size(attribute, 0);
    case kIceControlled:
      message.controlled = read_u64(attribute.value);
      return require_size(attribute, 8);
    case kIceControlling:
      message.controlling = read_u64(attribute.value);
      return require_size(attribute, 8);
    default:
      if (attribute.type < kComprehensionOptional) {
        message.unknown.add(attribute.type);
      }
      return {};
  }
}

Checked read_attribute(const Attribute& attribute, MessageView& message) {
  // What follows MESSAGE-INTEGRITY is not signed and does not count, but FINGERPRINT
  // (RFC 8489 §14.5).
  if (message.integrity_offset != 0 && attribute.type != kFingerprint) {
    return {};
  }
  switch (attribute.type) {
    case kUsername:
      message.username = as_text(attribute.value);
      return attribute.value.size() <= kUsernameBytesMax ? Checked{}
                                                         : refuse(ParseError::kBadAttribute);
    case kMessageIntegrity:
      message.integrity_offset = attribute.offset;
      return require_size(attribute, kIntegrityBytes);
    case kErrorCode: return read_error_code(attribute, message);
    case kXorMappedAddress: {
      const auto mapped = read_mapped(attribute.value, message.transaction);
      message.mapped_address = mapped.value_or(SocketAddress{});
      return mapped ? Checked{} : refuse(mapped.error());
    }
    case kFingerprint: return read_fingerprint(attribute, message);
    // Known, and of no use to ICE.
    case kMappedAddress:
    case kUnknownAttributes:
    case kRealm:
    case kNonce:
    case kMessageIntegritySha256: return {};
    default: return read_ice_attribute(attribute, message);
  }
}

/// Takes the next attribute with its padding; nothing when it runs out of the message.
std::optional<Attribute> next_attribute(ByteReader& reader, std::size_t total) {
  Attribute attribute;
  attribute.offset = total - reader.rest().size();
  attribute.type = reader.u16();
  const std::size_t size = reader.u16();
  const Bytes field = reader.bytes(padded(size));
  if (!reader.ok()) {
    return std::nullopt;
  }
  attribute.value = field.first(size);
  return attribute;
}

std::expected<MessageView, ParseError> parse_header(Bytes datagram) {
  if (datagram.size() < kHeaderBytes) {
    return refuse(ParseError::kTruncated);
  }
  ByteReader reader(datagram);
  const std::uint16_t type = reader.u16();
  const std::size_t length = reader.u16();
  const std::uint32_t cookie = reader.u32();
  if ((type >> 14U) != 0 || (type & kMethodMask) != kBinding || cookie != kMagicCookie) {
    return refuse(ParseError::kNotStun);
  }
  if (length % 4 != 0 || datagram.size() > kDatagramBytesMax ||
      kHeaderBytes + length < datagram.size()) {
    return refuse(ParseError::kBadLength);
  }
  if (kHeaderBytes + length > datagram.size()) {
    return refuse(ParseError::kTruncated);
  }
  MessageView message;
  message.kind = class_of(type);
  message.datagram = datagram;
  std::ranges::copy(reader.bytes(message.transaction.size()), message.transaction.begin());
  return message;
}

}  // namespace

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::kTruncated: return "truncated";
    case ParseError::kNotStun: return "not STUN";
    case ParseError::kBadLength: return "bad length";
    case ParseError::kBadAttribute: return "bad attribute";
    case ParseError::kBadFingerprint: return "bad fingerprint";
  }
  return "unknown";
}

void UnknownAttributes::add(std::uint16_t type) {
  if (count < kMax) {
    types[count++] = type;
  }
}

bool looks_like_stun(Bytes datagram) {
  ByteReader reader(datagram);
  const bool is_low = (reader.u32() >> 24U) <= 3;  // RFC 7983 §7.
  return is_low && reader.u32() == kMagicCookie && reader.ok();
}

std::expected<MessageView, ParseError> parse(Bytes datagram) {
  auto message = parse_header(datagram);
  if (!message) {
    return message;
  }
  ByteReader reader(datagram.subspan(kHeaderBytes));
  while (!reader.rest().empty()) {
    const auto attribute = next_attribute(reader, datagram.size());
    if (!attribute) {
      return refuse(ParseError::kBadAttribute);
    }
    if (const Checked read = read_attribute(*attribute, *message); !read) {
      return refuse(read.error());
    }
  }
  return message;
}

bool has_integrity(const MessageView& message, std::string_view password) {
  if (message.integrity_offset == 0) {
    return false;
  }
  const auto expected = integrity_of(message.datagram.first(message.integrity_offset), password);
  const Bytes tag =
      message.datagram.subspan(message.integrity_offset + kAttributeHeaderBytes, kIntegrityBytes);
  return CRYPTO_memcmp(tag.data(), expected.data(), kIntegrityBytes) == 0;
}

std::optional<std::string_view> username_of(Bytes datagram) {
  const auto header = parse_header(datagram);
  if (!header || header->kind != Class::kRequest) {
    return std::nullopt;
  }
  ByteReader reader(datagram.subspan(kHeaderBytes));
  while (!reader.rest().empty()) {
    const auto attribute = next_attribute(reader, datagram.size());
    if (!attribute) {
      return std::nullopt;
    }
    if (attribute->type == kUsername) {
      return as_text(attribute->value);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> local_ufrag_of(Bytes datagram) {
  const auto username = username_of(datagram);
  if (!username) {
    return std::nullopt;
  }
  const std::size_t colon = username->find(':');
  return colon == std::string_view::npos ? std::nullopt : std::optional(username->substr(0, colon));
}

}  // namespace visavis::stun
