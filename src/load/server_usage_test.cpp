#include "load/server_usage.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "net/udp_socket.hpp"

namespace visavis::load {
namespace {

TEST(SocketDrops, AreWhatTheBufferDidNotHold) {
  const SocketAddress loopback = *SocketAddress::parse("127.0.0.1:0");
  net::UdpSocket sender = net::UdpSocket::open(loopback).value();
  const net::UdpSocket receiver =
      net::UdpSocket::open(loopback, {.receive_buffer_bytes = 20'000, .receive_offload = false})
          .value();
  EXPECT_EQ(socket_drops(receiver.fd()), 0U);
  DatagramBatch batch(200);
  while (!batch.full()) {
    static_cast<void>(batch.reserve());
    batch.commit({sender.local(), receiver.local()}, 1'000);
  }
  sender.send(batch);
  EXPECT_GT(socket_drops(receiver.fd()), 100U);
  EXPECT_LT(socket_drops(receiver.fd()), 200U);
}

TEST(Usage, OfAProcessIsItsThreadsTimeAndItsMemory) {
  const std::array self{static_cast<int>(::getpid())};
  const auto usage = read_usage(self);
  ASSERT_TRUE(usage);
  EXPECT_GT(usage->cpu.count(), 0);
  EXPECT_GE(usage->cpu, own_usage().cpu - std::chrono::milliseconds(1));
  EXPECT_GT(usage->resident_bytes, 1'000'000U);
  const std::array gone{self[0], 0x7FFF'FFFF};
  EXPECT_FALSE(read_usage(gone));
  EXPECT_FALSE(read_usage({}));
}

}  // namespace
}  // namespace visavis::load
