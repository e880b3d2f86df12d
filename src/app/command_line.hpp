#pragma once

#include <expected>
#include <span>

#include "app/config.hpp"
#include "base/exit.hpp"

namespace visavis::app {

/// Reads `visavis serve …` and the file of `--config`, over which the command line wins.
[[nodiscard]] std::expected<Config, Exit> read_command_line(std::span<const char* const> arguments);

}  // namespace visavis::app
