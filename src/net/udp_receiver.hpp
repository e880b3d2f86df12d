#pragma once

#include <sys/socket.h>

#include <array>
#include <span>
#include <vector>

#include "net/socket_address.hpp"
#include "net/udp_socket.hpp"

namespace visavis::net {

/// A ring of buffers that one `recvmmsg` fills; with UDP_GRO a buffer holds a run of datagrams.
class UdpReceiver {
 public:
  struct Setup {
    int fd = -1;
    bool runs = false;    ///< UDP_GRO is on.
    SocketAddress bound;  ///< The route's local end where the kernel names none.
  };

  UdpReceiver(const Setup& setup, UdpCounters& counters);

  [[nodiscard]] std::span<const Datagram> receive();
  [[nodiscard]] bool ring_was_full() const { return ring_was_full_; }

 private:
  struct Message {
    KernelAddress from;
    iovec bytes{};
    alignas(cmsghdr) std::array<std::byte, 128> control{};
  };
  struct Arrival {
    Route route;
    MutableBytes bytes;
    std::size_t segment = 0;  // All but the last have this size.
  };

  void prepare(std::size_t used);
  void take(const mmsghdr& header);
  static void read_control(msghdr header, Arrival& arrival);
  void split(const Arrival& arrival);

  Setup setup_;
  UdpCounters& counters_;
  Buffer buffers_;
  std::vector<Message> messages_;
  std::vector<mmsghdr> headers_;
  std::vector<Datagram> datagrams_;
  bool ring_was_full_ = false;
};

}  // namespace visavis::net
