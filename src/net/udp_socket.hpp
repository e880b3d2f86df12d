#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/datagram.hpp"
#include "base/datagram_batch.hpp"
#include "base/error.hpp"
#include "base/route.hpp"

namespace visavis::net {

/// Counted by one socket since it was opened.
struct UdpCounters {
  std::uint64_t received_datagrams = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t received_truncated = 0;  ///< Larger than a receive buffer, or without an address.
  std::uint64_t sent_datagrams = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent_messages = 0;        ///< What the kernel was asked for: a GSO run is one.
  std::uint64_t dropped_buffer_full = 0;  ///< Datagrams: the kernel's send buffer had no room.
  std::array<std::uint64_t, kSendPriorityCount> dropped_by_priority{};  ///< The same, each kind.
  std::uint64_t dropped_unreachable =
      0;  ///< Datagrams: no route, refused by a firewall, too large even in fragments.
  std::uint64_t segmentation_refused = 0;  ///< Runs that went out again as plain messages.
};

/// One UDP port of one address family: unconnected, non-blocking, one system call for many
/// datagrams both ways (`recvmmsg` with UDP_GRO, `sendmmsg` with UDP_SEGMENT).
///
/// Knows for each datagram which of our addresses it came to, and answers from that one
/// (RFC 8445 §7.3), also when bound to a wildcard address.
///
/// IPv4 datagrams say "do not fragment", so the kernel learns each path's MTU and need not number
/// them (RFC 6864 §4.1); one that is too large for its path is sent again in fragments.
class UdpSocket {
 public:
  struct Options {
    /// Asked from the kernel, which may give less. 4 MB: 30 ms of 1 Gbit/s, a slow turn's worth.
    std::size_t receive_buffer_bytes = std::size_t{4} << 20U;
    std::size_t send_buffer_bytes = std::size_t{4} << 20U;
    /// Off: as on a kernel that has neither (4.18, 5.0). On: probed, and used where there.
    bool receive_offload = true;
    bool send_offload = true;
    /// Give reports a way in of their own, where the kernel can (`reports_fd()`).
    bool split_reports = false;
  };

  [[nodiscard]] static std::expected<UdpSocket, Error> open(const SocketAddress& at,
                                                            const Options& options);
  [[nodiscard]] static std::expected<UdpSocket, Error> open(const SocketAddress& at) {
    return open(at, Options{});
  }
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  [[nodiscard]] int fd() const;
  /// The bound address with its real port; the IP is unspecified for a wildcard socket.
  [[nodiscard]] const SocketAddress& local() const;
  /// Whether a datagram whose route starts at `local` leaves by this socket.
  [[nodiscard]] bool serves(const SocketAddress& local) const;

  /// What has arrived, at most one ring of buffers; empty when nothing waits. The caller may change
  /// the bytes; they are good until the next call.
  [[nodiscard]] std::span<const Datagram> receive();
  /// Whether the last `receive()` filled its ring: only then another call is worth its price.
  [[nodiscard]] bool may_have_more() const;

  /// Readable when RTCP has arrived that tells and does not ask: receiver reports, and
  /// transport-wide feedback. Viewers' are many and can wait for some milliseconds; media, what
  /// asks (NACK, PLI), and a sender's report, whose arrival is a measurement, can not. `receive()`
  /// does not give them then. Negative: it does.
  [[nodiscard]] int reports_fd() const;
  /// As `receive()`, of these.
  [[nodiscard]] std::span<const Datagram> receive_reports();
  [[nodiscard]] bool may_have_more_reports() const;

  /// Sends the cells of `batch` that this socket serves, in order; one of audio or control may go
  /// behind the picture that follows it. When the kernel's buffer is
  /// full, what matters least is left out first, then the next kind, audio and control last; all of
  /// it is counted. Media is never sent late.
  void send(DatagramBatch& batch);

  [[nodiscard]] const UdpCounters& counters() const;
  /// What probing found, for the log.
  [[nodiscard]] bool receive_offload() const;
  [[nodiscard]] bool send_offload() const;

 private:
  struct Parts;
  explicit UdpSocket(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace visavis::net
