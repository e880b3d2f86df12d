#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "net/file_descriptor.hpp"
#include "net/wake_up.hpp"

namespace visavis::net {

/// What to wake up for. A hang-up or an error of the descriptor always wakes, as `read`.
enum class Interest : std::uint8_t { kNone, kRead, kWrite, kReadWrite };

struct Ready {
  bool read = false;
  bool write = false;
  /// With `read`, of `watch_edges`: the peer has ended, or the connection has failed, behind what
  /// there is to read.
  bool ended = false;
};

/// One thread's event loop: descriptors, and the protocol cores that live on this thread.
///
/// A turn is: wait; call the handlers of the ready descriptors; *settle*: every registered core
/// whose deadline has come gets `handle_timeout`, then every core is drained until none has
/// anything left; book the earliest `next_timeout()` of all cores. Since each turn asks every core,
/// no core's timer is ever forgotten, whoever changed it.
///
/// Belongs to one thread; only `stop()` may be called from another one.
class Reactor {
 public:
  using Handler = std::move_only_function<void(Instant, Ready)>;

  /// A descriptor's registration; ends with this object. The descriptor must outlive it, the
  /// reactor too. May be dropped from inside its own handler.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { drop(); }

    void set(Interest interest);
    /// Of `watch_edges`: what is left to be read (or the end) is told of once more.
    void again();
    [[nodiscard]] bool is_set() const { return reactor_ != nullptr; }
    void drop();
    /// Of `watch_edges`, instead of `drop`: the descriptor, which nobody shares, is closed next.
    /// The kernel forgets it by itself then.
    void forget();

   private:
    friend class Reactor;
    Watch(Reactor* reactor, std::size_t slot) : reactor_(reactor), slot_(slot) {}

    Reactor* reactor_ = nullptr;
    std::size_t slot_ = 0;
  };

  /// How a core is driven. `drain` moves out what the core has to say (to sockets, to mailboxes, to
  /// the next core) and returns whether it moved anything. Any member may be empty.
  struct Core {
    std::move_only_function<Instant() const> next_timeout;
    std::move_only_function<void(Instant)> handle_timeout;
    std::move_only_function<bool(Instant)> drain;
  };

  /// The process has no use without its reactor: a failing epoll_create ends it with a message.
  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  [[nodiscard]] Watch watch(int fd, Interest interest, Handler handler);
  /// Tells of bytes when they come, and not as long as some are left: the kernel then looks at a
  /// descriptor once for each time instead of twice. Whoever has not read all, or was told that the
  /// peer has ended and has not come to it, calls `Watch::again`.
  [[nodiscard]] Watch watch_edges(int fd, Interest interest, Handler handler);

  /// Registers a core for the reactor's life; cores are drained in the order of registration.
  void drive(Core core);
  /// The same for anything with the two calls that every core has; it must outlive the reactor.
  template <class AnyCore>
  void drive(AnyCore& core, std::move_only_function<bool(Instant)> drain = {}) {
    drive(Core{[&core] { return core.next_timeout(); },
               [&core](Instant at) { core.handle_timeout(at); }, std::move(drain)});
  }

  /// Turns until `stop()`.
  void run();
  /// One turn. Waits for a descriptor or a core's deadline, at most `wait_max`. Deadlines are known
  /// from the end of the turn before: whoever has called into a core outside of a turn calls
  /// `turn(Duration::zero())` next.
  void turn(Duration wait_max);
  /// Makes `run()` return after its turn; from any thread, also before `run()`.
  void stop();

  /// Readable when a turn has something to do, deadlines included: for a reactor that lives inside
  /// somebody else's loop, which then calls `turn(Duration::zero())`.
  [[nodiscard]] int fd() const { return epoll_.value(); }

  /// The instant of the turn in progress.
  [[nodiscard]] Instant now() const { return now_; }

 private:
  struct Slot {
    int fd = -1;
    std::uint32_t generation = 0;
    Interest interest = Interest::kNone;
    bool edges = false;
    Handler handler;
  };

  void dispatch(std::uint64_t tag, std::uint32_t events);
  void settle();
  [[nodiscard]] bool drain_cores();
  void book_wake_up(bool more_to_drain);
  void end_watch(std::size_t index, bool closes_next);
  [[nodiscard]] Watch add(const Slot& like, Handler handler);
  void modify(std::size_t index, Interest interest);
  void renew(std::size_t index) const;
  [[nodiscard]] static std::uint32_t events_of(const Slot& slot);

  FileDescriptor epoll_;
  FileDescriptor timer_;
  WakeUp stop_;
  std::deque<Slot> slots_;  // A deque: a handler may add watches while it runs.
  std::vector<std::size_t> free_slots_;
  std::vector<Core> cores_;
  Instant now_;
  Instant booked_ = kNever;
  bool stopped_ = false;
};

}  // namespace visavis::net
