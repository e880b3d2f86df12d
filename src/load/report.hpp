#pragma once

#include <span>
#include <string>

#include "load/options.hpp"
#include "load/results.hpp"

namespace visavis::load {

/// For people: a column for each result.
[[nodiscard]] std::string write_table(std::span<const Result> results);
/// For programs; durations in ms, memory in bytes. `ramp_ended` as `Course` tells it.
[[nodiscard]] std::string write_json(const Options& options, std::span<const Result> results,
                                     const std::string& ramp_ended);
/// How many viewers a ramp's last good step had; 0 when none was good.
[[nodiscard]] std::size_t capacity(std::span<const Result> results);

}  // namespace visavis::load
