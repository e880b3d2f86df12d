#include "load/local_addresses.hpp"

#include <ifaddrs.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"

namespace visavis::load {
namespace {

IpAddress address_towards(const SocketAddress& remote) {
  const net::FileDescriptor probe(
      ::socket(net::family_of(remote.ip), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const net::KernelAddress to = net::to_kernel(remote);
  if (!probe.is_open() || ::connect(probe.value(), to.pointer(), to.length) != 0) {
    return {};
  }
  return net::bound_address(probe.value()).ip;
}

std::vector<IpAddress> interface_addresses() {
  std::vector<IpAddress> addresses;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return addresses;
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, ::freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    const auto address = one->ifa_addr == nullptr ? std::nullopt : net::from_kernel(*one->ifa_addr);
    if (address && address->ip.is_v4() && !address->ip.is_loopback()) {
      addresses.push_back(address->ip);
    }
  }
  return addresses;
}

}  // namespace

std::vector<IpAddress> local_addresses(const SocketAddress& server) {
  std::vector<IpAddress> addresses = {address_towards(server)};
  for (const IpAddress& address : interface_addresses()) {
    if (std::ranges::find(addresses, address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

}  // namespace visavis::load
