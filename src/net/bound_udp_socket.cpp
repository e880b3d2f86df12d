#include "net/bound_udp_socket.hpp"

#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "net/socket_address.hpp"
#include "net/socket_option.hpp"

namespace visavis::net {
namespace {

enum class Port : std::uint8_t { kOwn, kShared };

/// The forcing variant goes over net.core.rmem_max, where we are allowed to.
void set_buffer(int fd, int forced, int plain, std::size_t bytes) {
  const int value = static_cast<int>(bytes);
  if (!set_option(fd, SOL_SOCKET, forced, value)) {
    static_cast<void>(set_option(fd, SOL_SOCKET, plain, value));
  }
}

std::unexpected<Error> open_error(const SocketAddress& at) {
  return std::unexpected(Error{fmt::format("cannot open UDP {}: {}", at.to_string(),
                                           std::generic_category().message(errno))});
}

std::expected<FileDescriptor, Error> bound_to(const SocketAddress& at, Port port,
                                              const UdpSocket::Options& options) {
  const int family = family_of(at.ip);
  FileDescriptor socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    return open_error(at);
  }
  const int fd = socket.value();
  const bool may_bind = port == Port::kOwn || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  const bool tells = family == AF_INET ? set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)
                                       : set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
                                             set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer_bytes);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_bytes);
  const KernelAddress address = to_kernel(at);
  if (!may_bind || !tells || ::bind(fd, address.pointer(), address.length) != 0) {
    return open_error(at);
  }
  return socket;
}

/// Chooses among the sockets of `fd`'s port, by the order in which they came to it.
bool give_reports_to_second(int fd) {
  constexpr std::uint16_t kLoadByte = BPF_LD | BPF_B | BPF_ABS;
  constexpr std::uint16_t kMask = BPF_ALU | BPF_AND | BPF_K;
  constexpr std::uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
  constexpr std::uint16_t kChoose = BPF_RET | BPF_K;
  // A datagram that ends before the byte that is read goes to the first.
  std::array<sock_filter, 11> steps{{
      {.code = kLoadByte, .jt = 0, .jf = 0, .k = 1},
      {.code = kEqual, .jt = 4, .jf = 0, .k = 205},  // Feedback (RFC 4585 §6.1) is looked at below.
      {.code = kEqual, .jt = 0, .jf = 7, .k = 201},  // A receiver report (RFC 3550 §12.1).
      {.code = kLoadByte, .jt = 0, .jf = 0, .k = 0},
      {.code = kMask, .jt = 0, .jf = 0, .k = 0xC0},
      {.code = kEqual, .jt = 3, .jf = 4, .k = 0x80},  // RTP's version.
      {.code = kLoadByte, .jt = 0, .jf = 0, .k = 0},
      {.code = kMask, .jt = 0, .jf = 0, .k = 0xDF},   // Padded or not.
      {.code = kEqual, .jt = 0, .jf = 1, .k = 0x8F},  // The same version, and format 15.
      {.code = kChoose, .jt = 0, .jf = 0, .k = 1},
      {.code = kChoose, .jt = 0, .jf = 0, .k = 0},
  }};
  const sock_fprog program{.len = steps.size(), .filter = steps.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0;
}

}  // namespace

std::expected<FileDescriptor, Error> bound_udp_socket(const SocketAddress& at,
                                                      const UdpSocket::Options& options) {
  return bound_to(at, Port::kOwn, options);
}

FileDescriptor reports_socket_beside(int first, const SocketAddress& local,
                                     const UdpSocket::Options& options) {
  // Not before `first` was bound: another server could have been on its port.
  if (!set_option(first, SOL_SOCKET, SO_REUSEPORT, 1)) {
    return {};
  }
  auto second = bound_to(local, Port::kShared, options);
  if (!second || !give_reports_to_second(first)) {
    static_cast<void>(set_option(first, SOL_SOCKET, SO_REUSEPORT, 0));
    return {};
  }
  return std::move(*second);
}

FileDescriptor sending_socket_beside(const SocketAddress& local,
                                     const UdpSocket::Options& options) {
  UdpSocket::Options narrow = options;
  narrow.receive_buffer_bytes = 0;  // A broadcast comes to every socket of the port, and lies here.
  auto third = bound_to(local, Port::kShared, narrow);
  return third ? std::move(*third) : FileDescriptor();
}

}  // namespace visavis::net
