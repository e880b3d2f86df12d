#include "load/server_usage.hpp"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace visavis::load {
namespace {

/// The first number of schedstat is ns on a processor (Linux, Documentation/scheduler/sched-stats).
/// A process's own file tells of its first thread only.
std::optional<std::chrono::nanoseconds> cpu_of(int pid) {
  std::error_code error;
  const std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", pid), error);
  if (error) {
    return std::nullopt;
  }
  std::chrono::nanoseconds sum{};
  for (const auto& thread : threads) {
    std::ifstream file(thread.path() / "schedstat");
    std::int64_t on_cpu = 0;
    if (file >> on_cpu) {
      sum += std::chrono::nanoseconds(on_cpu);
    }
  }
  return sum;
}

std::uint64_t resident_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::optional<Usage> read_usage(std::span<const int> pids) {
  Usage usage;
  for (const int pid : pids) {
    const auto cpu = cpu_of(pid);
    if (!cpu) {
      return std::nullopt;
    }
    usage.cpu += std::chrono::duration_cast<Duration>(*cpu);
    usage.resident_bytes += resident_of(pid);
  }
  return pids.empty() ? std::nullopt : std::optional(usage);
}

Duration own_cpu() {
  timespec at{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(at.tv_sec) +
                                              std::chrono::nanoseconds(at.tv_nsec));
}

std::uint64_t socket_drops(int fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> counts{};
  socklen_t size = sizeof(counts);
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, counts.data(), &size) != 0) {
    return 0;
  }
  return counts.at(SK_MEMINFO_DROPS);
}

}  // namespace visavis::load
