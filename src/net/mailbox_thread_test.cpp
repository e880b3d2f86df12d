#include <gtest/gtest.h>

#include <thread>

#include "net/mailbox.hpp"
#include "net/reactor.hpp"

namespace visavis::net {
namespace {

constexpr int kMessages = 20'000;

TEST(MailboxThreads, LoseNothingBetweenTwoReactors) {
  Mailbox<int> to_worker(64);
  Mailbox<int> from_worker(64);
  std::jthread worker([&] {
    Reactor reactor;
    const auto watch = reactor.watch(to_worker.fd(), Interest::kRead, [&](Instant, Ready) {
      while (auto message = to_worker.take()) {
        int answer = *message * 2;
        while (!from_worker.put(std::move(answer))) {
          std::this_thread::yield();
        }
        if (*message == kMessages) {
          reactor.stop();
        }
      }
    });
    reactor.run();
  });

  int next = 1;
  int heard = 0;
  Reactor reactor;
  const auto watch = reactor.watch(from_worker.fd(), Interest::kRead, [&](Instant, Ready) {
    while (auto answer = from_worker.take()) {
      ASSERT_EQ(*answer, ++heard * 2);
    }
  });
  reactor.drive({.next_timeout = {}, .handle_timeout = {}, .drain = [&](Instant) {
                   while (next <= kMessages && to_worker.put(int(next))) {
                     ++next;
                   }
                   return false;
                 }});
  while (heard < kMessages) {
    reactor.turn(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(heard, kMessages);
}

TEST(ReactorThreads, AreStoppedFromOutside) {
  Reactor reactor;
  std::jthread stopper([&] { reactor.stop(); });
  reactor.run();
  SUCCEED();
}

}  // namespace
}  // namespace visavis::net
