// The least that a heartbeat can cost on this machine: as many idle connections as the scenario
// `heartbeat` has, as many pings a batch, and nothing of ours but epoll_wait, send and recv. What a
// server costs beyond that is its own (docs/benchmarks.md).

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "net/descriptor_limit.hpp"
#include "net/file_descriptor.hpp"

namespace visavis::bench {
namespace {

constexpr std::size_t kConnections = 8000;
constexpr std::size_t kPingsPerBatch = 500;
constexpr auto kBatchInterval = std::chrono::milliseconds(500);
constexpr auto kDuration = std::chrono::seconds(16);  // each connection is pinged twice
constexpr std::array kPing = {'\x81', '\x01', '2'};
constexpr std::array kPong = {'\x8A', '\x81', '1', '2', '3', '4', '3'};
constexpr int kEventsMax = 256;

using Clock = std::chrono::steady_clock;
using Sockets = std::vector<net::FileDescriptor>;

void run_on_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  check(::pthread_setaffinity_np(::pthread_self(), sizeof(cores), &cores) == 0);
}

double cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (static_cast<double>(time.tv_sec) * 1e6) + (static_cast<double>(time.tv_nsec) / 1e3);
}

net::FileDescriptor make_socket() {
  net::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(socket.is_open());
  return socket;
}

/// Both ends of each connection.
std::pair<Sockets, Sockets> connect_all() {
  const net::FileDescriptor listener = make_socket();
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  auto* const address = reinterpret_cast<sockaddr*>(&at);
  check(::bind(listener.value(), address, size) == 0 && ::listen(listener.value(), 8) == 0 &&
        ::getsockname(listener.value(), address, &size) == 0);
  std::pair<Sockets, Sockets> ends;
  for (std::size_t i = 0; i < kConnections; ++i) {
    ends.first.push_back(make_socket());
    check(::connect(ends.first.back().value(), address, size) == 0);
    ends.second.emplace_back(::accept4(listener.value(), nullptr, nullptr, SOCK_CLOEXEC));
    for (const Sockets* const end : {&ends.first, &ends.second}) {
      const int on = 1;
      check(::setsockopt(end->back().value(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    }
  }
  return ends;
}

net::FileDescriptor watch_all(const Sockets& sockets) {
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (const net::FileDescriptor& socket : sockets) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket.value()}};
    check(::epoll_ctl(epoll.value(), EPOLL_CTL_ADD, socket.value(), &event) == 0);
  }
  return epoll;
}

/// Reads what has come within `wait`, and calls `then` for each socket that had something.
template <class Then>
void read_ready(const net::FileDescriptor& epoll, std::chrono::milliseconds wait,
                const Then& then) {
  std::array<epoll_event, kEventsMax> events{};
  std::array<char, 64> scratch{};
  const int count =
      ::epoll_wait(epoll.value(), events.data(), kEventsMax, static_cast<int>(wait.count()));
  for (int i = 0; i < count; ++i) {
    const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
    check(::recv(fd, scratch.data(), scratch.size(), 0) > 0);
    then(fd);
  }
}

void answer_pings(const Sockets& sockets, const std::atomic<bool>& over) {
  run_on_core(1);
  const net::FileDescriptor epoll = watch_all(sockets);
  while (!over) {
    read_ready(epoll, std::chrono::milliseconds(100),
               [](int fd) { check(::send(fd, kPong.data(), kPong.size(), MSG_NOSIGNAL) > 0); });
  }
}

/// µs of CPU for a ping and its pong.
double cost_of_pings(const Sockets& sockets) {
  run_on_core(0);
  const net::FileDescriptor epoll = watch_all(sockets);
  std::size_t pongs = 0;
  std::size_t next = 0;
  const double before = cpu_us();
  auto due = Clock::now();
  for (const auto end = due + kDuration; Clock::now() < end;) {
    if (Clock::now() >= due) {
      for (std::size_t i = 0; i < kPingsPerBatch; ++i) {
        check(::send(sockets[next++ % kConnections].value(), kPing.data(), kPing.size(),
                     MSG_NOSIGNAL) > 0);
      }
      due += kBatchInterval;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
    read_ready(epoll, std::max(left, std::chrono::milliseconds(0)), [&pongs](int) { ++pongs; });
  }
  return (cpu_us() - before) / static_cast<double>(pongs);
}

}  // namespace
}  // namespace visavis::bench

int main() {
  using namespace visavis;
  net::raise_descriptor_limit();
  const auto ends = bench::connect_all();
  std::atomic<bool> over = false;
  std::thread clients([&] { bench::answer_pings(ends.first, over); });
  const double cost = bench::cost_of_pings(ends.second);
  over = true;
  clients.join();
  fmt::print("heartbeat_floor: {:.2f} us of CPU for a ping and its pong\n", cost);
  return 0;
}
