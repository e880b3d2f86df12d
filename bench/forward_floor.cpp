// The least that forwarding can cost on this machine: receive, open once, and for each subscriber
// rewrite the header, seal with its key and send. No tables, no log, no protocol. What the server
// costs is told as a ratio to this, taken in the same minutes.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "floor_setup.hpp"
#include "live_receiver.hpp"
#include "srtp/opener.hpp"
#include "srtp/seal_batch.hpp"
#include "srtp/sealer.hpp"
#include "swallowing_device.hpp"

namespace visavis::bench {
namespace {

constexpr std::size_t kCellBytes = 1300;
constexpr std::size_t kMessagesMax = 64;
constexpr std::size_t kBatchPackets = 128;  ///< Fits a core's second-level cache.
constexpr int kBurstsPerRound = 20;

/// µs per forwarded packet into a swallowing device, with ipsec-mb, on the class of machine that
/// the goals were written for; and what of it sending alone takes.
struct Reference {
  std::size_t burst;
  double gcm, cm, sending;
};
constexpr std::array kReferences{Reference{1, 0.99, 1.21, 0.8}, Reference{2, 0.585, 0.80, 0.42},
                                 Reference{5, 0.32, 0.54, 0.174},
                                 Reference{10, 0.235, 0.46, 0.095}};

double thread_cpu_us() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

sockaddr_in address(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(ip);
  return at;
}

/// A UDP socket on a port of the kernel's choice.
class Socket {
 public:
  explicit Socket(std::uint32_t ip) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    check(fd_ >= 0);
    constexpr int kBufferBytes = 64 << 20;
    if (setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof(kBufferBytes)) != 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof(kBufferBytes));
    }
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof(kBufferBytes));
    // As the server's socket: datagrams that are never fragmented need no number.
    constexpr int kWhole = IP_PMTUDISC_DO;
    setsockopt(fd_, IPPROTO_IP, IP_MTU_DISCOVER, &kWhole, sizeof(kWhole));
    sockaddr_in at = address(ip, 0);
    check(bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0);
    socklen_t size = sizeof(at);
    check(getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(fd_); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  void drain() const {
    std::array<std::byte, 64> start{};
    while (recv(fd_, start.data(), start.size(), MSG_DONTWAIT | MSG_TRUNC) > 0) {
    }
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// Messages for one sendmmsg(2), each a run of datagrams of one size.
class Messages {
 public:
  explicit Messages(int fd) : fd_(fd) {}

  [[nodiscard]] bool full() const { return count_ == kMessagesMax; }

  void add(sockaddr_in& to, MutableBytes run, std::size_t segment) {
    bytes_[count_] = {run.data(), run.size()};
    msghdr& header = headers_[count_].msg_hdr;
    header = {};
    header.msg_name = &to;
    header.msg_namelen = sizeof(to);
    header.msg_iov = &bytes_[count_];
    header.msg_iovlen = 1;
    if (run.size() > segment) {
      set_segment(header, control_[count_], static_cast<std::uint16_t>(segment));
    }
    ++count_;
  }

  void send() {
    for (std::size_t done = 0; done < count_;) {
      const int sent =
          sendmmsg(fd_, &headers_[done], static_cast<unsigned>(count_ - done), MSG_NOSIGNAL);
      check(sent > 0 || errno == ENOBUFS || errno == EAGAIN);
      done += sent > 0 ? static_cast<std::size_t>(sent) : 1;
    }
    count_ = 0;
  }

 private:
  using Control = std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))>;

  static void set_segment(msghdr& header, Control& control, std::uint16_t segment) {
    cmsghdr head{};
    head.cmsg_len = CMSG_LEN(sizeof(segment));
    head.cmsg_level = IPPROTO_UDP;
    head.cmsg_type = UDP_SEGMENT;
    std::memcpy(control.data(), &head, sizeof(head));
    std::memcpy(control.data() + CMSG_LEN(0), &segment, sizeof(segment));
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }

  int fd_;
  std::size_t count_ = 0;
  std::array<mmsghdr, kMessagesMax> headers_{};
  std::array<iovec, kMessagesMax> bytes_{};
  alignas(cmsghdr) std::array<Control, kMessagesMax> control_{};
};

Buffer key_bytes(std::size_t size, std::size_t seed) {
  Buffer key(size);
  for (std::size_t at = 0; at < size; ++at) {
    key[at] = static_cast<std::byte>((seed * 31) + (at * 7) + (seed >> 8U));
  }
  return key;
}

struct Subscriber {
  srtp::Sealer sealer;
  sockaddr_in at;
};

/// One profile's publisher, forwarder and subscribers.
class Forwarder {
 public:
  Forwarder(const FloorSetup& setup, srtp::Profile profile)
      : setup_(setup),
        cipher_(srtp::make_cipher(setup.cipher)),
        seals_(*cipher_),
        publisher_(profile, key_bytes(srtp::kKeyBytes, 0), key_bytes(srtp::salt_bytes(profile), 0),
                   *cipher_),
        opener_(profile, key_bytes(srtp::kKeyBytes, 0), key_bytes(srtp::salt_bytes(profile), 0),
                *cipher_) {
    if (setup.receiver_core) {
      add_receiver(profile, *setup.receiver_core);
    }
    for (std::size_t index = 1; index <= setup.subscribers; ++index) {
      subscribers_.push_back(
          {.sealer = srtp::Sealer(profile, key_bytes(srtp::kKeyBytes, index),
                                  key_bytes(srtp::salt_bytes(profile), index), *cipher_),
           .at = address_of(static_cast<std::uint32_t>(index))});
    }
  }

  /// µs of CPU per forwarded packet, of this thread, system calls included.
  double round(std::size_t burst) {
    double spent = 0;
    for (int index = 0; index < kBurstsPerRound; ++index) {
      spent += forward_burst({.packets = burst, .bytes = setup_.packet_bytes});
      if (setup_.between_bytes > 0) {
        forward_burst({.packets = setup_.between_burst, .bytes = setup_.between_bytes});
      }
    }
    return spent / static_cast<double>(kBurstsPerRound) /
           static_cast<double>(burst * subscribers_.size());
  }

  /// The same of sending alone: as many bytes in the same messages, written and sealed by nobody.
  double sending_round(std::size_t burst) {
    double spent = 0;
    for (int index = 0; index < kBurstsPerRound; ++index) {
      const double begin = thread_cpu_us();
      forward({.packets = burst, .bytes = setup_.packet_bytes, .sealed = false});
      spent += thread_cpu_us() - begin;
    }
    return spent / static_cast<double>(kBurstsPerRound) /
           static_cast<double>(burst * subscribers_.size());
  }

 private:
  struct Burst {
    std::size_t packets;
    std::size_t bytes;  ///< Of each, before sealing.
    bool sealed = true;
  };

  /// µs of CPU.
  double forward_burst(const Burst& burst) {
    std::this_thread::sleep_for(std::chrono::microseconds(setup_.pause_us));
    publish(burst);
    const double begin = thread_cpu_us();
    receive(burst);
    forward(burst);
    const double spent = thread_cpu_us() - begin;
    sent_ += burst.packets * subscribers_.size();
    if (receiver_) {
      check(receiver_->wait_for(sent_));
    } else {
      sink_.drain();
    }
    return spent;
  }

  void add_receiver(srtp::Profile profile, std::size_t core) {
    auto cipher = srtp::make_cipher(setup_.cipher);
    std::vector<srtp::Opener> openers;
    for (std::size_t index = 0; index <= setup_.subscribers; ++index) {
      openers.emplace_back(profile, key_bytes(srtp::kKeyBytes, index),
                           key_bytes(srtp::salt_bytes(profile), index), *cipher);
    }
    receiver_ = std::make_unique<LiveReceiver>(
        LiveReceiver::Reading{.core = core,
                              .tick = std::chrono::microseconds(setup_.receiver_tick_us)},
        std::move(cipher), std::move(openers));
  }

  [[nodiscard]] sockaddr_in address_of(std::uint32_t subscriber) const {
    if (receiver_) {
      return address(LiveReceiver::kFirstAddress + subscriber, receiver_->port());
    }
    return setup_.loopback ? address(0x7F000001, sink_.port())
                           : address(0x0A630100 + subscriber, 40'000);
  }

  void publish(const Burst& burst) {
    const sockaddr_in to = address(0x7F000001, socket_.port());
    for (std::size_t index = 0; index < burst.packets; ++index) {
      write_header(packet_, sequence_++, 1);
      const std::size_t size = publisher_.seal_rtp(packet_, burst.bytes);
      check(sendto(outside_.fd(), packet_.data(), size, 0, reinterpret_cast<const sockaddr*>(&to),
                   sizeof(to)) == static_cast<ssize_t>(size));
    }
  }

  void receive(const Burst& burst) {
    for (std::size_t index = 0; index < burst.packets; ++index) {
      parts_[index] = {received_[index].data(), kCellBytes};
      incoming_[index].msg_hdr = {};
      incoming_[index].msg_hdr.msg_iov = &parts_[index];
      incoming_[index].msg_hdr.msg_iovlen = 1;
    }
    const int count =
        recvmmsg(socket_.fd(), incoming_.data(), static_cast<unsigned>(burst.packets), 0, nullptr);
    check(count == static_cast<int>(burst.packets));
    for (std::size_t index = 0; index < burst.packets; ++index) {
      const MutableBytes datagram = MutableBytes(received_[index]).first(incoming_[index].msg_len);
      const auto opened = opener_.open_rtp(datagram);
      check(opened && opened->size() == burst.bytes);
    }
  }

  void forward(const Burst& burst) {
    const auto sequence = static_cast<std::uint16_t>(sequence_ - burst.packets);
    std::size_t used = 0;
    for (Subscriber& subscriber : subscribers_) {
      const std::size_t begin = used;
      for (std::size_t index = 0; index < burst.packets; ++index) {
        if (!burst.sealed) {
          used += burst.bytes + subscriber.sealer.overhead_rtp();
          continue;
        }
        const MutableBytes cell = MutableBytes(cells_).subspan(used, kCellBytes);
        write_header(cell, static_cast<std::uint16_t>(sequence + index), 2);
        used += seals_.add(
            {.sealer = &subscriber.sealer,
             .cell = cell,
             .size = burst.bytes,
             .payload = Bytes(received_[index]).subspan(kHeaderBytes, burst.bytes - kHeaderBytes)});
      }
      messages_.add(subscriber.at, MutableBytes(cells_).subspan(begin, used - begin),
                    (used - begin) / burst.packets);
      if (messages_.full() || used + burst.packets * kCellBytes > cells_.size()) {
        send();
        used = 0;
      }
    }
    send();
  }

  void send() {
    seals_.flush();
    messages_.send();
  }

  static void write_header(MutableBytes packet, std::uint16_t sequence, std::uint32_t ssrc) {
    ByteWriter writer(packet);
    writer.u16(0x8060);
    writer.u16(sequence);
    writer.u32(90'000);
    writer.u32(ssrc);
  }

  FloorSetup setup_;
  std::unique_ptr<srtp::Cipher> cipher_;
  srtp::SealBatch seals_;
  srtp::Sealer publisher_;
  srtp::Opener opener_;
  Socket outside_{0x7F000001};
  Socket sink_{0x7F000001};
  /// Into loopback from the server's address; into a device from the one that belongs to it.
  Socket socket_{setup_.loopback || setup_.receiver_core ? 0x7F000001 : 0U};
  Messages messages_{socket_.fd()};
  std::unique_ptr<LiveReceiver> receiver_;
  std::uint64_t sent_ = 0;
  std::vector<Subscriber> subscribers_;
  std::uint16_t sequence_ = 0;
  Buffer packet_ = Buffer(kCellBytes, std::byte{0x5A});
  Buffer cells_ = Buffer(kBatchPackets * kCellBytes);
  std::vector<Buffer> received_{kBurstMax, Buffer(kCellBytes)};
  std::array<mmsghdr, kBurstMax> incoming_{};
  std::array<iovec, kBurstMax> parts_{};
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// One profile with one burst size.
struct Case {
  srtp::Profile profile;
  std::size_t burst;
  std::vector<double> rounds;   ///< µs per packet.
  std::vector<double> sending;  ///< Of them, of sending alone; only into a device.

  [[nodiscard]] std::optional<Reference> reference() const {
    const auto* const known = std::ranges::find(kReferences, burst, &Reference::burst);
    return known == kReferences.end() ? std::nullopt : std::optional(*known);
  }
  [[nodiscard]] std::optional<double> table() const {
    return reference().transform(
        [this](const Reference& known) { return is_gcm() ? known.gcm : known.cm; });
  }
  /// How much dearer sending alone is here than on the class of machine of the table.
  [[nodiscard]] std::optional<double> sending_ratio() const {
    if (sending.empty() || !reference()) {
      return std::nullopt;
    }
    return median(sending) / reference()->sending;
  }
  /// Beside the table with what sending alone costs here in place of what it costs there.
  [[nodiscard]] std::optional<double> ratio_here() const {
    if (sending.empty() || !reference()) {
      return std::nullopt;
    }
    return median(rounds) / (*table() - reference()->sending + median(sending));
  }
  [[nodiscard]] bool is_gcm() const { return profile == srtp::Profile::kAeadAes128Gcm; }
};

// Interleaved, so that all cases share the machine's good and bad minutes.
std::vector<Case> measure(const FloorSetup& setup) {
  std::vector<std::unique_ptr<Forwarder>> forwarders;
  for (const srtp::Profile profile : setup.profiles) {
    forwarders.push_back(std::make_unique<Forwarder>(setup, profile));
  }
  std::vector<Case> cases;
  for (int round = -1; round < setup.rounds; ++round) {  // The first warms up.
    std::size_t at = 0;
    for (std::size_t profile = 0; profile < setup.profiles.size(); ++profile) {
      for (const std::size_t burst : setup.bursts) {
        const double cost = forwarders[profile]->round(burst);
        const bool into_device = !setup.loopback && !setup.receiver_core;
        const double sending = into_device ? forwarders[profile]->sending_round(burst) : 0;
        if (round < 0) {
          cases.push_back(
              {.profile = setup.profiles[profile], .burst = burst, .rounds = {}, .sending = {}});
          continue;
        }
        Case& one = cases[at++];
        one.rounds.push_back(cost);
        if (into_device) {
          one.sending.push_back(sending);
        }
      }
    }
  }
  return cases;
}

const char* path_of(const FloorSetup& setup) {
  if (setup.receiver_core) {
    return "live receiver that reads by ticks";
  }
  return setup.loopback ? "loopback" : "device";
}

void print(const FloorSetup& setup, const std::vector<Case>& cases) {
  fmt::print("{} subscribers, {} B packets, {}, into {}; medians of {} rounds\n", setup.subscribers,
             setup.packet_bytes, srtp::make_cipher(setup.cipher)->name(), path_of(setup),
             setup.rounds);
  fmt::print("µs of CPU per forwarded packet; table: the same into a swallowing device\n");
  fmt::print("profile  burst    cost  table  ratio  sending  ratio   here\n");
  for (const Case& one : cases) {
    const double cost = median(one.rounds);
    fmt::print("{:<7}  {:>5}  {:>6.3f}", one.is_gcm() ? "gcm" : "cm", one.burst, cost);
    if (const auto table = one.table()) {
      fmt::print(" {:>6.3f} {:>6.2f}", *table, cost / *table);
    }
    if (const auto sending = one.sending_ratio()) {
      fmt::print("  {:>7.3f} {:>6.2f} {:>6.2f}", median(one.sending), *sending, *one.ratio_here());
    }
    fmt::print("\n");
  }
}

std::string json(const std::optional<double>& number) {
  return number ? fmt::format("{:.3f}", *number) : "null";
}

/// For scripts: one object.
void print_json(const FloorSetup& setup, const std::vector<Case>& cases) {
  fmt::print(
      R"({{"cipher":"{}","path":"{}","subscribers":{},"packetBytes":{},"rounds":{},"cases":[)",
      srtp::make_cipher(setup.cipher)->name(), path_of(setup), setup.subscribers,
      setup.packet_bytes, setup.rounds);
  for (std::size_t at = 0; at < cases.size(); ++at) {
    const double cost = median(cases[at].rounds);
    const auto table = cases[at].table();
    fmt::print(
        R"({}{{"profile":"{}","burst":{},"us":{:.4f},"table":{},"ratio":{},"sendingRatio":{},"ratioHere":{}}})",
        at == 0 ? "" : ",", cases[at].is_gcm() ? "gcm" : "cm", cases[at].burst, cost, json(table),
        json(table.transform([&](double known) { return cost / known; })),
        json(cases[at].sending_ratio()), json(cases[at].ratio_here()));
  }
  fmt::print("]}}\n");
}

int run(const FloorSetup& setup) {
  if (srtp::make_cipher(setup.cipher) == nullptr) {
    fmt::print(stderr, "this build or processor has no such cipher\n");
    return 1;
  }
  std::optional<SwallowingDevice> device;
  if (!setup.loopback && !setup.receiver_core) {
    device.emplace();
    if (!device->ready()) {
      fmt::print(stderr, "no TUN device in a network of our own ({}): run as root, or --loopback\n",
                 std::strerror(errno));
      return 1;
    }
    fmt::print(stderr, "the device takes {}\n",
               device->takes_runs() ? "whole runs" : "single datagrams");
  }
  const std::vector<Case> cases = measure(setup);
  setup.json ? print_json(setup, cases) : print(setup, cases);
  return 0;
}

}  // namespace
}  // namespace visavis::bench

int main(int argc, char** argv) {
  int status = 0;
  const auto setup = visavis::bench::parse_floor_setup(argc, argv, status);
  return setup ? visavis::bench::run(*setup) : status;
}
