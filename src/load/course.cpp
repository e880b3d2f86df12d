#include "load/course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace visavis::load {
namespace {

constexpr Duration kProgressInterval = std::chrono::seconds(2);
/// Longer than a client's own patience, so that failures have been told.
constexpr Duration kJoinPatience = VirtualClient::kPatience + std::chrono::seconds(3);
constexpr Duration kLeavePatience = std::chrono::seconds(5);

double seconds(Duration of) {
  return std::chrono::duration<double>(of).count();
}

}  // namespace

Course::Course(Instant now, const Options& options, Swarm& swarm, Progress progress)
    : options_(options),
      swarm_(swarm),
      progress_(std::move(progress)),
      since_(now),
      next_tick_(now),
      target_(viewers_of_first_step()),
      next_sample_(now),
      next_progress_(now + kProgressInterval),
      progress_at_(now) {
  own_at_progress_ = own_usage().cpu;
  if (options_.scenario == Scenario::kMeeting) {
    enter(now, Step::kLead);  // All publish and view: there is nobody to wait for.
  }
}

std::size_t Course::viewers_of_first_step() const {
  if (options_.ramp_step != 0) {
    return std::min(options_.ramp_step, options_.ramp_max);
  }
  return options_.rooms *
         (options_.scenario == Scenario::kMeeting ? options_.people : options_.viewers);
}

void Course::enter(Instant now, Step step) {
  step_ = step;
  since_ = now;
  started_in_step_ = 0;
}

/// Clients of this step that should have been started by now.
std::size_t Course::due(Instant now, double per_second) const {
  return static_cast<std::size_t>(seconds(now - since_) * per_second) + 1;
}

Part Course::publisher(std::size_t number) const {
  const std::size_t room = number / options_.publishers;
  return {.publishes = true,
          .views = false,
          .comes_and_goes = false,
          .room = options_.one_room ? "load" : fmt::format("load-{}", room),
          .name = fmt::format("publisher-{}", number)};
}

Part Course::viewer(std::size_t number) const {
  if (options_.scenario == Scenario::kMeeting) {
    return {.publishes = true,
            .views = true,
            .comes_and_goes = false,
            .room = fmt::format("load-{}", number / options_.people),
            .name = fmt::format("participant-{}", number)};
  }
  // Spread over the publishers, so that a ramp and a churn fill them evenly.
  const Part played = publisher(number % options_.publishers_in_all());
  const bool by_name = options_.over == Over::kWhip;
  return {.publishes = false,
          .views = true,
          .comes_and_goes = false,
          .room = played.room,
          .name = by_name ? played.name : fmt::format("viewer-{}", number)};
}

void Course::handle_timeout(Instant now) {
  next_tick_ = now + kTick;
  report_progress(now);
  switch (step_) {
    case Step::kPublishers: start_publishers(now); break;
    case Step::kLead:
      if (now - since_ >= options_.lead) {
        const auto usage = read_usage(options_.server_pids);
        resident_before_ = usage ? usage->resident_bytes : 0;
        swarm_.first_frame().clear();
        enter(now, Step::kJoining);
      }
      break;
    case Step::kJoining: start_viewers(now); break;
    case Step::kSettling: settle(now); break;
    case Step::kMeasuring: measure(now); break;
    case Step::kLeaving:
      if (swarm_.size() == 0 || now - since_ >= kLeavePatience) {
        enter(now, Step::kDone);
      }
      break;
    case Step::kDone: break;
  }
}

void Course::start_publishers(Instant now) {
  const std::size_t all = options_.publishers_in_all();
  for (; publishers_started_ < std::min(all, due(now, options_.joins_per_second));
       ++publishers_started_) {
    swarm_.add(now, publisher(publishers_started_));
  }
  const Swarm::Census& census = swarm_.census();
  if (census.failed > 0) {
    failure_ = fmt::format("a publisher failed: {}", census.failure);
    stop(now);
  } else if (census.connected == all) {
    enter(now, Step::kLead);
  }
}

void Course::start_viewers(Instant now) {
  const std::size_t wanted = target_ - viewers_started_;
  if (wanted > 0) {
    const std::size_t may =
        std::min(wanted + started_in_step_, due(now, options_.joins_per_second));
    for (; started_in_step_ < may; ++started_in_step_) {
      swarm_.add(now, viewer(viewers_started_++));
    }
    return;
  }
  const Swarm::Census& census = swarm_.census();
  const Duration joining = Duration(static_cast<std::int64_t>(
      static_cast<double>(started_in_step_) / options_.joins_per_second * 1e6));
  const bool waited = now - since_ >= joining + kJoinPatience;
  const bool all_told = census.seeing + census.failed >= census.viewers;
  if (target_ > 0 && census.seeing == 0 && census.failed > 0 && (all_told || waited)) {
    failure_ = fmt::format("{} of {} viewers failed, and none saw anything: {}", census.failed,
                           census.viewers, census.failure);
    stop(now);
  } else if (all_told || waited) {
    enter(now, Step::kSettling);
  }
}

void Course::settle(Instant now) {
  if (now - since_ >= options_.settle) {
    begin_measuring(now);
  }
}

void Course::begin_measuring(Instant now) {
  swarm_.begin_span();
  if (options_.scenario == Scenario::kChurn) {
    swarm_.first_frame().clear();
  }
  usage_before_ = read_usage(options_.server_pids);
  own_before_ = own_usage();
  drops_before_ = swarm_.drops();
  resident_.clear();
  next_sample_ = now + std::chrono::seconds(1);
  churned_ = 0;
  enter(now, Step::kMeasuring);
}

void Course::measure(Instant now) {
  if (options_.scenario == Scenario::kChurn) {
    churn(now);
  }
  if (now >= next_sample_) {
    next_sample_ += std::chrono::seconds(1);
    if (const auto usage = read_usage(options_.server_pids)) {
      resident_.push_back(usage->resident_bytes);
    } else if (usage_before_) {
      failure_ = "the server's process has ended while it was measured";
      stop(now);
      return;
    }
  }
  if (now - since_ >= options_.duration) {
    end_measuring(now);
  }
}

void Course::churn(Instant now) {
  for (; churned_ < due(now, options_.churn_per_second); ++churned_) {
    Part part = viewer(churned_);
    part.comes_and_goes = true;
    if (options_.over == Over::kCall) {
      part.name = fmt::format("passer-by-{}", churned_);
    }
    if (const auto client = swarm_.add(now, part)) {
      leaving_.push_back({.at = now + options_.stay, .client = *client});
    }
  }
  while (!leaving_.empty() && leaving_.front().at <= now) {
    swarm_.leave(now, leaving_.front().client);
    leaving_.pop_front();
  }
}

void Course::end_measuring(Instant now) {
  Result result = swarm_.end_span();
  const auto usage = read_usage(options_.server_pids);
  result.span = now - since_;
  result.joins = churned_;
  const Usage own = own_usage();
  result.own_share = seconds(own.cpu - own_before_.cpu) / seconds(result.span);
  result.own_wait = seconds(own.waited - own_before_.waited) / seconds(result.span);
  result.own_drops = swarm_.drops() - drops_before_;
  result.resident_before = resident_before_;
  result.resident = resident_;
  if (usage && usage_before_) {
    result.server_cpu = usage->cpu - usage_before_->cpu;
    result.server_wait = seconds(usage->waited - usage_before_->waited) / seconds(result.span);
    result.resident_after = usage->resident_bytes;
  }
  results_.push_back(std::move(result));
  const Result& last = results_.back();
  if (options_.ramp_step != 0) {
    ramp_ended_ = own_limit(last);
    ramp_ended_ = ramp_ended_.empty() ? shortfall(last, {}) : "the generator: " + ramp_ended_;
    progress_(fmt::format("{} viewers: {}", last.viewers,
                          ramp_ended_.empty() ? "holds" : "ends here, " + ramp_ended_));
    const bool goes_on = ramp_ended_.empty() || options_.keep_going;
    if (goes_on && target_ < options_.ramp_max) {
      target_ = std::min(target_ + options_.ramp_step, options_.ramp_max);
      swarm_.first_frame().clear();
      enter(now, Step::kJoining);
      return;
    }
  }
  stop(now);
}

void Course::stop(Instant now) {
  swarm_.leave_all(now);
  enter(now, Step::kLeaving);
}

void Course::report_progress(Instant now) {
  if (now < next_progress_) {
    return;
  }
  const double span = seconds(now - progress_at_);
  const Swarm::Census& census = swarm_.census();
  const Duration own = own_usage().cpu;
  const auto usage = read_usage(options_.server_pids);
  const std::uint64_t forwarded = swarm_.totals().forwarded;
  std::string line = fmt::format(
      "{} publishers, {} viewers, {} see; {:.1f} k packets/s; p99 {:.1f} ms; this program {:.0f} %",
      census.publishers, census.viewers, census.seeing,
      static_cast<double>(forwarded - forwarded_at_progress_) / span / 1000,
      seconds(swarm_.latency().percentile(0.99)) * 1000,
      seconds(own - own_at_progress_) / span * 100);
  if (usage) {
    line += fmt::format(", server {:.0f} %, {:.1f} MB",
                        seconds(usage->cpu - server_at_progress_) / span * 100,
                        static_cast<double>(usage->resident_bytes) / 1e6);
    server_at_progress_ = usage->cpu;
  }
  if (census.failed > 0) {
    line += fmt::format("; {} failed: {}", census.failed, census.failure);
  }
  progress_(line);
  own_at_progress_ = own;
  forwarded_at_progress_ = forwarded;
  progress_at_ = now;
  next_progress_ = now + kProgressInterval;
}

}  // namespace visavis::load
