#include "net/udp_sender.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.hpp"

namespace visavis::net {
namespace {

/// UDP_MAX_SEGMENTS before Linux 6.9.
constexpr std::size_t kSegmentsMax = 64;
/// What audio may ride behind: 15 ms of a link of 5 Mbit/s, and an ordinary frame.
constexpr std::size_t kRiddenMax = 8;
/// 65,535 less the IP and UDP headers, for both families.
constexpr std::size_t kRunBytesMax = 65'487;

bool buffer_is_full(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

/// What a path answers that cannot take segments: no checksum offload (EIO, EINVAL), a segment
/// above its MTU (EMSGSIZE, and EINVAL on older kernels).
bool segments_refused(int error) {
  return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
}

iovec piece_of(MutableBytes bytes) {
  return {.iov_base = bytes.data(), .iov_len = bytes.size()};
}

template <class Value>
void append_control(msghdr& header, std::span<std::byte> room, const Value& value, int level,
                    int type) {
  const std::size_t offset = header.msg_controllen;
  check(offset + CMSG_SPACE(sizeof(value)) <= room.size());
  cmsghdr control{};
  control.cmsg_len = CMSG_LEN(sizeof(value));
  control.cmsg_level = level;
  control.cmsg_type = type;
  std::byte* const at = room.subspan(offset).data();
  std::memcpy(at, &control, sizeof(control));
  std::memcpy(at + CMSG_LEN(0), &value, sizeof(value));
  header.msg_control = room.data();
  header.msg_controllen = offset + CMSG_SPACE(sizeof(value));
}

void append_source(msghdr& header, std::span<std::byte> room, const IpAddress& local) {
  if (local.is_v4()) {
    in_pktinfo source{};
    source.ipi_spec_dst.s_addr = htonl(local.v4_host_order());
    append_control(header, room, source, IPPROTO_IP, IP_PKTINFO);
    return;
  }
  in6_pktinfo source{};
  std::memcpy(&source.ipi6_addr, local.mapped().data(), sizeof(source.ipi6_addr));
  append_control(header, room, source, IPPROTO_IPV6, IPV6_PKTINFO);
}

}  // namespace

std::size_t run_length(std::span<const DatagramBatch::Cell> cells) {
  const std::size_t segment = cells.front().size;
  std::size_t bytes = segment;
  std::size_t length = 1;
  while (length < std::min(cells.size(), kSegmentsMax)) {
    const DatagramBatch::Cell& next = cells[length];
    if (next.size > segment || next.size == 0 || bytes + next.size > kRunBytesMax ||
        next.priority != cells.front().priority || next.route != cells.front().route) {
      break;
    }
    bytes += next.size;
    ++length;
    if (next.size < segment) {
      break;  // A shorter one ends the run.
    }
  }
  return length;
}

Run next_run(std::span<const DatagramBatch::Cell> cells) {
  const Run plain{.cells = cells.first(run_length(cells))};
  const DatagramBatch::Cell& first = cells.front();
  if (plain.cells.size() > 1 || cells.size() == 1 || first.size == 0 ||
      cells[1].size < first.size || first.priority < SendPriority::kAudio ||
      cells[1].priority >= first.priority || cells[1].route != first.route) {
    return plain;
  }
  const auto run = cells.subspan(1, run_length(cells.subspan(1)));
  if (run.size() > kRiddenMax || run.back().size != run.front().size) {
    return plain;
  }
  return {.cells = cells.first(1 + run.size()), .first_goes_last = true};
}

UdpSender::UdpSender(const Setup& setup, UdpCounters& counters)
    : setup_(setup), counters_(counters) {}

bool UdpSender::may_segment(const IpAddress& remote) const {
  return setup_.segments && (plain_paths_.empty() || !plain_paths_.contains(remote));
}

void UdpSender::begin_batch() {
  if (least_ != SendPriority::kUpperLayer) {
    least_ = static_cast<SendPriority>(static_cast<unsigned>(least_) - 1U);
  }
}

void UdpSender::add(DatagramBatch& batch, const Run& run) {
  check(!full());
  const auto& [cells, first_goes_last] = without_left_out(run);
  if (cells.empty()) {
    return;
  }
  const DatagramBatch::Cell& front = cells.front();
  const DatagramBatch::Cell& back = cells.back();
  Message& message = messages_[count_];
  write_kernel(front.route.remote, message.to);
  message.bytes = {batch.bytes(front).data(), back.offset + back.size - front.offset};
  message.cells = cells;
  msghdr& header = headers_[count_].msg_hdr;
  set_header(message, header);
  if (first_goes_last) {
    message.pieces = {piece_of(message.bytes.subspan(front.size)),
                      piece_of(message.bytes.first(front.size))};
    header.msg_iovlen = message.pieces.size();
  }
  if (cells.size() > 1) {
    const std::size_t segment = first_goes_last ? back.size : front.size;
    append_control(header, message.control, static_cast<std::uint16_t>(segment), IPPROTO_UDP,
                   UDP_SEGMENT);
  }
  ++count_;
}

Run UdpSender::without_left_out(const Run& run) {
  const auto& cells = run.cells;
  if (cells.front().priority < least_) {  // No other is of a greater one.
    count_full(cells);
    return {};
  }
  if (cells.back().priority < least_) {
    count_full(cells.subspan(1));
    return {.cells = cells.first(1)};
  }
  return run;
}

void UdpSender::set_header(Message& message, msghdr& header) const {
  header = {};
  header.msg_name = message.to.pointer();
  header.msg_namelen = message.to.length;
  message.pieces.front() = piece_of(message.bytes);
  header.msg_iov = message.pieces.data();
  header.msg_iovlen = 1;
  const IpAddress& local = message.cells.front().route.local.ip;
  if (setup_.choose_source && !local.is_unspecified()) {
    append_source(header, message.control, local);
  }
}

void UdpSender::flush() {
  std::size_t done = 0;
  while (done < count_) {
    const int sent = setup_.send_messages(setup_.fd, &headers_[done],
                                          static_cast<unsigned>(count_ - done), MSG_NOSIGNAL);
    if (sent < 0) {
      done += handle_failure(done, errno);
      continue;
    }
    for (int i = 0; i < sent; ++i) {
      count_sent(messages_[done++]);
    }
  }
  count_ = 0;
}

/// Deals with the first message that did not leave; returns how many are done with.
std::size_t UdpSender::handle_failure(std::size_t index, int error) {
  const Message& message = messages_[index];
  if (error == EINTR) {
    return 0;
  }
  if (buffer_is_full(error)) {
    if (leave_out_more(index)) {
      return 0;
    }
    count_full(message.cells);
    return 1;
  }
  if (error == EMSGSIZE && setup_.unfragmented && message.cells.size() == 1 &&
      send_one(headers_[index]) == 0) {
    count_sent(message);
    return 1;
  }
  if (message.cells.size() > 1 && segments_refused(error)) {
    ++counters_.segmentation_refused;
    if (plain_paths_.size() >= kPlainPathsMax) {
      plain_paths_.clear();
    }
    plain_paths_.insert(message.cells.front().route.remote.ip);
    if (!send_plain(message)) {
      leave_out_more(index + 1);
    }
    return 1;
  }
  counters_.dropped_unreachable += message.cells.size();
  return 1;
}

/// The buffer is full: one kind more is left out, of what waits here from `index` on and of the
/// batch's rest. False when only kinds are left that are not left out as a whole.
bool UdpSender::leave_out_more(std::size_t index) {
  if (least_ == SendPriority::kAudio) {
    return false;
  }
  least_ = static_cast<SendPriority>(static_cast<unsigned>(least_) + 1U);
  std::size_t kept = index;
  for (std::size_t at = index; at < count_; ++at) {
    if (shrink(at)) {
      move_message(at, kept++);
    }
  }
  count_ = kept;
  return true;
}

/// Takes what is left out off a message; false when that is all of it.
bool UdpSender::shrink(std::size_t index) {
  Message& message = messages_[index];
  const Run kept = without_left_out({.cells = message.cells});
  if (kept.cells.empty()) {
    return false;
  }
  if (kept.cells.size() < message.cells.size()) {
    message.cells = kept.cells;
    message.bytes = message.bytes.first(kept.cells.front().size);
    set_header(message, headers_[index].msg_hdr);
  }
  return true;
}

void UdpSender::move_message(std::size_t from, std::size_t to) {
  if (from == to) {
    return;
  }
  Message& message = messages_[to];
  message = messages_[from];
  msghdr& header = headers_[to].msg_hdr;
  header = headers_[from].msg_hdr;
  header.msg_name = message.to.pointer();
  header.msg_iov = message.pieces.data();
  header.msg_control = header.msg_controllen == 0 ? nullptr : message.control.data();
}

/// One message, in fragments where its path is narrower: a picture that comes late through such a
/// path is better than none. The errno of what went wrong, or 0.
int UdpSender::send_one(mmsghdr& header) const {
  const auto send = [&] {
    return setup_.send_messages(setup_.fd, &header, 1, MSG_NOSIGNAL) == 1 ? 0 : errno;
  };
  const int error = send();
  if (error != EMSGSIZE || !setup_.unfragmented) {
    return error;
  }
  const auto discover = [&](int how) {
    static_cast<void>(::setsockopt(setup_.fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how)));
  };
  discover(IP_PMTUDISC_WANT);
  const int second = send();
  discover(IP_PMTUDISC_DO);
  return second;
}

/// The cells of a run one by one; false when the kernel's buffer is full.
bool UdpSender::send_plain(const Message& run) {
  Message message = run;
  mmsghdr header{};
  MutableBytes rest = run.bytes;
  for (std::size_t i = 0; i < run.cells.size(); ++i) {
    message.bytes = rest.first(run.cells[i].size);
    rest = rest.subspan(message.bytes.size());
    set_header(message, header.msg_hdr);
    const int error = send_one(header);
    if (error == 0) {
      ++counters_.sent_messages;
      ++counters_.sent_datagrams;
      counters_.sent_bytes += message.bytes.size();
    } else if (buffer_is_full(error)) {
      count_full(run.cells.subspan(i));
      return false;
    } else {
      ++counters_.dropped_unreachable;
    }
  }
  return true;
}

void UdpSender::count_sent(const Message& message) {
  ++counters_.sent_messages;
  counters_.sent_datagrams += message.cells.size();
  counters_.sent_bytes += message.bytes.size();
}

void UdpSender::count_full(std::span<const DatagramBatch::Cell> cells) {
  counters_.dropped_buffer_full += cells.size();
  for (const DatagramBatch::Cell& cell : cells) {
    ++counters_.dropped_by_priority.at(static_cast<std::size_t>(cell.priority));
  }
}

}  // namespace visavis::net
