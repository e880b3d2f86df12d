#include "socketio/loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace visavis::bench {
namespace {

constexpr std::size_t kEventsMax = 256;

sockaddr_in address(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(ip);
  at.sin_port = htons(port);
  return at;
}

void set(int fd, int level, int name) {
  const int on = 1;
  static_cast<void>(::setsockopt(fd, level, name, &on, sizeof(on)));
}

std::uint32_t next_source(std::size_t sources) {
  static std::size_t turn = 0;
  return 0x7F000101U + static_cast<std::uint32_t>(turn++ % sources);
}

}  // namespace

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Loop::~Loop() {
  ::close(epoll_);
}

void Loop::turn(int wait_ms) {
  std::array<epoll_event, kEventsMax> events{};
  const int count = ::epoll_wait(epoll_, events.data(), kEventsMax, wait_ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    static_cast<Link*>(event.data.ptr)->handle_ready(event.events);
  }
}

Link::Link(Loop& loop, const Target& target)
    : loop_(loop), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) {
    std::perror("socket");
    std::exit(1);
  }
  set(fd_, IPPROTO_TCP, TCP_NODELAY);
  set(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  const sockaddr_in from = address(next_source(target.sources), 0);
  const sockaddr_in to = address(INADDR_LOOPBACK, target.port);
  static_cast<void>(::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof(from)));
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 &&
      errno != EINPROGRESS) {
    std::perror("connect");
    std::exit(1);
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.ptr = this}};
  ::epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, fd_, &event);
}

Link::~Link() {
  close();
}

void Link::close() {
  if (fd_ >= 0) {
    // Without the reset, every short connection would keep its port for a minute.
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    ::close(fd_);
    fd_ = -1;
  }
}

void Link::wait_for(bool writable) {
  if (writable != waits_for_writable_) {
    waits_for_writable_ = writable;
    const std::uint32_t interest = writable ? EPOLLIN | EPOLLOUT : EPOLLIN;
    epoll_event event{.events = interest, .data = {.ptr = this}};
    ::epoll_ctl(loop_.epoll_, EPOLL_CTL_MOD, fd_, &event);
  }
}

void Link::flush() {
  if (fd_ < 0 || !connected_ || output_.empty()) {
    return;
  }
  const ssize_t sent = ::send(fd_, output_.data(), output_.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    close();
    handle_closed();
    return;
  }
  if (sent > 0) {
    output_.erase(0, static_cast<std::size_t>(sent));
  }
  wait_for(!output_.empty());
}

void Link::handle_ready(std::uint32_t events) {
  if (!connected_ && (events & EPOLLOUT) != 0) {
    connected_ = true;
    wait_for(false);
  }
  if (fd_ >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    read();
  }
  flush();
}

void Link::read() {
  const ssize_t got = ::recv(fd_, loop_.scratch_.data(), loop_.scratch_.size(), 0);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) {
      close();
      handle_closed();
    }
    return;
  }
  const std::string_view arrived(loop_.scratch_.data(), static_cast<std::size_t>(got));
  if (input_.empty()) {
    const std::size_t taken = handle_input(arrived);
    input_.assign(arrived.substr(taken));
    return;
  }
  input_ += arrived;
  const std::size_t taken = handle_input(input_);
  input_.erase(0, taken);
}

}  // namespace visavis::bench
