#include "socketio/server_process.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace visavis::bench {

std::map<std::string, std::uint64_t> ServerProcess::cpu_ns() const {
  std::map<std::string, std::uint64_t> times;
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(pid_) + "/task";
  if (pid_ == 0) {
    return times;
  }
  for (const auto& task : std::filesystem::directory_iterator(folder, error)) {
    std::ifstream file(task.path() / "schedstat");
    std::uint64_t ran_ns = 0;
    file >> ran_ns;
    times[task.path().filename()] = ran_ns;
  }
  return times;
}

std::uint64_t ServerProcess::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/smaps_rollup");
  std::string word;
  while (file >> word) {
    if (word == "Rss:") {
      std::uint64_t kilobytes = 0;
      file >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}

CpuWatch::Spent CpuWatch::spent() const {
  Spent spent;
  double busiest = 0;
  for (const auto& [thread, ns] : process_.cpu_ns()) {
    const auto found = before_.find(thread);
    const std::uint64_t before = found == before_.end() ? 0 : found->second;
    const double us = static_cast<double>(ns - before) / 1000;
    spent.total_us += us;
    busiest = std::max(busiest, us);
  }
  spent.busiest = spent.total_us > 0 ? busiest / spent.total_us : 0;
  return spent;
}

}  // namespace visavis::bench
