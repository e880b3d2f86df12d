#include "net/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace visavis::net {

int family_of(const IpAddress& ip) {
  return ip.is_v4() ? AF_INET : AF_INET6;
}

KernelAddress to_kernel(const SocketAddress& address) {
  KernelAddress kernel;
  write_kernel(address, kernel);
  return kernel;
}

void write_kernel(const SocketAddress& address, KernelAddress& kernel) {
  if (address.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    v4.sin_addr.s_addr = htonl(address.ip.v4_host_order());
    std::memcpy(&kernel.storage, &v4, sizeof(v4));
    kernel.length = sizeof(v4);
    return;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::memcpy(&v6.sin6_addr, address.ip.mapped().data(), sizeof(v6.sin6_addr));
  std::memcpy(&kernel.storage, &v6, sizeof(v6));
  kernel.length = sizeof(v6);
}

std::optional<SocketAddress> from_kernel(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return SocketAddress{.ip = IpAddress::v4(ntohl(v4.sin_addr.s_addr)),
                         .port = ntohs(v4.sin_port)};
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return SocketAddress{.ip = IpAddress::v6(bytes), .port = ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

SocketAddress bound_address(int fd) {
  KernelAddress kernel;
  kernel.length = sizeof(kernel.storage);
  if (::getsockname(fd, kernel.pointer(), &kernel.length) != 0) {
    return {};
  }
  return from_kernel(*kernel.pointer()).value_or(SocketAddress{});
}

}  // namespace visavis::net
