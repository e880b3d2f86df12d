#include "base/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace visavis {
namespace {

constexpr std::size_t kV4Offset = 12;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return port;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress ip;
  for (std::size_t i = 0; i < 4; ++i) {
    ip.bytes_.at(kV4Offset + i) = static_cast<std::uint8_t>(host_order >> (24U - (8U * i)));
  }
  return ip;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& network_order) {
  IpAddress ip;
  ip.bytes_ = network_order;
  return ip;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  const std::string terminated(text);
  in_addr four{};
  if (inet_pton(AF_INET, terminated.c_str(), &four) == 1) {
    return v4(ntohl(four.s_addr));
  }
  std::array<std::uint8_t, 16> six{};
  if (inet_pton(AF_INET6, terminated.c_str(), six.data()) == 1) {
    return v6(six);
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  static constexpr std::array<std::uint8_t, kV4Offset> kMapped{0, 0, 0, 0, 0,    0,
                                                               0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

std::uint32_t IpAddress::v4_host_order() const {
  std::uint32_t value = 0;
  for (std::size_t i = kV4Offset; i < bytes_.size(); ++i) {
    value = (value << 8U) | bytes_.at(i);
  }
  return value;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) {
    return bytes_[kV4Offset] == 127;
  }
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
         bytes_.back() == 1;
}

bool IpAddress::is_unspecified() const {
  return is_v4() ? v4_host_order() == 0
                 : std::ranges::all_of(bytes_, [](auto byte) { return byte == 0; });
}

bool IpAddress::is_link_local() const {
  if (is_v4()) {
    return (v4_host_order() >> 16U) == 0xA9FE;  // 169.254.0.0/16, RFC 3927 §2.1
  }
  return bytes_[0] == 0xFE && (bytes_[1] & 0xC0U) == 0x80;  // fe80::/10, RFC 4291 §2.5.6
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool four = is_v4();
  const void* from = four ? &bytes_.at(kV4Offset) : bytes_.data();
  inet_ntop(four ? AF_INET : AF_INET6, from, text.data(), text.size());
  return text.data();
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view host = text.substr(0, colon);
  const bool bare_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  const auto ip = IpAddress::parse(host);
  const auto port = parse_port(text.substr(colon + 1));
  if (bare_v6 || !ip || !port) {
    return std::nullopt;
  }
  return SocketAddress{.ip = *ip, .port = *port};
}

std::string SocketAddress::to_string() const {
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  return host + ":" + std::to_string(port);
}

}  // namespace visavis
