#include "net/reactor.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "net/clock.hpp"

namespace visavis::net {
namespace {

using std::chrono::milliseconds;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    out = FileDescriptor(ends[0]);
    in = FileDescriptor(ends[1]);
  }
  void fill() const { EXPECT_EQ(::write(in.value(), "x", 1), 1); }

  FileDescriptor out;
  FileDescriptor in;
};

/// Two ends of a stream.
struct Stream {
  Stream() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    ours = FileDescriptor(ends[0]);
    theirs = FileDescriptor(ends[1]);
  }
  void fill() const { EXPECT_EQ(::write(theirs.value(), "x", 1), 1); }

  FileDescriptor ours;
  FileDescriptor theirs;
};

/// A core with one deadline.
struct AlarmClock {
  Instant at = kNever;
  int rung = 0;

  [[nodiscard]] Instant next_timeout() const { return at; }
  void handle_timeout(Instant /*now*/) {
    at = kNever;
    ++rung;
  }
};

bool readable(int fd, int wait_ms) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, wait_ms) == 1;
}

TEST(Reactor, TellsOfAnEdgeOnceUntilMoreComesOrItIsAskedAgain) {
  Reactor reactor;
  const Stream stream;
  int calls = 0;
  auto watch = reactor.watch_edges(stream.ours.value(), Interest::kRead, [&](Instant, Ready ready) {
    EXPECT_TRUE(ready.read);
    EXPECT_FALSE(ready.ended);
    ++calls;
  });
  stream.fill();
  reactor.turn(Duration::zero());
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 1);
  watch.again();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 2);
  stream.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 3);
  watch.set(Interest::kNone);
  stream.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 3);
  watch.set(Interest::kRead);
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 4);
}

TEST(Reactor, AWatchThatIsForgottenSaysNothingMoreAlsoNotOfThisTurn) {
  Reactor reactor;
  Stream first;
  Stream second;
  int calls = 0;
  std::array<Reactor::Watch, 2> watches;
  const auto forget_other = [&](std::size_t other, Stream& its) {
    return [&, other](Instant, Ready) {
      ++calls;
      watches.at(other).forget();
      its.ours.reset();
    };
  };
  watches[0] = reactor.watch_edges(first.ours.value(), Interest::kRead, forget_other(1, second));
  watches[1] = reactor.watch_edges(second.ours.value(), Interest::kRead, forget_other(0, first));
  first.fill();
  second.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 1);

  // Its place, and the number of its descriptor, are another one's now.
  const Stream third;
  int of_third = 0;
  const auto watch =
      reactor.watch_edges(third.ours.value(), Interest::kRead, [&](Instant, Ready) { ++of_third; });
  third.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(of_third, 1);
}

TEST(Reactor, AnEdgeSaysThatThePeerHasEndedBehindItsBytes) {
  Reactor reactor;
  const Stream stream;
  int ended = 0;
  auto watch = reactor.watch_edges(stream.ours.value(), Interest::kRead,
                                   [&](Instant, Ready ready) { ended += ready.ended ? 1 : 0; });
  stream.fill();
  EXPECT_EQ(::shutdown(stream.theirs.value(), SHUT_WR), 0);
  reactor.turn(Duration::zero());
  EXPECT_EQ(ended, 1);
}

TEST(Reactor, CallsTheHandlerOfAReadableDescriptor) {
  Reactor reactor;
  const Pipe pipe;
  int calls = 0;
  const auto watch = reactor.watch(pipe.out.value(), Interest::kRead, [&](Instant, Ready ready) {
    EXPECT_TRUE(ready.read);
    ++calls;
  });
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 0);
  pipe.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 1);
}

TEST(Reactor, StopsCallingAHandlerThatLostInterestOrItsWatch) {
  Reactor reactor;
  const Pipe pipe;
  int calls = 0;
  auto watch = reactor.watch(pipe.out.value(), Interest::kRead, [&](Instant, Ready) { ++calls; });
  pipe.fill();
  watch.set(Interest::kNone);
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 0);
  watch.set(Interest::kRead);
  watch.drop();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 0);
}

TEST(Reactor, LetsAHandlerDropItsOwnWatchAndAnotherOneReadyInTheSameTurn) {
  Reactor reactor;
  const std::array<Pipe, 2> pipes;
  std::array<Reactor::Watch, 2> watches;
  int calls = 0;
  for (std::size_t i = 0; i < pipes.size(); ++i) {
    watches.at(i) = reactor.watch(pipes.at(i).out.value(), Interest::kRead, [&](Instant, Ready) {
      ++calls;
      watches[0].drop();
      watches[1].drop();
    });
    pipes.at(i).fill();
  }
  reactor.turn(Duration::zero());
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls, 1);
}

TEST(Reactor, GivesAFreedPlaceToANewWatchWithoutMixingTheirEvents) {
  Reactor reactor;
  const Pipe first;
  const Pipe second;
  int calls_of_second = 0;
  Reactor::Watch later;
  Reactor::Watch watch = reactor.watch(first.out.value(), Interest::kRead, [&](Instant, Ready) {
    watch.drop();
    later = reactor.watch(second.out.value(), Interest::kRead,
                          [&](Instant, Ready) { ++calls_of_second; });
  });
  first.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls_of_second, 0);
  second.fill();
  reactor.turn(Duration::zero());
  EXPECT_EQ(calls_of_second, 1);
}

TEST(Reactor, WakesForTheDeadlineOfACore) {
  Reactor reactor;
  AlarmClock alarm;
  reactor.drive(alarm);
  const Instant start = now();
  alarm.at = start + milliseconds(20);
  reactor.turn(Duration::zero());
  while (alarm.rung == 0) {
    reactor.turn(std::chrono::seconds(10));
  }
  EXPECT_GE(now(), start + milliseconds(20));
  EXPECT_LT(now(), start + std::chrono::seconds(5));
}

TEST(Reactor, WakesForADeadlineThatAnotherCoreHasChanged) {
  Reactor reactor;
  AlarmClock sleeper;
  AlarmClock waker;
  bool told = false;
  reactor.drive(sleeper);
  reactor.drive(waker, [&](Instant now) {
    if (waker.rung == 1 && !told) {
      told = true;
      sleeper.at = now + milliseconds(5);  // After its own place in this turn.
    }
    return false;
  });
  waker.at = now() + milliseconds(5);
  reactor.turn(Duration::zero());
  const Instant start = now();
  while (sleeper.rung == 0) {
    reactor.turn(std::chrono::seconds(10));
  }
  EXPECT_LT(now(), start + std::chrono::seconds(5));
}

TEST(Reactor, DrainsCoresUntilNoneHasAnythingLeft) {
  Reactor reactor;
  int in_first = 3;
  int in_second = 0;
  int arrived = 0;
  reactor.drive({.next_timeout = {}, .handle_timeout = {}, .drain = [&](Instant) {
                   arrived += in_second;
                   return std::exchange(in_second, 0) > 0;
                 }});
  reactor.drive({.next_timeout = {}, .handle_timeout = {}, .drain = [&](Instant) {
                   if (in_first == 0) {
                     return false;
                   }
                   --in_first;
                   ++in_second;
                   return true;
                 }});
  reactor.turn(Duration::zero());
  EXPECT_EQ(arrived, 3);
}

TEST(Reactor, KeepsServingSocketsWhenACoreNeverHasEnough) {
  Reactor reactor;
  const Pipe pipe;
  int calls = 0;
  const auto watch =
      reactor.watch(pipe.out.value(), Interest::kRead, [&](Instant, Ready) { ++calls; });
  reactor.drive({.next_timeout = {}, .handle_timeout = {}, .drain = [](Instant) { return true; }});
  pipe.fill();
  reactor.turn(std::chrono::seconds(10));
  reactor.turn(std::chrono::seconds(10));
  EXPECT_EQ(calls, 2);
}

TEST(Reactor, LivesInSomebodyElsesLoop) {
  Reactor reactor;
  AlarmClock alarm;
  reactor.drive(alarm);
  reactor.turn(Duration::zero());
  EXPECT_FALSE(readable(reactor.fd(), 0));
  alarm.at = now() + milliseconds(10);
  reactor.turn(Duration::zero());
  EXPECT_TRUE(readable(reactor.fd(), 5000)) << "deadlines must show, too";
  reactor.turn(Duration::zero());
  EXPECT_EQ(alarm.rung, 1);
  EXPECT_FALSE(readable(reactor.fd(), 0));
}

TEST(Reactor, RunsUntilItIsStopped) {
  Reactor reactor;
  AlarmClock alarm{.at = now() + milliseconds(5)};
  reactor.drive(alarm, [&](Instant) {
    if (alarm.rung == 1) {
      reactor.stop();
    }
    return false;
  });
  reactor.run();
  EXPECT_EQ(alarm.rung, 1);
}

}  // namespace
}  // namespace visavis::net
