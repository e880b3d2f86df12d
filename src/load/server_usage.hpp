#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"

namespace visavis::load {

/// What processes have used, all their threads together.
struct Usage {
  Duration cpu{};
  Duration waited{};  ///< Ready to run, and somebody else had the core.
  std::uint64_t resident_bytes = 0;
};

/// Reads /proc; nothing when one of the processes is not there, or `pids` is empty.
[[nodiscard]] std::optional<Usage> read_usage(std::span<const int> pids);
/// Of the calling thread; without memory.
[[nodiscard]] Usage own_usage();
/// Datagrams that the kernel threw away because this socket's buffer was full.
[[nodiscard]] std::uint64_t socket_drops(int fd);

}  // namespace visavis::load
