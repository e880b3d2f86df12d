#include "net/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"

namespace visavis::net {
namespace {

/// In the order of announcement: browsers try candidates of equal type in this order.
enum class Rank : std::uint8_t { kGlobalV4, kGlobalV6, kLoopback };

Rank rank(const IpAddress& ip) {
  if (ip.is_loopback()) {
    return Rank::kLoopback;
  }
  return ip.is_v4() ? Rank::kGlobalV4 : Rank::kGlobalV6;
}

bool announced(const IpAddress& ip) {
  const bool is_v6_loopback = ip.is_loopback() && !ip.is_v4();
  return !ip.is_unspecified() && !ip.is_link_local() && !is_v6_loopback;
}

}  // namespace

std::vector<IpAddress> in_announced_order(std::span<const IpAddress> addresses) {
  std::vector<IpAddress> ordered;
  for (const Rank wanted : {Rank::kGlobalV4, Rank::kGlobalV6, Rank::kLoopback}) {
    for (const IpAddress& ip : addresses) {
      if (announced(ip) && rank(ip) == wanted && std::ranges::find(ordered, ip) == ordered.end()) {
        ordered.push_back(ip);
      }
    }
  }
  return ordered;
}

bool has_ipv6() {
  const FileDescriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const KernelAddress loopback =
      to_kernel({.ip = IpAddress::parse("::1").value_or(IpAddress()), .port = 0});
  return socket.is_open() && ::bind(socket.value(), loopback.pointer(), loopback.length) == 0;
}

std::vector<IpAddress> interface_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return {};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  std::vector<IpAddress> addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) {
      continue;
    }
    if (const auto address = from_kernel(*entry->ifa_addr)) {
      addresses.push_back(address->ip);
    }
  }
  return in_announced_order(addresses);
}

}  // namespace visavis::net
