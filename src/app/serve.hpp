#pragma once

#include <expected>

#include "app/config.hpp"
#include "base/error.hpp"

namespace visavis::app {

/// Serves until SIGTERM or SIGINT. Prints a line beginning "ready" for each URL.
[[nodiscard]] std::expected<void, Error> serve(Config config);

}  // namespace visavis::app
