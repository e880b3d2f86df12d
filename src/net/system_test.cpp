#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <set>
#include <string>
#include <vector>

#include "net/clock.hpp"
#include "net/interfaces.hpp"
#include "net/signals.hpp"
#include "net/system_entropy.hpp"

namespace visavis::net {
namespace {

using testing::ElementsAre;

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

TEST(AnnouncedOrder, PutsLoopbackLastAndLeavesOutWhatNeedsAZone) {
  const std::vector<IpAddress> found = {ip("127.0.0.1"),   ip("::1"),         ip("fe80::1"),
                                        ip("169.254.3.4"), ip("2001:db8::7"), ip("192.168.1.5"),
                                        ip("203.0.113.9")};
  EXPECT_THAT(in_announced_order(found), ElementsAre(ip("192.168.1.5"), ip("203.0.113.9"),
                                                     ip("2001:db8::7"), ip("127.0.0.1")));
}

TEST(AnnouncedOrder, NamesEachAddressOnce) {
  const std::vector<IpAddress> twice = {ip("192.0.2.1"), ip("192.0.2.1")};
  EXPECT_THAT(in_announced_order(twice), ElementsAre(ip("192.0.2.1")));
}

TEST(InterfaceAddresses, EndWithLoopback) {
  EXPECT_EQ(interface_addresses().back(), ip("127.0.0.1"));
}

TEST(Clock, DoesNotGoBack) {
  Instant last = now();
  for (int i = 0; i < 1000; ++i) {
    const Instant next = now();
    ASSERT_GE(next, last);
    last = next;
  }
}

TEST(SystemEntropy, GivesDifferentBytesEachTime) {
  SystemEntropy entropy;
  EXPECT_NE(entropy.token(20), entropy.token(20));
}

TEST(SystemEntropy, GivesAForkedProcessOtherBytesThanItsParent) {
  SystemEntropy entropy;
  static_cast<void>(entropy.token(20));  // Some are in store now.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string token = entropy.token(20);
    ::_exit(::write(ends[1], token.data(), token.size()) == 20 ? 0 : 1);
  }
  std::string of_child(20, '\0');
  ASSERT_EQ(::read(ends[0], of_child.data(), of_child.size()), 20);
  EXPECT_NE(of_child, entropy.token(20));
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(SystemEntropy, GivesEachIdOtherBytesAlsoWhenTheStoreIsFilledAnew) {
  SystemEntropy entropy;
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.insert(entropy.token(20));
  }
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(SignalWatch, HearsABlockedSignalInTheLoop) {
  block_signals({SIGUSR1});
  Reactor reactor;
  int heard = 0;
  const SignalWatch watch(reactor, {SIGUSR1}, [&](Instant, int signal) { heard = signal; });
  ::kill(::getpid(), SIGUSR1);
  reactor.turn(std::chrono::seconds(5));
  EXPECT_EQ(heard, SIGUSR1);
}

}  // namespace
}  // namespace visavis::net
