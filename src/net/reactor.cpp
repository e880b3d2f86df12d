#include "net/reactor.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.hpp"
#include "net/clock.hpp"

namespace visavis::net {
namespace {

constexpr std::uint64_t kTimerTag = ~std::uint64_t{0};
constexpr std::uint64_t kStopTag = kTimerTag - 1;
constexpr std::size_t kEventsMax = 256;
/// Two cores that keep each other busy must not keep the sockets waiting.
constexpr int kDrainRoundsMax = 64;

std::uint32_t epoll_events(Interest interest) {
  switch (interest) {
    case Interest::kNone: return 0;
    case Interest::kRead: return EPOLLIN;
    case Interest::kWrite: return EPOLLOUT;
    case Interest::kReadWrite: return std::uint32_t{EPOLLIN} | std::uint32_t{EPOLLOUT};
  }
  return 0;
}

std::uint64_t tag_of(std::size_t slot, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32U) | slot;
}

void add_to(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{.events = events, .data = {.u64 = tag}};
  check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

int to_milliseconds(Duration wait_max) {
  constexpr Duration kLongest = std::chrono::hours(1);
  const Duration wait = std::clamp(wait_max, Duration::zero(), kLongest);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

}  // namespace

Reactor::Watch::Watch(Watch&& other) noexcept
    : reactor_(std::exchange(other.reactor_, nullptr)), slot_(other.slot_) {}

Reactor::Watch& Reactor::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    drop();
    reactor_ = std::exchange(other.reactor_, nullptr);
    slot_ = other.slot_;
  }
  return *this;
}

void Reactor::Watch::set(Interest interest) {
  reactor_->modify(slot_, interest);
}

void Reactor::Watch::again() {
  reactor_->renew(slot_);
}

void Reactor::Watch::drop() {
  if (reactor_ != nullptr) {
    std::exchange(reactor_, nullptr)->end_watch(slot_, /*closes_next=*/false);
  }
}

void Reactor::Watch::forget() {
  if (reactor_ != nullptr) {
    std::exchange(reactor_, nullptr)->end_watch(slot_, /*closes_next=*/true);
  }
}

Reactor::Reactor()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      now_(net::now()) {
  check(epoll_.is_open() && timer_.is_open());
  add_to(fd(), timer_.value(), EPOLLIN, kTimerTag);
  add_to(fd(), stop_.fd(), EPOLLIN, kStopTag);
}

Reactor::~Reactor() = default;

Reactor::Watch Reactor::watch(int fd, Interest interest, Handler handler) {
  return add({.fd = fd, .interest = interest, .handler = {}}, std::move(handler));
}

Reactor::Watch Reactor::watch_edges(int fd, Interest interest, Handler handler) {
  return add({.fd = fd, .interest = interest, .edges = true, .handler = {}}, std::move(handler));
}

Reactor::Watch Reactor::add(const Slot& like, Handler handler) {
  if (free_slots_.empty()) {
    free_slots_.push_back(slots_.size());
    slots_.emplace_back();
  }
  const std::size_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.fd = like.fd;
  slot.interest = like.interest;
  slot.edges = like.edges;
  slot.handler = std::move(handler);
  add_to(epoll_.value(), slot.fd, events_of(slot), tag_of(index, slot.generation));
  return {this, index};
}

void Reactor::modify(std::size_t index, Interest interest) {
  Slot& slot = slots_[index];
  if (slot.interest == interest) {
    return;
  }
  slot.interest = interest;
  renew(index);
}

/// The kernel then looks at the descriptor anew.
void Reactor::renew(std::size_t index) const {
  const Slot& slot = slots_[index];
  epoll_event event{.events = events_of(slot), .data = {.u64 = tag_of(index, slot.generation)}};
  check(::epoll_ctl(epoll_.value(), EPOLL_CTL_MOD, slot.fd, &event) == 0);
}

std::uint32_t Reactor::events_of(const Slot& slot) {
  const std::uint32_t events = epoll_events(slot.interest);
  if (!slot.edges) {
    return events;
  }
  // The end of a peer may stand behind its last bytes: nothing more would come to tell of it.
  const std::uint32_t end = (events & EPOLLIN) != 0 ? std::uint32_t{EPOLLRDHUP} : 0;
  return events | end | std::uint32_t{EPOLLET};
}

void Reactor::end_watch(std::size_t index, bool closes_next) {
  Slot& slot = slots_[index];
  if (closes_next) {
    // A child that was forked meanwhile may keep it open: an edge or two to a slot that is no more.
    check(slot.edges);
  } else {
    check(::epoll_ctl(epoll_.value(), EPOLL_CTL_DEL, slot.fd, nullptr) == 0);
  }
  ++slot.generation;  // Events of this turn that are still to be dispatched go nowhere.
  slot.fd = -1;
  slot.handler = nullptr;
  free_slots_.push_back(index);
}

void Reactor::drive(Core core) {
  cores_.push_back(std::move(core));
}

void Reactor::run() {
  turn(Duration::zero());  // Books what was set up before.
  while (!stopped_) {
    turn(Duration::max());
  }
  stopped_ = false;
}

void Reactor::stop() {
  stop_.raise();
}

void Reactor::turn(Duration wait_max) {
  std::array<epoll_event, kEventsMax> events;  // NOLINT(*-member-init): the kernel sets them.
  const int count = ::epoll_wait(epoll_.value(), events.data(), static_cast<int>(events.size()),
                                 to_milliseconds(wait_max));
  check(count >= 0 || errno == EINTR);
  now_ = net::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    dispatch(event.data.u64, event.events);
  }
  settle();
}

void Reactor::dispatch(std::uint64_t tag, std::uint32_t events) {
  if (tag == kTimerTag) {
    booked_ = Instant::min();  // Rung: whatever comes next must be booked anew.
    return;
  }
  if (tag == kStopTag) {
    stop_.clear();
    stopped_ = true;
    return;
  }
  const auto index = static_cast<std::size_t>(tag & 0xFFFFFFFFU);
  const auto generation = static_cast<std::uint32_t>(tag >> 32U);
  Slot& slot = slots_[index];
  if (slot.generation != generation) {
    return;
  }
  constexpr std::uint32_t kReadable =
      std::uint32_t{EPOLLIN} | std::uint32_t{EPOLLHUP} | std::uint32_t{EPOLLERR};
  constexpr std::uint32_t kEnded =
      std::uint32_t{EPOLLRDHUP} | std::uint32_t{EPOLLHUP} | std::uint32_t{EPOLLERR};
  const Ready ready{.read = (events & kReadable) != 0,
                    .write = (events & EPOLLOUT) != 0,
                    .ended = (events & kEnded) != 0};
  // Out of its slot while it runs: it may drop its own watch, and the slot be taken anew.
  Handler handler = std::move(slot.handler);
  handler(now_, ready);
  if (slot.generation == generation) {
    slot.handler = std::move(handler);
  }
}

void Reactor::settle() {
  for (Core& core : cores_) {
    if (core.next_timeout && core.handle_timeout && core.next_timeout() <= now_) {
      core.handle_timeout(now_);
    }
  }
  bool more = true;
  for (int round = 0; more && round < kDrainRoundsMax; ++round) {
    more = drain_cores();
  }
  book_wake_up(more);
}

bool Reactor::drain_cores() {
  bool moved = false;
  for (Core& core : cores_) {
    if (core.drain && core.drain(now_)) {
      moved = true;
    }
  }
  return moved;
}

void Reactor::book_wake_up(bool more_to_drain) {
  Instant next = more_to_drain ? now_ : kNever;
  for (const Core& core : cores_) {
    if (core.next_timeout) {
      next = std::min(next, core.next_timeout());
    }
  }
  const bool rung = booked_ == Instant::min();
  if (!rung && booked_ <= next) {
    return;  // Waking once too early is cheaper than booking at every turn.
  }
  itimerspec when{};
  if (next != kNever) {
    const auto since_boot =
        std::max(next.time_since_epoch(), Duration(1));  // All zeros would mean: never.
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
  }
  check(::timerfd_settime(timer_.value(), TFD_TIMER_ABSTIME, &when, nullptr) == 0);
  booked_ = next;
}

}  // namespace visavis::net
