#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "load/options.hpp"
#include "load/results.hpp"
#include "load/server_usage.hpp"
#include "load/swarm.hpp"

namespace visavis::load {

/// Leads a swarm through a scenario: publishers, viewers at a rate, a span of measuring or a ramp
/// of them, and the way out. A core of the reactor: `tick()` at `next_timeout()`.
class Course {
 public:
  /// How often it looks: also what bounds how many clients start at once.
  static constexpr Duration kTick = std::chrono::milliseconds(5);

  using Progress = std::move_only_function<void(const std::string&)>;

  Course(Instant now, const Options& options, Swarm& swarm, Progress progress);

  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const { return done() ? kNever : next_tick_; }
  /// Somebody pressed Ctrl-C: what was measured so far counts.
  void stop(Instant now);

  [[nodiscard]] bool done() const { return step_ == Step::kDone; }
  [[nodiscard]] const std::vector<Result>& results() const { return results_; }
  /// Why a ramp ended; empty when its last step held, and without a ramp.
  [[nodiscard]] const std::string& ramp_ended() const { return ramp_ended_; }
  /// Why nothing could be measured; empty when it could.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  enum class Step : std::uint8_t {
    kPublishers,
    kLead,
    kJoining,
    kSettling,
    kMeasuring,
    kLeaving,
    kDone,
  };
  struct Leaving {
    Instant at;
    std::size_t client;
  };

  void enter(Instant now, Step step);
  void start_publishers(Instant now);
  void start_viewers(Instant now);
  void settle(Instant now);
  void measure(Instant now);
  void begin_measuring(Instant now);
  void end_measuring(Instant now);
  void churn(Instant now);
  void report_progress(Instant now);
  [[nodiscard]] std::size_t due(Instant now, double per_second) const;
  [[nodiscard]] Part publisher(std::size_t number) const;
  [[nodiscard]] Part viewer(std::size_t number) const;
  [[nodiscard]] std::size_t viewers_of_first_step() const;

  const Options& options_;
  Swarm& swarm_;
  Progress progress_;
  Step step_ = Step::kPublishers;
  Instant since_;  // Of the step.
  Instant next_tick_;
  std::size_t publishers_started_ = 0;
  std::size_t viewers_started_ = 0;
  std::size_t started_in_step_ = 0;
  std::size_t target_ = 0;  // Viewers that this step of a ramp has.
  std::size_t churned_ = 0;
  std::deque<Leaving> leaving_;

  std::uint64_t resident_before_ = 0;
  std::optional<Usage> usage_before_;
  Usage own_before_;
  std::uint64_t drops_before_ = 0;
  Instant next_sample_;
  std::vector<std::uint64_t> resident_;

  Instant next_progress_;
  Instant progress_at_;
  Duration own_at_progress_{};
  Duration server_at_progress_{};
  std::uint64_t forwarded_at_progress_ = 0;

  std::vector<Result> results_;
  std::string ramp_ended_;
  std::string failure_;
};

}  // namespace visavis::load
