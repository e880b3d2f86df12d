// Load for any Socket.IO server on 127.0.0.1 that has the events of examples/bench_server.
//
//     socketio_load --port 3000 --server-pid PID [--seconds 3] [--json FILE] [SCENARIO...]
//
// Without a scenario it runs those that take no longer than `--seconds`. CPU time is that of all
// threads of the server's process, per message; memory its resident set.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/scenario.hpp"

namespace {

using namespace visavis::bench;

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
  }
}

std::string as_json(std::string_view name, const Figures& figures) {
  std::string text = fmt::format(R"({{"scenario":"{}")", name);
  for (const auto& [key, value] : figures) {
    text += fmt::format(R"(,"{}":{:.6g})", key, value);
  }
  return text + "}";
}

std::string as_line(std::string_view name, const Figures& figures) {
  std::string text = fmt::format("{:<18}", name);
  for (const auto& [key, value] : figures) {
    text += fmt::format("  {} {:.4g}", key, value);
  }
  return text + (figures.empty() ? "  FAILED\n" : "\n");
}

bool is_quick(const Scenario& scenario) {
  return !scenario.name.starts_with("idle") && scenario.name != "heartbeat" &&
         scenario.name != "hold";
}

}  // namespace

int main(int count, char** values) {
  CLI::App app("load for Socket.IO servers");
  Target target;
  int pid = 0;
  double seconds = 3;
  double warm_up = 1;
  std::size_t connections = 0;
  std::string json_path;
  std::vector<std::string> names;
  app.add_option("--port", target.port, "on 127.0.0.1")->required();
  app.add_option("--server-pid", pid, "whose CPU time and memory are measured");
  app.add_option("--seconds", seconds, "measured, for each scenario")
      ->check(CLI::Range(0.1, 600.0));
  app.add_option("--warm-up", warm_up, "seconds before that")->check(CLI::Range(0.0, 60.0));
  app.add_option("--connections", connections, "instead of the scenario's own number")
      ->check(CLI::Range(1, 200'000));
  app.add_option("--sources", target.sources, "how many source addresses, from 127.0.1.1 on")
      ->check(CLI::Range(1, 250));
  app.add_option("--json", json_path, "a file that a line for each scenario is appended to");
  app.add_option("scenarios", names, "which; all quick ones if none is named");
  CLI11_PARSE(app, count, values);

  raise_descriptor_limit();
  Loop loop;
  bool fine = true;
  for (const Scenario& scenario : scenarios()) {
    const bool named = std::ranges::find(names, scenario.name) != names.end();
    if (!named && (!names.empty() || !is_quick(scenario))) {
      continue;
    }
    Context context{.loop = loop,
                    .target = target,
                    .process = ServerProcess(static_cast<pid_t>(pid)),
                    .warm_up_s = warm_up,
                    .seconds = seconds,
                    .connections = connections};
    const Figures figures = scenario.run(context);
    fine = fine && !figures.empty();
    fmt::print("{}", as_line(scenario.name, figures));
    std::fflush(stdout);
    if (!json_path.empty()) {
      std::ofstream(json_path, std::ios::app) << as_json(scenario.name, figures) << '\n';
    }
  }
  return fine ? 0 : 1;
}
