#include "net/udp_socket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"
#include "net/socket_option.hpp"
#include "net/udp_receiver.hpp"
#include "net/udp_sender.hpp"

namespace visavis::net {
namespace {

/// The forcing variant goes over net.core.rmem_max, where we are allowed to.
void set_buffer(int fd, int forced, int plain, std::size_t bytes) {
  const int value = static_cast<int>(bytes);
  if (!set_option(fd, SOL_SOCKET, forced, value)) {
    static_cast<void>(set_option(fd, SOL_SOCKET, plain, value));
  }
}

bool knows_segments(int fd) {
  int value = 0;
  socklen_t length = sizeof(value);
  return ::getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0;
}

std::unexpected<Error> open_error(const SocketAddress& at) {
  return std::unexpected(Error{fmt::format("cannot open UDP {}: {}", at.to_string(),
                                           std::generic_category().message(errno))});
}

std::expected<FileDescriptor, Error> bound_socket(const SocketAddress& at,
                                                  const UdpSocket::Options& options) {
  const int family = family_of(at.ip);
  FileDescriptor socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    return open_error(at);
  }
  const int fd = socket.value();
  const bool ready = family == AF_INET ? set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)
                                       : set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
                                             set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer_bytes);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_bytes);
  const KernelAddress address = to_kernel(at);
  if (!ready || ::bind(fd, address.pointer(), address.length) != 0) {
    return open_error(at);
  }
  return socket;
}

/// IPv4 alone: IPv6 numbers only fragments.
bool keep_unfragmented(int fd, const SocketAddress& local) {
  return local.ip.is_v4() && set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
}

}  // namespace

struct UdpSocket::Parts {
  Parts(FileDescriptor its_socket, const Options& options)
      : socket(std::move(its_socket)),
        local(bound_address(socket.value())),
        receive_offload(options.receive_offload &&
                        set_option(socket.value(), IPPROTO_UDP, UDP_GRO, 1)),
        send_offload(options.send_offload && knows_segments(socket.value())),
        receiver({.fd = socket.value(), .runs = receive_offload, .bound = local}, counters),
        sender({.fd = socket.value(),
                .segments = send_offload,
                .unfragmented = keep_unfragmented(socket.value(), local),
                .choose_source = local.ip.is_unspecified()},
               counters) {}

  FileDescriptor socket;
  SocketAddress local;
  bool receive_offload;
  bool send_offload;
  UdpCounters counters;
  UdpReceiver receiver;
  UdpSender sender;
};

std::expected<UdpSocket, Error> UdpSocket::open(const SocketAddress& at, const Options& options) {
  auto socket = bound_socket(at, options);
  if (!socket) {
    return std::unexpected(socket.error());
  }
  return UdpSocket(std::make_unique<Parts>(std::move(*socket), options));
}

UdpSocket::UdpSocket(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

int UdpSocket::fd() const {
  return parts_->socket.value();
}

const SocketAddress& UdpSocket::local() const {
  return parts_->local;
}

bool UdpSocket::serves(const SocketAddress& local) const {
  const SocketAddress& ours = parts_->local;
  if (local.port != ours.port || local.ip.is_v4() != ours.ip.is_v4()) {
    return false;
  }
  return ours.ip.is_unspecified() || local.ip == ours.ip;
}

std::span<const UdpSocket::Datagram> UdpSocket::receive() {
  return parts_->receiver.receive();
}

bool UdpSocket::may_have_more() const {
  return parts_->receiver.ring_was_full();
}

void UdpSocket::send(DatagramBatch& batch) {
  UdpSender& sender = parts_->sender;
  sender.begin_batch();
  std::span<const DatagramBatch::Cell> rest = batch.cells();
  while (!rest.empty()) {
    const Route& route = rest.front().route;
    if (!serves(route.local)) {
      rest = rest.subspan(1);
      continue;
    }
    const std::size_t length = sender.may_segment(route.remote.ip) ? run_length(rest) : 1;
    sender.add(batch, rest.first(length));
    rest = rest.subspan(length);
    if (sender.full()) {
      sender.flush();
    }
  }
  sender.flush();
}

const UdpCounters& UdpSocket::counters() const {
  return parts_->counters;
}

bool UdpSocket::receive_offload() const {
  return parts_->receive_offload;
}

bool UdpSocket::send_offload() const {
  return parts_->send_offload;
}

}  // namespace visavis::net
