// Neither a datagram that comes nor one that leaves may cost an allocation. This program's
// `operator new` counts.

#include <gtest/gtest.h>
#include <poll.h>

#include <cstring>
#include <string>

#include "net/udp_socket.hpp"
#include "sim/allocation_count.hpp"

namespace visavis::net {
namespace {

struct Case {
  std::string name;
  bool offload;
};

class UdpAllocations : public testing::TestWithParam<Case> {
 protected:
  static UdpSocket open(bool offload) {
    return UdpSocket::open(*SocketAddress::parse("127.0.0.1:0"),
                           {.receive_offload = offload, .send_offload = offload})
        .value();
  }
};

TEST_P(UdpAllocations, ThereAreNoneWhileRunsComeAndGo) {
  UdpSocket sender = open(GetParam().offload);
  UdpSocket receiver = open(GetParam().offload);
  DatagramBatch batch(128);
  std::size_t received = 0;
  constexpr std::size_t kRounds = 20;
  const auto exchange = [&] {
    for (std::size_t round = 0; round < kRounds; ++round) {
      batch.clear();
      while (!batch.full()) {  // Frames of five packets.
        const std::size_t size = batch.cells().size() % 5 == 4 ? 700 : 1'100;
        std::memset(batch.reserve().data(), 0x5A, size);
        batch.commit({sender.local(), receiver.local()}, size, SendPriority::kVideo);
      }
      sender.send(batch);
      pollfd polled{.fd = receiver.fd(), .events = POLLIN, .revents = 0};
      while (::poll(&polled, 1, 0) == 1) {
        received += receiver.receive().size();
      }
    }
  };
  exchange();
  received = 0;
  EXPECT_EQ(sim::count_allocations(exchange), 0U);
  EXPECT_EQ(received, kRounds * 128);
}

INSTANTIATE_TEST_SUITE_P(EachWay, UdpAllocations,
                         testing::Values(Case{"InRuns", true}, Case{"OneByOne", false}),
                         [](const auto& named) { return named.param.name; });

TEST(AllocationCounter, Counts) {
  EXPECT_EQ(sim::count_allocations([] { const Buffer bytes(100); }), 1U);
}

}  // namespace
}  // namespace visavis::net
