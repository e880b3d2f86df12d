#include "net/udp_receiver.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace visavis::net {
namespace {

/// Half a millisecond's worth of a busy worker; later ones wait for the next call.
constexpr std::size_t kPlainMessages = 64;
constexpr std::size_t kPlainBytes = 2048;
/// A run may fill an IP datagram's 64 kB: fewer, larger buffers.
constexpr std::size_t kRunMessages = 16;
constexpr std::size_t kRunBytes = 65'536;
constexpr std::size_t kRunSegments = 64;

template <class Value>
Value control_value(const cmsghdr& control) {
  Value value{};
  std::memcpy(&value, CMSG_DATA(&control), sizeof(value));
  return value;
}

IpAddress v6_from(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress::v6(bytes);
}

}  // namespace

UdpReceiver::UdpReceiver(const Setup& setup, UdpCounters& counters)
    : setup_(setup),
      counters_(counters),
      messages_(setup.runs ? kRunMessages : kPlainMessages),
      headers_(messages_.size()) {
  const std::size_t size = setup.runs ? kRunBytes : kPlainBytes;
  buffers_.resize(size * messages_.size());
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    messages_[i].bytes = {.iov_base = &buffers_[i * size], .iov_len = size};
  }
  datagrams_.reserve(setup.runs ? kRunMessages * kRunSegments : kPlainMessages);
  prepare(messages_.size());
}

void UdpReceiver::prepare(std::size_t used) {
  for (std::size_t i = 0; i < used; ++i) {
    Message& message = messages_[i];
    msghdr& header = headers_[i].msg_hdr;
    header = {};
    header.msg_name = message.from.pointer();
    header.msg_namelen = sizeof(message.from.storage);
    header.msg_iov = &message.bytes;
    header.msg_iovlen = 1;
    header.msg_control = message.control.data();
    header.msg_controllen = message.control.size();
  }
}

std::span<const Datagram> UdpReceiver::receive() {
  datagrams_.clear();
  const int count = ::recvmmsg(setup_.fd, headers_.data(), static_cast<unsigned>(headers_.size()),
                               MSG_DONTWAIT, nullptr);
  ring_was_full_ = std::cmp_equal(count, headers_.size());
  if (count <= 0) {
    return {};  // Nothing there, or an error of an earlier send: of no interest here.
  }
  const auto used = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < used; ++i) {
    take(headers_[i]);
  }
  prepare(used);
  return datagrams_;
}

void UdpReceiver::take(const mmsghdr& header) {
  const msghdr& message = header.msg_hdr;
  const auto remote = from_kernel(*static_cast<const sockaddr*>(message.msg_name));
  if ((message.msg_flags & MSG_TRUNC) != 0 || !remote) {
    ++counters_.received_truncated;
    return;
  }
  Arrival arrival{.route = {.local = setup_.bound, .remote = *remote},
                  .bytes = {static_cast<std::byte*>(message.msg_iov->iov_base), header.msg_len},
                  .segment = header.msg_len};
  read_control(message, arrival);
  split(arrival);
}

void UdpReceiver::read_control(msghdr header, Arrival& arrival) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      const auto info = control_value<in_pktinfo>(*at);
      arrival.route.local.ip = IpAddress::v4(ntohl(info.ipi_spec_dst.s_addr));
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      arrival.route.local.ip = v6_from(control_value<in6_pktinfo>(*at).ipi6_addr);
    } else if (at->cmsg_level == IPPROTO_UDP && at->cmsg_type == UDP_GRO) {
      arrival.segment = static_cast<std::size_t>(std::max(control_value<int>(*at), 1));
    }
  }
}

void UdpReceiver::split(const Arrival& arrival) {
  MutableBytes rest = arrival.bytes;
  while (!rest.empty()) {
    const MutableBytes datagram = rest.first(std::min(arrival.segment, rest.size()));
    datagrams_.push_back({arrival.route, datagram});
    rest = rest.subspan(datagram.size());
    ++counters_.received_datagrams;
    counters_.received_bytes += datagram.size();
  }
}

}  // namespace visavis::net
