#include "load/server_usage.hpp"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace visavis::load {
namespace {

/// ns on a processor and ns of waiting for one (Linux, Documentation/scheduler/sched-stats).
void add_schedstat(const std::filesystem::path& file_path, Usage& usage) {
  std::ifstream file(file_path);
  std::int64_t on_cpu = 0;
  std::int64_t waited = 0;
  if (file >> on_cpu >> waited) {
    usage.cpu += std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(on_cpu));
    usage.waited += std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(waited));
  }
}

/// Thread by thread: a process's own file tells of its first one only.
bool add_threads(int pid, Usage& usage) {
  std::error_code error;
  const std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", pid), error);
  if (error) {
    return false;
  }
  for (const auto& thread : threads) {
    add_schedstat(thread.path() / "schedstat", usage);
  }
  return true;
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
    if (!add_threads(pid, usage)) {
      return std::nullopt;
    }
    usage.resident_bytes += resident_of(pid);
  }
  return pids.empty() ? std::nullopt : std::optional(usage);
}

Usage own_usage() {
  Usage usage;
  add_schedstat("/proc/thread-self/schedstat", usage);
  return usage;
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
