#include <algorithm>
#include <cstdint>

#include "socketio/polling_client.hpp"
#include "socketio/scenario.hpp"

// Clients that only are there: memory, and the heartbeat.

namespace visavis::bench {
namespace {

constexpr std::size_t kIdle = 10'000;
/// Until the last answers are read and a garbage collector has had its chance.
constexpr double kSettle_s = 3;
/// Node's default, which the bench server keeps.
constexpr double kPingInterval_s = 25;

std::uint64_t sum_of_pings(const Clients& clients) {
  std::uint64_t pings = 0;
  for (const auto& client : clients) {
    pings += client->pings();
  }
  return pings;
}

Figures memory(Context& context, const SocketClient::Options& options) {
  const std::size_t count = context.connections > 0 ? context.connections : kIdle;
  // What the first connections make the server load and allocate is no connection's.
  open_clients(context, 200, options).clear();
  turn_for(context, 1);
  const auto before = static_cast<double>(context.process.resident_bytes());
  const Clients clients = open_clients(context, count, options);
  if (clients.size() < count) {
    return {};
  }
  turn_for(context, kSettle_s);
  const auto after = static_cast<double>(context.process.resident_bytes());
  return {{"rss_kb", (after - before) / 1024 / static_cast<double>(count)},
          {"total_mb", after / 1024 / 1024}};
}

}  // namespace

Figures idle_browser(Context& context) {
  return memory(context, {.browser_headers = true});
}

Figures idle_bare(Context& context) {
  return memory(context, {});
}

Figures idle_polling(Context& context) {
  // Each takes two descriptors here and there.
  const std::size_t count = context.connections > 0 ? context.connections : kIdle / 2;
  std::vector<std::unique_ptr<PollingClient>> clients;
  const auto open = [&](std::size_t many) {
    for (std::size_t i = 0; i < many; ++i) {
      auto& client =
          *clients.emplace_back(std::make_unique<PollingClient>(context.loop, context.target));
      if (i % 16 == 15 && !turn_until(context, 5, [&] { return client.ready(); })) {
        return false;
      }
    }
    return turn_until(context, 5, [&] {
      return std::ranges::all_of(clients, [](const auto& client) { return client->ready(); });
    });
  };
  if (!open(200)) {
    return {};
  }
  turn_for(context, 1);
  const auto before = static_cast<double>(context.process.resident_bytes());
  if (!open(count)) {
    return {};
  }
  turn_for(context, kSettle_s);
  const auto after = static_cast<double>(context.process.resident_bytes());
  return {{"rss_kb", (after - before) / 1024 / static_cast<double>(count)},
          {"total_mb", after / 1024 / 1024}};
}

/// Opened evenly, so that the pings come evenly too; counted in the middle of a round of them.
Figures heartbeat(Context& context) {
  const std::size_t count = context.connections > 0 ? context.connections : 8000;
  const double start = now_s();
  const Clients clients = open_clients(context, count, {}, context.open_per_s);
  if (clients.size() < count) {
    return {};
  }
  const double opening_s = now_s() - start;
  turn_for(context, start + kPingInterval_s + 1 - now_s());
  const std::uint64_t before = sum_of_pings(clients);
  const CpuWatch watch(context.process);
  turn_for(context, std::max(1.0, opening_s - 2));
  const CpuWatch::Spent spent = watch.spent();
  const double pings = static_cast<double>(sum_of_pings(clients) - before);
  if (pings == 0) {
    return {};
  }
  return {{"cpu_us", spent.total_us / pings}, {"pings", pings}, {"busiest", spent.busiest}};
}

/// As many as asked for, for `seconds`; how many still answered pings at the end is told.
Figures hold(Context& context) {
  const std::size_t count = context.connections > 0 ? context.connections : kIdle;
  const Clients clients = open_clients(context, count, {.browser_headers = true});
  turn_for(context, context.seconds);
  const auto alive = std::ranges::count_if(clients, [&](const auto& client) {
    return client->is_open() && (client->pings() > 0 || context.seconds < kPingInterval_s + 1);
  });
  return {{"asked", static_cast<double>(count)},
          {"opened", static_cast<double>(clients.size())},
          {"alive", static_cast<double>(alive)},
          {"total_mb", static_cast<double>(context.process.resident_bytes()) / 1024 / 1024}};
}

}  // namespace visavis::bench
