#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis {

/// An IPv4 or IPv6 address as a value. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is held as
/// the IPv4 address it stands for, so that one host compares equal whichever socket saw it.
class IpAddress {
 public:
  constexpr IpAddress() = default;  ///< 0.0.0.0
  [[nodiscard]] static IpAddress v4(std::uint32_t host_order);
  [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& network_order);
  /// Reads "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; no host names, no zone.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] std::uint32_t v4_host_order() const;
  /// 16 bytes; an IPv4 address in its mapped form.
  [[nodiscard]] const std::array<std::uint8_t, 16>& mapped() const { return bytes_; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] bool is_link_local() const;
  /// "192.0.2.1", "2001:db8::1" (RFC 5952).
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  // Compared for each packet: not by a call that goes byte by byte.
  friend bool operator==(const IpAddress& a, const IpAddress& b) {
    return a.halves() == b.halves();
  }
  [[nodiscard]] std::array<std::uint64_t, 2> halves() const {
    return std::bit_cast<std::array<std::uint64_t, 2>>(bytes_);
  }

 private:
  std::array<std::uint8_t, 16> bytes_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
};

/// An address and a port.
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  /// Reads "192.0.2.1:80" or "[::1]:80".
  [[nodiscard]] static std::optional<SocketAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

/// Every bit of a word reaches every bit of the result (the finalizer of MurmurHash3), so that
/// neighbours on a network, who differ in a few bits, are spread over a table of any size.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t word) {
  word = (word ^ (word >> 33U)) * 0xFF51AFD7ED558CCDU;
  word = (word ^ (word >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return word ^ (word >> 33U);
}

}  // namespace visavis

template <>
struct std::hash<visavis::IpAddress> {
  std::size_t operator()(const visavis::IpAddress& ip) const noexcept {
    const auto [high, low] = ip.halves();
    return visavis::mixed((high * 0x9E3779B97F4A7C15U) ^ low);
  }
};

template <>
struct std::hash<visavis::SocketAddress> {
  std::size_t operator()(const visavis::SocketAddress& at) const noexcept {
    return visavis::mixed(std::hash<visavis::IpAddress>{}(at.ip) ^ at.port);
  }
};
