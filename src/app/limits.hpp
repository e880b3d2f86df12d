#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "base/error.hpp"

namespace visavis::app {

/// Changes the limit of this name (`[limits]` in the file, `--limit NAME=VALUE`).
[[nodiscard]] std::expected<void, Error> set_limit(Config& config, std::string_view name,
                                                   double value);

/// Each limit with its value in `config`, a line each, for `--help`.
[[nodiscard]] std::string describe_limits(const Config& config);

}  // namespace visavis::app
