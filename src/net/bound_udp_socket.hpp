#pragma once

#include <expected>

#include "base/address.hpp"
#include "base/error.hpp"
#include "net/file_descriptor.hpp"
#include "net/udp_socket.hpp"

namespace visavis::net {

/// A socket on `at`, which nobody else may have; it says for each datagram where it came to.
[[nodiscard]] std::expected<FileDescriptor, Error> bound_udp_socket(
    const SocketAddress& at, const UdpSocket::Options& options);

/// A second socket on the port of `first`, bound to `local`, which from now on gets the RTCP that
/// begins with a receiver report or with transport-wide feedback (format 15 of RFC 4585 §6.2), as
/// its first two bytes tell; `first` keeps the rest. None where the kernel can not (before 4.5):
/// then `first` gets all.
[[nodiscard]] FileDescriptor reports_socket_beside(int first, const SocketAddress& local,
                                                   const UdpSocket::Options& options);

/// A third socket on that port, to send by: `first` and its second get all that comes. Nobody waits
/// for it, so the kernel has nobody to tell of each datagram that has left. None where the kernel
/// can not.
[[nodiscard]] FileDescriptor sending_socket_beside(const SocketAddress& local,
                                                   const UdpSocket::Options& options);

}  // namespace visavis::net
