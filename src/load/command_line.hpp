#pragma once

#include <expected>
#include <span>
#include <string>

#include "load/options.hpp"

namespace visavis::load {

/// The program ends here: help was asked for, or something was wrong.
struct Exit {
  static constexpr int kOk = 0;
  static constexpr int kFailure = 1;
  static constexpr int kUsage = 2;

  int code = kOk;
  std::string text;  ///< For stdout if `kOk`; otherwise one line for stderr.
};

[[nodiscard]] std::expected<Options, Exit> read_command_line(
    std::span<const char* const> arguments);

}  // namespace visavis::load
