#include "load/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace visavis::load {
namespace {

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double seconds(Duration of) {
  return std::chrono::duration<double>(of).count();
}

double median(std::span<const std::uint64_t> of) {
  std::vector<std::uint64_t> sorted(of.begin(), of.end());
  std::ranges::sort(sorted);
  return sorted.empty() ? 0 : static_cast<double>(sorted[sorted.size() / 2]);
}

}  // namespace

double Result::loss() const {
  const auto expected = static_cast<double>(video.expected + audio.expected);
  const auto received = static_cast<double>(video.received + audio.received);
  return std::max(0.0, ratio(expected - received, expected));
}

double Result::missing() const {
  return ratio(static_cast<double>(video.missing() + audio.missing()),
               static_cast<double>(video.expected + audio.expected));
}

double Result::server_share() const {
  return ratio(seconds(server_cpu.value_or(Duration::zero())), seconds(span));
}

double Result::cpu_per_packet_us() const {
  return ratio(static_cast<double>(server_cpu.value_or(Duration::zero()).count()),
               static_cast<double>(forwarded));
}

double Result::bytes_per_viewer() const {
  return ratio(static_cast<double>(resident_after) - static_cast<double>(resident_before),
               static_cast<double>(viewers));
}

double Result::resident_slope() const {
  const std::size_t quarter = resident.size() / 4;
  if (quarter == 0) {
    return 0;
  }
  const auto of = std::span(resident);
  const double grown = median(of.last(quarter)) - median(of.subspan(quarter, quarter));
  // The quarters' middles are half of the span apart.
  return ratio(grown, seconds(span) / 2 / 60);
}

std::string own_limit(const Result& result) {
  constexpr double kShareMax = 0.9;
  if (result.own_share > kShareMax) {
    return fmt::format("this program used {:.0f} % of its core", result.own_share * 100);
  }
  constexpr double kWaitMax = 0.1;
  if (result.own_wait > kWaitMax) {
    return fmt::format("others had this program's core for {:.0f} % of the time",
                       result.own_wait * 100);
  }
  if (result.own_drops > 0) {
    return fmt::format("{} datagrams were dropped at this program's socket", result.own_drops);
  }
  return {};
}

std::string shortfall(const Result& result, const Bar& bar) {
  if (result.failed > 0) {
    return fmt::format("{} clients failed: {}", result.failed, result.failure);
  }
  if (result.without_frames > 0 || result.starving > 0) {
    return fmt::format("{} viewers without a frame, {} streams starving", result.without_frames,
                       result.starving);
  }
  if (result.loss() > bar.loss_max) {
    return fmt::format("loss of {:.2f} %", result.loss() * 100);
  }
  const Duration latency = result.latency.percentile(0.99);
  if (latency > bar.latency_max) {
    return fmt::format("p99 latency of {:.1f} ms", seconds(latency) * 1000);
  }
  return {};
}

std::string blemish(const Result& result) {
  std::string short_of = shortfall(result, {.loss_max = 0, .latency_max = Duration::max()});
  if (!short_of.empty()) {
    return short_of;
  }
  if (result.breaks > 0) {
    return fmt::format("{} breaks in received streams", result.breaks);
  }
  const bool silent = result.viewers > 0 && result.forwarded == 0;
  return silent ? "nothing was forwarded" : "";
}

}  // namespace visavis::load
