#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "socketio/loop.hpp"
#include "socketio/server_process.hpp"
#include "socketio/socket_client.hpp"

namespace visavis::bench {

/// What every scenario has to work with.
struct Context {
  Loop& loop;
  Target target;
  ServerProcess process;
  double warm_up_s = 1;         ///< not counted: Node compiles what it finds hot
  double seconds = 3;           ///< that are counted
  std::size_t connections = 0;  ///< instead of the scenario's own number, unless 0
  double open_per_s = 1000;     ///< pace at which idle connections are opened
};

/// Named figures, in the order of the table. Empty: the scenario failed.
using Figures = std::vector<std::pair<std::string, double>>;

struct Scenario {
  std::string_view name;
  std::string_view what;
  Figures (*run)(Context&);
};
[[nodiscard]] const std::vector<Scenario>& scenarios();

/// Turns the loop until `done()`, at most `limit_s` seconds; false if that was not enough.
template <class Done>
[[nodiscard]] bool turn_until(Context& context, double limit_s, const Done& done) {
  const double end = now_s() + limit_s;
  while (!done()) {
    if (now_s() > end) {
      return false;
    }
    context.loop.turn(20);
  }
  return true;
}
void turn_for(Context& context, double seconds);

/// Latencies in ms; `add_to` appends p50 and p99.
class Latencies {
 public:
  void add(double seconds) { values_.push_back(static_cast<float>(seconds * 1000)); }
  void clear() { values_.clear(); }
  void add_to(Figures& figures);

 private:
  std::vector<float> values_;
};

/// CPU, rate and latencies of what `counted` grows by in the seconds that are counted, while
/// `work_for(seconds)` does the work. Nothing if it does not grow.
template <class Work>
[[nodiscard]] Figures measure(Context& context, const std::uint64_t& counted, Latencies& latencies,
                              const Work& work_for) {
  work_for(context.warm_up_s);
  latencies.clear();
  const std::uint64_t before = counted;
  const CpuWatch watch(context.process);
  const double start = now_s();
  work_for(context.seconds);
  const double grown = static_cast<double>(counted - before);
  const CpuWatch::Spent spent = watch.spent();
  if (grown == 0) {
    return {};
  }
  Figures figures = {{"cpu_us", spent.total_us / grown},
                     {"per_s", grown / (now_s() - start)},
                     {"busiest", spent.busiest}};
  latencies.add_to(figures);
  return figures;
}

using Clients = std::vector<std::unique_ptr<SocketClient>>;
/// Opens that many and waits until all have joined; at most 64 on their way at a time, and at most
/// `per_s` a second unless that is 0. Fewer than asked for if some failed.
[[nodiscard]] Clients open_clients(Context& context, std::size_t count,
                                   const SocketClient::Options& options = {}, double per_s = 0);

// Each in the file that its name tells.
[[nodiscard]] Figures echo_depth_1(Context& context);
[[nodiscard]] Figures echo_depth_10(Context& context);
[[nodiscard]] Figures echo_1_kb(Context& context);
[[nodiscard]] Figures echo_binary(Context& context);
[[nodiscard]] Figures broadcast_10(Context& context);
[[nodiscard]] Figures broadcast_1(Context& context);
[[nodiscard]] Figures relay(Context& context);
[[nodiscard]] Figures handshake(Context& context);
[[nodiscard]] Figures polling_handshake(Context& context);
[[nodiscard]] Figures polling_echo(Context& context);
[[nodiscard]] Figures upgrade(Context& context);
[[nodiscard]] Figures heartbeat(Context& context);
[[nodiscard]] Figures idle_browser(Context& context);
[[nodiscard]] Figures idle_bare(Context& context);
[[nodiscard]] Figures idle_polling(Context& context);
[[nodiscard]] Figures hold(Context& context);

}  // namespace visavis::bench
