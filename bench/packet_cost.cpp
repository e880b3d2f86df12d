// Forwards one stream, audio and video, to 50 viewers that send reports, NACKs and transport
// feedback, through a whole worker, without sockets. tools/instruction_cost.sh runs it under
// callgrind and counts the instructions.

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "sfu/test_broadcast.hpp"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

// usage: packet_cost [cm]; without it the peers agree on AES-GCM.
int main(int count, char** arguments) {
  using visavis::sfu::TestBroadcast;
  constexpr std::size_t kViewers = 50;
  constexpr std::size_t kFrames = 90;
  visavis::sfu::MediaWorker::Options options;
  // The one that every machine has: its own instructions are not what is counted here.
  options.cipher = visavis::srtp::CipherChoice::kOpenssl;
  const bool cm = count > 1 && std::string_view(*std::next(arguments)) == "cm";
  TestBroadcast broadcast(
      kViewers, options, cm ? visavis::dtls::SrtpProfiles::kCm : visavis::dtls::SrtpProfiles::kAll);
  broadcast.prepare(kFrames);
  broadcast.forward();
  broadcast.forget_prepared();

  broadcast.prepare(kFrames);
  broadcast.prepare_feedback(kFrames);
  CALLGRIND_START_INSTRUMENTATION;
  const std::uint64_t packets = broadcast.forward();
  CALLGRIND_STOP_INSTRUMENTATION;
  fmt::print("units {}\n", packets);
  return packets > kViewers * kFrames * TestBroadcast::kPacketsPerTurn ? 0 : 1;
}
