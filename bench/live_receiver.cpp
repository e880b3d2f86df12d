#include "live_receiver.hpp"

#include <sched.h>

#include <chrono>
#include <utility>

#include "base/check.hpp"

namespace visavis::bench {
namespace {

constexpr std::size_t kSocketBytes = std::size_t{64} << 20U;

net::UdpSocket open_socket() {
  auto socket =
      net::UdpSocket::open({.ip = IpAddress(), .port = 0}, {.receive_buffer_bytes = kSocketBytes});
  check(socket.has_value());
  return std::move(*socket);
}

void move_to(std::size_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  check(sched_setaffinity(0, sizeof(cores), &cores) == 0);
}

}  // namespace

LiveReceiver::LiveReceiver(const Reading& reading, std::unique_ptr<srtp::Cipher> cipher,
                           std::vector<srtp::Opener> openers)
    : socket_(open_socket()),
      cipher_(std::move(cipher)),
      openers_(std::move(openers)),
      thread_([this, reading] { run(reading); }) {}

LiveReceiver::~LiveReceiver() {
  stopping_ = true;
}

bool LiveReceiver::wait_for(std::uint64_t packets) const {
  constexpr auto kLook = std::chrono::microseconds(100);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (opened_ < packets && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kLook);
  }
  return opened_ == packets;
}

void LiveReceiver::run(const Reading& reading) {
  move_to(reading.core);
  for (auto at = std::chrono::steady_clock::now(); !stopping_; at += reading.tick) {
    std::this_thread::sleep_until(at);
    read_all();
  }
}

void LiveReceiver::read_all() {
  for (auto datagrams = socket_.receive(); !datagrams.empty(); datagrams = socket_.receive()) {
    for (const Datagram& datagram : datagrams) {
      take(datagram);
    }
  }
}

void LiveReceiver::take(const Datagram& datagram) {
  const std::size_t index = datagram.route.local.ip.v4_host_order() - kFirstAddress;
  if (index < openers_.size() && openers_[index].open_rtp(datagram.bytes)) {
    ++opened_;
  }
}

}  // namespace visavis::bench
