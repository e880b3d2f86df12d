#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <span>
#include <string>

#include "load/command_line.hpp"
#include "load/course.hpp"
#include "load/report.hpp"
#include "load/server_usage.hpp"
#include "load/swarm.hpp"
#include "net/clock.hpp"
#include "net/descriptor_limit.hpp"
#include "net/reactor.hpp"
#include "net/signals.hpp"
#include "net/system_entropy.hpp"

namespace visavis::load {
namespace {

int fail(const std::string& text) {
  fmt::print(stderr, "visavis-load: {}\n", text);
  return Exit::kFailure;
}

int finish(const Options& options, const Swarm& swarm, const Course& course) {
  const std::span<const Result> results = course.results();
  if (results.empty()) {
    return fail(course.failure().empty() ? "stopped before anything was measured"
                                         : course.failure());
  }
  fmt::print("{}", write_table(results));
  if (options.ramp_step != 0) {
    fmt::print("capacity: {} viewers{}{}\n", capacity(results),
               course.ramp_ended().empty() ? "" : "; the next step: ", course.ramp_ended());
  }
  for (const Result& result : results) {
    if (const std::string limit = own_limit(result); !limit.empty()) {
      fmt::print("not the server's limit: {} ({} viewers)\n", limit, result.viewers);
    }
  }
  if (swarm.totals().refused_remote > 0) {
    fmt::print(
        "{} batches for addresses off loopback were not sent: --allow-remote, or let the "
        "server announce 127.0.0.1\n",
        swarm.totals().refused_remote);
  }
  if (!options.json_file.empty()) {
    std::ofstream file(options.json_file);
    file << write_json(options, results, course.ramp_ended());
    if (!file.flush()) {
      return fail("cannot write " + options.json_file);
    }
  }
  if (!course.failure().empty()) {
    return fail(course.failure());
  }
  if (options.strict) {
    if (const std::string wrong = blemish(results.back()); !wrong.empty()) {
      return fail(wrong);
    }
  }
  return Exit::kOk;
}

int run(const Options& options) {
  if (!options.server_pids.empty() && !read_usage(options.server_pids)) {
    return fail("--server-pid: there is no such process, or /proc does not show it");
  }
  net::block_signals({SIGINT, SIGTERM, SIGPIPE});
  net::raise_descriptor_limit();
  net::SystemEntropy entropy;
  net::Reactor reactor;
  Swarm swarm(reactor, options, entropy);
  if (const auto opened = swarm.open(); !opened) {
    return fail(opened.error().text);
  }
  Course course(net::now(), options, swarm, [&options](const std::string& line) {
    if (!options.quiet) {
      fmt::print(stderr, "{}\n", line);
    }
  });
  reactor.drive(course);
  const net::SignalWatch signals(reactor, {SIGINT, SIGTERM},
                                 [&course](Instant now, int) { course.stop(now); });
  reactor.turn(Duration::zero());
  while (!course.done()) {
    reactor.turn(Course::kTick);
  }
  return finish(options, swarm, course);
}

}  // namespace
}  // namespace visavis::load

int main(int count, char** arguments) {
  try {
    const auto options =
        visavis::load::read_command_line({arguments, static_cast<std::size_t>(count)});
    if (!options) {
      const visavis::Exit& exit = options.error();
      fmt::print(exit.code == visavis::Exit::kOk ? stdout : stderr, "{}{}", exit.text,
                 exit.text.ends_with('\n') ? "" : "\n");
      return exit.code;
    }
    return visavis::load::run(*options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "visavis-load: {}\n", error.what());
    return visavis::Exit::kFailure;
  }
}
