#include "net/udp_socket.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "net/bound_udp_socket.hpp"
#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"
#include "net/socket_option.hpp"
#include "net/udp_receiver.hpp"
#include "net/udp_sender.hpp"

namespace visavis::net {
namespace {

bool knows_segments(int fd) {
  int value = 0;
  socklen_t length = sizeof(value);
  return ::getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0;
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
        reports(options.split_reports ? reports_socket_beside(socket.value(), local, options)
                                      : FileDescriptor()),
        sending(reports.is_open() ? sending_socket_beside(local, options) : FileDescriptor()),
        sender({.fd = sending_fd(),
                .segments = send_offload,
                .unfragmented = keep_unfragmented(sending_fd(), local),
                .choose_source = local.ip.is_unspecified()},
               counters) {
    if (sending.is_open() && receive_offload) {
      set_option(sending.value(), IPPROTO_UDP, UDP_GRO, 1);  // As on `reports`.
    }
    if (reports.is_open()) {
      reports_receiver = std::make_unique<UdpReceiver>(
          UdpReceiver::Setup{
              .fd = reports.value(),
              // All of a port or none: before it looks at a datagram, the kernel asks any of them.
              .runs = receive_offload && set_option(reports.value(), IPPROTO_UDP, UDP_GRO, 1),
              .bound = local},
          counters);
    }
  }

  [[nodiscard]] int sending_fd() const {
    return sending.is_open() ? sending.value() : socket.value();
  }

  FileDescriptor socket;
  SocketAddress local;
  bool receive_offload;
  bool send_offload;
  UdpCounters counters;
  UdpReceiver receiver;
  FileDescriptor reports;
  FileDescriptor sending;  ///< Or nothing: then `socket` sends.
  UdpSender sender;
  std::unique_ptr<UdpReceiver> reports_receiver;  ///< Of `reports`, if that is open.
};

std::expected<UdpSocket, Error> UdpSocket::open(const SocketAddress& at, const Options& options) {
  auto socket = bound_udp_socket(at, options);
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

std::span<const Datagram> UdpSocket::receive() {
  return parts_->receiver.receive();
}

bool UdpSocket::may_have_more() const {
  return parts_->receiver.ring_was_full();
}

int UdpSocket::reports_fd() const {
  return parts_->reports.value();
}

std::span<const Datagram> UdpSocket::receive_reports() {
  return parts_->reports_receiver ? parts_->reports_receiver->receive()
                                  : std::span<const Datagram>();
}

bool UdpSocket::may_have_more_reports() const {
  return parts_->reports_receiver != nullptr && parts_->reports_receiver->ring_was_full();
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
    // No look-up while every path takes runs.
    const Run run =
        sender.may_segment(route.remote.ip) ? next_run(rest) : Run{.cells = rest.first(1)};
    sender.add(batch, run);
    if (sender.full()) {
      sender.flush();
    }
    rest = rest.subspan(run.cells.size());
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
