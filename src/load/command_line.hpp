#pragma once

#include <expected>
#include <span>

#include "base/exit.hpp"
#include "load/options.hpp"

namespace visavis::load {

[[nodiscard]] std::expected<Options, Exit> read_command_line(
    std::span<const char* const> arguments);

}  // namespace visavis::load
