#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "base/datagram_batch.hpp"
#include "net/socket_address.hpp"
#include "net/udp_socket.hpp"

namespace visavis::net {

/// How many of the first `cells` can leave as one message with UDP_SEGMENT: one route, one
/// priority, one size, only the last may be shorter; at most 64 segments and what an IP datagram
/// holds (udp(7)).
[[nodiscard]] std::size_t run_length(std::span<const DatagramBatch::Cell> cells);

/// Datagrams that leave as one message: neighbours in a batch.
struct Run {
  std::span<const DatagramBatch::Cell> cells;
  /// The first goes behind the others.
  bool first_goes_last = false;
};

/// What of `cells` can leave first as one message. Beside what `run_length` tells: one datagram of
/// audio or control and the even, not too long run of a smaller priority behind it, to the same
/// route, that is no shorter; as audio and the packets of a picture. A stream is of one such kind,
/// or of the two below them: none changes its order.
[[nodiscard]] Run next_run(std::span<const DatagramBatch::Cell> cells);

/// Gives the datagrams of a batch to the kernel in as few calls and messages as it allows.
class UdpSender {
 public:
  struct Setup {
    int fd = -1;
    bool segments = false;  ///< UDP_SEGMENT is there.
    /// sendmmsg(2); a test puts in a kernel that refuses.
    int (*send_messages)(int, mmsghdr*, unsigned, int) = &::sendmmsg;
    /// Datagrams carry "do not fragment" (IP_PMTUDISC_DO), which spares the kernel numbering each.
    /// What a path is too narrow for goes again in fragments.
    bool unfragmented = false;
    bool choose_source = false;  ///< Bound to a wildcard: say which address a datagram leaves by.
  };

  UdpSender(const Setup& setup, UdpCounters& counters);

  /// One kind more is tried again than at the end of the batch before.
  void begin_batch();
  /// Appends the message for `run`, of `batch`. What is left out at present is dropped and counted.
  void add(DatagramBatch& batch, const Run& run);
  [[nodiscard]] bool full() const { return count_ == kMessagesMax; }
  void flush();

  /// Whether runs may leave as one message on this path.
  [[nodiscard]] bool may_segment(const IpAddress& remote) const;

 private:
  /// More per call gain nothing: the price is in the kernel's work per message.
  static constexpr std::size_t kMessagesMax = 64;
  /// Paths that take no segments; forgotten together when there are more, and learnt again.
  static constexpr std::size_t kPlainPathsMax = 4096;
  static constexpr std::size_t kControlBytes = CMSG_SPACE(32) + CMSG_SPACE(sizeof(std::uint16_t));

  struct Message {
    KernelAddress to;
    MutableBytes bytes;             ///< Of `cells`, in their order.
    std::array<iovec, 2> pieces{};  ///< The same in the order they leave.
    alignas(cmsghdr) std::array<std::byte, kControlBytes> control{};
    std::span<const DatagramBatch::Cell> cells;
  };

  /// `run` without what is left out at present, which is counted.
  [[nodiscard]] Run without_left_out(const Run& run);
  [[nodiscard]] bool shrink(std::size_t index);
  void set_header(Message& message, msghdr& header) const;
  [[nodiscard]] std::size_t handle_failure(std::size_t index, int error);
  bool leave_out_more(std::size_t index);
  void move_message(std::size_t from, std::size_t to);
  [[nodiscard]] bool send_plain(const Message& run);
  [[nodiscard]] int send_one(mmsghdr& header) const;
  void count_sent(const Message& message);
  void count_full(std::span<const DatagramBatch::Cell> cells);

  Setup setup_;
  UdpCounters& counters_;
  std::vector<Message> messages_{kMessagesMax};
  std::vector<mmsghdr> headers_{kMessagesMax};
  std::size_t count_ = 0;
  /// The least that is sent. Never above audio: from there on each message is tried by itself.
  SendPriority least_ = SendPriority::kUpperLayer;
  std::unordered_set<IpAddress> plain_paths_;
};

}  // namespace visavis::net
