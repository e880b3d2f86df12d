#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace visavis::stun {

using TransactionId = std::array<std::byte, 12>;

/// The class of a Binding message (RFC 8489 §5). ICE knows no other method.
enum class Class : std::uint8_t { kRequest, kIndication, kSuccess, kError };

/// Why bytes are no STUN message for us.
enum class ParseError : std::uint8_t {
  kTruncated,       ///< Shorter than its own length says, or than a header.
  kNotStun,         ///< Wrong leading bits or magic cookie, or not the Binding method.
  kBadLength,       ///< Longer than its own length says, or a length that is no multiple of 4.
  kBadAttribute,    ///< An attribute that runs out of the message or has a wrong size.
  kBadFingerprint,  ///< FINGERPRINT is wrong, or not the last attribute.
};

[[nodiscard]] std::string_view to_string(ParseError error);

/// Comprehension-required attributes that we do not know, for UNKNOWN-ATTRIBUTES (RFC 8489 §6.3.1).
struct UnknownAttributes {
  static constexpr std::size_t kMax = 8;  ///< More than that, and the first eight are named.
  std::array<std::uint16_t, kMax> types{};
  std::size_t count = 0;

  void add(std::uint16_t type);
  [[nodiscard]] bool empty() const { return count == 0; }
};

/// A Binding message, parsed in place: its views point into the datagram it was parsed from.
/// Nothing in it is to be trusted before `has_integrity`.
struct MessageView {
  Class kind = Class::kRequest;
  TransactionId transaction{};
  std::string_view username;
  std::optional<std::uint32_t> priority;
  std::optional<std::uint64_t> controlling;  ///< ICE-CONTROLLING's tie-breaker.
  std::optional<std::uint64_t> controlled;   ///< ICE-CONTROLLED's tie-breaker.
  std::optional<SocketAddress> mapped_address;
  std::optional<std::uint16_t> error_code;
  bool use_candidate = false;
  bool has_fingerprint = false;  ///< Present, and right.
  UnknownAttributes unknown;
  Bytes datagram;                    ///< The whole message.
  std::size_t integrity_offset = 0;  ///< Of MESSAGE-INTEGRITY in `datagram`; 0: it has none.
};

/// Whether a datagram is to be taken for STUN by its first bytes (RFC 7983 §7 and the cookie).
[[nodiscard]] bool looks_like_stun(Bytes datagram);

/// Reads a whole UDP payload as a Binding message (RFC 8489 §5, §14). A wrong FINGERPRINT is
/// refused; MESSAGE-INTEGRITY needs the password and is `has_integrity`'s.
[[nodiscard]] std::expected<MessageView, ParseError> parse(Bytes datagram);

/// Whether the message is signed with this short-term password (RFC 8489 §9.1.3).
[[nodiscard]] bool has_integrity(const MessageView& message, std::string_view password);

/// The USERNAME of a Binding request, without a look at anything else: to find the peer whose
/// password the message must be signed with. Points into `datagram`.
[[nodiscard]] std::optional<std::string_view> username_of(Bytes datagram);
/// The part of USERNAME that names the agent asked (RFC 8445 §7.2.2): our fragment in a check.
[[nodiscard]] std::optional<std::string_view> local_ufrag_of(Bytes datagram);

/// A connectivity check (RFC 8445 §7.2.2). Set one of `controlling` and `controlled`.
struct Request {
  TransactionId transaction{};
  std::string_view username;
  std::optional<std::uint32_t> priority = std::nullopt;  ///< A lite agent has no use for it.
  std::optional<std::uint64_t> controlling = std::nullopt;
  std::optional<std::uint64_t> controlled = std::nullopt;
  bool use_candidate = false;
};

/// Each writes a whole message with MESSAGE-INTEGRITY and FINGERPRINT and returns its size; 0 when
/// `into` is too small (`kMessageBytesMax` is enough for all).
inline constexpr std::size_t kMessageBytesMax = 640;
[[nodiscard]] std::size_t write_request(MutableBytes into, const Request& request,
                                        std::string_view password);
[[nodiscard]] std::size_t write_success(MutableBytes into, const TransactionId& transaction,
                                        const SocketAddress& mapped, std::string_view password);
/// `code` is 300 to 699 (RFC 8489 §14.8); `unknown` belongs to 420 and is else empty.
struct ErrorAnswer {
  std::uint16_t code = 0;
  UnknownAttributes unknown{};
};
[[nodiscard]] std::size_t write_error(MutableBytes into, const TransactionId& transaction,
                                      const ErrorAnswer& error, std::string_view password);

}  // namespace visavis::stun
