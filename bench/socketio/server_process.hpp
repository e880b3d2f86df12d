#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace visavis::bench {

/// What the kernel says of the server's process.
class ServerProcess {
 public:
  /// 0: nothing is known of it, and all figures are 0.
  explicit ServerProcess(pid_t pid) : pid_(pid) {}

  /// CPU time so far of each of its threads, ns (`/proc/PID/task/*/schedstat`).
  [[nodiscard]] std::map<std::string, std::uint64_t> cpu_ns() const;
  /// Resident memory, bytes (`smaps_rollup`, which is exact).
  [[nodiscard]] std::uint64_t resident_bytes() const;

 private:
  pid_t pid_;
};

/// CPU time between two moments, summed and by thread.
class CpuWatch {
 public:
  explicit CpuWatch(const ServerProcess& process) : process_(process), before_(process.cpu_ns()) {}

  struct Spent {
    double total_us = 0;
    /// The part of the busiest thread, 0 to 1.
    double busiest = 0;
  };
  [[nodiscard]] Spent spent() const;

 private:
  const ServerProcess& process_;
  std::map<std::string, std::uint64_t> before_;
};

}  // namespace visavis::bench
