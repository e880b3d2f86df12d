// What an idle client costs on the heap, from HTTP to its socket, as the C library's allocator
// counts it. What the kernel and the host keep comes on top.

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

constexpr std::size_t kClients = 500;

std::size_t heap_bytes() {
  const struct mallinfo2 counted = mallinfo2();
  return counted.uordblks + counted.hblkhd;
}

/// The bed's own side of the client included, which is some 300 bytes.
std::size_t bytes_per_client(std::string_view header) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) {
    socket.on("echo", [](const Arguments& arguments, Ack ack) { ack(arguments[0]); });
    socket.on("join", [&socket](const Arguments& arguments, Ack ack) {
      socket.join(arguments[0].as_string());
      ack();
    });
  });
  static_cast<void>(bed.join());
  const std::size_t before = heap_bytes();
  for (std::size_t i = 0; i < kClients; ++i) {
    TestBed::Client& client = bed.open("", header);
    client.send("40");
    static_cast<void>(client.take());
  }
  bed.pass(std::chrono::seconds(60));
  return (heap_bytes() - before) / kClients;
}

TEST(Memory, AnIdleWebSocketClientAndItsTestsSideHoldLessThan1900BytesOfHeap) {
  if (heap_bytes() == 0) {
    GTEST_SKIP() << "a sanitizer's allocator does not tell";
  }
  const std::size_t bytes = bytes_per_client("");
  RecordProperty("bytes_per_client", std::to_string(bytes));
  EXPECT_LT(bytes, 1'900U);
  EXPECT_GT(bytes, 500U);  // its session, connection and socket alone: it was counted
}

TEST(Memory, ABrowsersHeadersCostTheirTextAndLittleMore) {
  if (heap_bytes() == 0) {
    GTEST_SKIP() << "a sanitizer's allocator does not tell";
  }
  const std::string agent(500, 'a');
  const std::size_t bare = bytes_per_client("");
  const std::size_t with_agent = bytes_per_client("User-Agent: " + agent + "\r\n");
  EXPECT_LT(with_agent - bare, agent.size() + 100);
  EXPECT_GE(with_agent - bare, agent.size());
}

}  // namespace
}  // namespace visavis::socketio
