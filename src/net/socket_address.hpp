#pragma once

#include <sys/socket.h>

#include <optional>

#include "base/address.hpp"

namespace visavis::net {

/// An address as the kernel wants it.
struct KernelAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] sockaddr* pointer() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* pointer() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

[[nodiscard]] KernelAddress to_kernel(const SocketAddress& address);
/// The same where it is to stay: no 128 bytes are cleared and copied for each message.
void write_kernel(const SocketAddress& address, KernelAddress& kernel);
/// Nothing for families that are not ours.
[[nodiscard]] std::optional<SocketAddress> from_kernel(const sockaddr& address);
/// AF_INET or AF_INET6.
[[nodiscard]] int family_of(const IpAddress& ip);
/// Where a bound socket really is; the given port 0 is the kernel's choice by now.
[[nodiscard]] SocketAddress bound_address(int fd);

}  // namespace visavis::net
