#include "socketio/scenario.hpp"

#include <algorithm>

namespace visavis::bench {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kScenarios = {
      {"echo-1", "echo and ack, 100 connections, one on its way", echo_depth_1},
      {"echo-10", "the same, ten on their way", echo_depth_10},
      {"echo-1kb", "the same with 1 KB", echo_1_kb},
      {"echo-binary", "the same with 64 bytes binary", echo_binary},
      {"broadcast-10", "broadcasts of 32 bytes to 1000, ten at a time", broadcast_10},
      {"broadcast-1", "the same, one at a time", broadcast_1},
      {"relay", "one client's event to 1000 others, 10 a second", relay},
      {"handshake", "connect, join, leave; 64 at a time", handshake},
      {"polling-handshake", "the same over polling", polling_handshake},
      {"polling-echo", "echo and ack over polling, 100 sessions", polling_echo},
      {"upgrade", "polling, then the change to WebSocket; 8 at a time", upgrade},
      {"heartbeat", "ping and pong of 8,000 idle connections", heartbeat},
      {"idle-browser", "memory of an idle WebSocket, a browser's headers", idle_browser},
      {"idle-bare", "memory of an idle WebSocket, the least headers", idle_bare},
      {"idle-polling", "memory of an idle polling session", idle_polling},
      {"hold", "idle connections held for the time given", hold},
  };
  return kScenarios;
}

void turn_for(Context& context, double seconds) {
  const double end = now_s() + seconds;
  while (now_s() < end) {
    context.loop.turn(5);
  }
}

void Latencies::add_to(Figures& figures) {
  if (values_.empty()) {
    return;
  }
  const auto at = [&](double part) {
    const auto place = static_cast<std::ptrdiff_t>(part * static_cast<double>(values_.size() - 1));
    std::ranges::nth_element(values_, values_.begin() + place);
    return static_cast<double>(values_[static_cast<std::size_t>(place)]);
  };
  figures.emplace_back("p50_ms", at(0.5));
  figures.emplace_back("p99_ms", at(0.99));
}

Clients open_clients(Context& context, std::size_t count, const SocketClient::Options& options,
                     double per_s) {
  constexpr std::size_t kAtATime = 64;
  constexpr double kStallLimit_s = 10;
  Clients clients;
  std::size_t settled = 0;  // of those before it, all have joined or failed
  const double start = now_s();
  double progress = start;
  while (settled < count && now_s() - progress < kStallLimit_s) {
    const double due = per_s > 0 ? (now_s() - start) * per_s : static_cast<double>(count);
    while (clients.size() < count && clients.size() - settled < kAtATime &&
           static_cast<double>(clients.size()) < due) {
      clients.push_back(std::make_unique<SocketClient>(context.loop, context.target, options));
    }
    context.loop.turn(1);
    while (settled < clients.size() && (clients[settled]->ready() || clients[settled]->failed())) {
      ++settled;
      progress = now_s();
    }
  }
  std::erase_if(clients, [](const auto& client) { return !client->ready(); });
  return clients;
}

}  // namespace visavis::bench
