#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "srtp/cipher.hpp"

namespace visavis::bench {

inline constexpr std::size_t kPacketBytesMax = 1200;
inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kBurstMax = 10;

/// What `forward_floor` measures.
struct FloorSetup {
  bool loopback = false;
  bool json = false;
  /// Of a live receiver; none: a socket drained in between.
  std::optional<std::size_t> receiver_core;
  int receiver_tick_us = 1000;  ///< How often it reads.
  int pause_us = 0;             ///< Between bursts.
  std::size_t subscribers = 200;
  std::size_t packet_bytes = kPacketBytesMax;
  /// A burst of the publisher's other stream that goes between two, and is not counted: packets'
  /// bytes, 0 for none, and how many.
  std::size_t between_bytes = 0;
  std::size_t between_burst = 1;
  int rounds = 11;
  srtp::CipherChoice cipher = srtp::CipherChoice::kAutomatic;
  std::vector<srtp::Profile> profiles{srtp::Profile::kAeadAes128Gcm,
                                      srtp::Profile::kAes128CmSha1_80};
  std::vector<std::size_t> bursts{1, 2, 5, 10};
};

/// Nothing, and the exit code in `status`, if the command line is wrong or asks for help.
[[nodiscard]] std::optional<FloorSetup> parse_floor_setup(int argc, char** argv, int& status);

}  // namespace visavis::bench
