#include <algorithm>
#include <array>

#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "stun/attributes.hpp"
#include "stun/integrity.hpp"
#include "stun/message.hpp"

namespace visavis::stun {
namespace {

// Binding messages (RFC 8489 §5).
constexpr std::uint16_t kRequestType = 0x0001;
constexpr std::uint16_t kSuccessType = 0x0101;
constexpr std::uint16_t kErrorType = 0x0111;

/// One message being written: header, attributes, then `finish` signs it.
class MessageWriter {
 public:
  MessageWriter(MutableBytes into, std::uint16_t type, const TransactionId& transaction)
      : into_(into.first(std::min(into.size(), kDatagramBytesMax))), writer_(into_) {
    writer_.u16(type);
    writer_.u16(0);
    writer_.u32(kMagicCookie);
    writer_.bytes(transaction);
  }

  /// Leaves the value to the caller, who writes `size` bytes at once.
  ByteWriter& attribute(std::uint16_t type, std::size_t size) {
    writer_.u16(type);
    writer_.u16(static_cast<std::uint16_t>(size));
    return writer_;
  }

  void attribute(std::uint16_t type, Bytes value) {
    attribute(type, value.size()).bytes(value);
    writer_.zeros((4 - (value.size() % 4)) % 4);
  }

  [[nodiscard]] std::size_t finish(std::string_view password) {
    const MutableBytes signed_part = writer_.written();
    if (!writer_.ok()) {
      return 0;
    }
    attribute(kMessageIntegrity, integrity_of(signed_part, password));
    const std::size_t checked_size = writer_.size();
    ByteWriter length(into_.subspan(2, 2));
    length.u16(
        static_cast<std::uint16_t>(checked_size + kFingerprintAttributeBytes - kHeaderBytes));
    attribute(kFingerprint, 4).u32(fingerprint_of(into_.first(checked_size)));
    return writer_.ok() ? writer_.size() : 0;
  }

 private:
  MutableBytes into_;
  ByteWriter writer_;
};

/// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
void write_mapped(MessageWriter& message, const TransactionId& transaction,
                  const SocketAddress& mapped) {
  const auto port = static_cast<std::uint16_t>(mapped.port ^ (kMagicCookie >> 16U));
  if (mapped.ip.is_v4()) {
    ByteWriter& value = message.attribute(kXorMappedAddress, 8);
    value.u16(1);
    value.u16(port);
    value.u32(mapped.ip.v4_host_order() ^ kMagicCookie);
    return;
  }
  std::array<std::byte, 16> address{};
  ByteWriter mask(address);
  mask.u32(kMagicCookie);
  mask.bytes(transaction);
  std::ranges::transform(address, mapped.ip.mapped(), address.begin(),
                         [](std::byte a, std::uint8_t b) { return a ^ std::byte{b}; });
  ByteWriter& value = message.attribute(kXorMappedAddress, 20);
  value.u16(2);
  value.u16(port);
  value.bytes(address);
}

/// The reasons as IANA registers them.
std::string_view reason_of(std::uint16_t code) {
  switch (code) {
    case 400: return "Bad Request";
    case 401: return "Unauthenticated";
    case 420: return "Unknown Attribute";
    case 487: return "Role Conflict";
    default: return "Error";
  }
}

}  // namespace

std::size_t write_request(MutableBytes into, const Request& request, std::string_view password) {
  MessageWriter message(into, kRequestType, request.transaction);
  message.attribute(kUsername, as_bytes(request.username));
  if (request.priority) {
    message.attribute(kPriority, 4).u32(*request.priority);
  }
  if (request.controlling) {
    message.attribute(kIceControlling, 8).u64(*request.controlling);
  }
  if (request.controlled) {
    message.attribute(kIceControlled, 8).u64(*request.controlled);
  }
  if (request.use_candidate) {
    message.attribute(kUseCandidate, Bytes{});
  }
  return message.finish(password);
}

std::size_t write_success(MutableBytes into, const TransactionId& transaction,
                          const SocketAddress& mapped, std::string_view password) {
  MessageWriter message(into, kSuccessType, transaction);
  write_mapped(message, transaction, mapped);
  return message.finish(password);
}

std::size_t write_error(MutableBytes into, const TransactionId& transaction,
                        const ErrorAnswer& error, std::string_view password) {
  check(error.code >= 300 && error.code < 700);
  MessageWriter message(into, kErrorType, transaction);

  const std::string_view reason = reason_of(error.code);
  std::array<std::byte, 32> value{};
  ByteWriter writer(value);
  writer.u16(0);
  writer.u8(static_cast<std::uint8_t>(error.code / 100));
  writer.u8(static_cast<std::uint8_t>(error.code % 100));
  writer.bytes(as_bytes(reason));
  message.attribute(kErrorCode, writer.written());

  if (!error.unknown.empty()) {
    std::array<std::byte, 2 * UnknownAttributes::kMax> types{};
    ByteWriter list(types);
    for (std::size_t i = 0; i < error.unknown.count; ++i) {
      list.u16(error.unknown.types[i]);
    }
    message.attribute(kUnknownAttributes, list.written());
  }
  return message.finish(password);
}

}  // namespace visavis::stun
