// Forwards one stream to 50 viewers through a whole worker, without sockets. tools/packet_cost.sh
// runs it under callgrind and counts the instructions.

#include <fmt/format.h>

#include "sfu/test_broadcast.hpp"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

int main() {
  using visavis::sfu::TestBroadcast;
  constexpr std::size_t kViewers = 50;
  constexpr std::size_t kFrames = 90;
  visavis::sfu::MediaWorker::Options options;
  // The one that every machine has: its own instructions are not what is counted here.
  options.cipher = visavis::srtp::CipherChoice::kOpenssl;
  TestBroadcast broadcast(kViewers, options);
  broadcast.prepare(kFrames);
  broadcast.forward();
  broadcast.forget_prepared();

  broadcast.prepare(kFrames);
  broadcast.prepare_feedback(kFrames);
  CALLGRIND_START_INSTRUMENTATION;
  const std::uint64_t packets = broadcast.forward();
  CALLGRIND_STOP_INSTRUMENTATION;
  fmt::print("packets {}\n", packets);
  return packets > kViewers * kFrames * TestBroadcast::kPacketsPerTurn ? 0 : 1;
}
