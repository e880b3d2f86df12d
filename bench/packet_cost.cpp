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

// usage: packet_cost [gcm|cm|gcm-mb|cm-mb]: what the peers agree on, and ipsec-mb in OpenSSL's
// place.
int main(int count, char** arguments) {
  using visavis::sfu::TestBroadcast;
  constexpr std::size_t kViewers = 50;
  constexpr std::size_t kFrames = 90;
  visavis::sfu::MediaWorker::Options options;
  const std::string_view what = count > 1 ? *std::next(arguments) : "gcm";
  const bool cm = what.starts_with("cm");
  // Not what is best here, which differs from machine to machine.
  options.cipher = what.ends_with("-mb") ? visavis::srtp::CipherChoice::kIpsecMb
                                         : visavis::srtp::CipherChoice::kOpenssl;
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
