// Gives the kernel what a wake-up of a broadcast sends, twenty viewers of a frame and a packet of
// audio, and takes it back from there. tools/instruction_cost.sh runs it under callgrind and counts
// our instructions; the kernel's own are not among them.

#include <fmt/format.h>

#include <cstring>
#include <iterator>
#include <string_view>

#include "base/check.hpp"
#include "net/udp_socket.hpp"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

namespace visavis::bench {
namespace {

constexpr std::size_t kViewers = 20;
constexpr std::size_t kFramePackets = 5;
constexpr std::size_t kPackets = kViewers * (kFramePackets + 1);

void put(DatagramBatch& batch, const Route& route, std::size_t size, SendPriority priority) {
  std::memset(batch.reserve().data(), 0x5A, size);
  batch.commit(route, size, priority);
}

void fill(DatagramBatch& batch, const SocketAddress& from, std::uint16_t port) {
  constexpr std::uint32_t kFirstViewer = 0x7F000101;  // 127.0.1.1
  for (std::uint32_t viewer = 0; viewer < kViewers; ++viewer) {
    const Route route{from, {IpAddress::v4(kFirstViewer + viewer), port}};
    put(batch, route, 150, SendPriority::kAudio);
    for (std::size_t packet = 0; packet < kFramePackets; ++packet) {
      put(batch, route, 1'100, SendPriority::kVideo);
    }
  }
}

std::size_t receive(net::UdpSocket& socket) {
  std::size_t count = 0;
  while (const std::size_t some = socket.receive().size()) {
    count += some;
  }
  return count;
}

}  // namespace
}  // namespace visavis::bench

// usage: datagram_cost [receive]; without it sending is counted.
int main(int count, char** arguments) {
  using namespace visavis;
  const bool receiving = count > 1 && std::string_view(*std::next(arguments)) == "receive";
  auto sender = net::UdpSocket::open(*SocketAddress::parse("127.0.0.1:0"));
  auto viewers = net::UdpSocket::open(*SocketAddress::parse("0.0.0.0:0"));
  check(sender && viewers);
  DatagramBatch batch(bench::kPackets);
  bench::fill(batch, sender->local(), viewers->local().port);
  sender->send(batch);
  check(bench::receive(*viewers) == bench::kPackets);  // As it will be, and no first time.

  constexpr std::size_t kRounds = 50;
  std::size_t received = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    if (!receiving) {
      CALLGRIND_START_INSTRUMENTATION;
    }
    sender->send(batch);
    if (receiving) {
      CALLGRIND_START_INSTRUMENTATION;
    } else {
      CALLGRIND_STOP_INSTRUMENTATION;
    }
    received += bench::receive(*viewers);
    if (receiving) {
      CALLGRIND_STOP_INSTRUMENTATION;
    }
  }
  fmt::print("units {}\n", received);
  return received == kRounds * bench::kPackets ? 0 : 1;
}
