#pragma once

#include <expected>
#include <string>

#include "app/config.hpp"
#include "base/error.hpp"

namespace visavis::app {

/// Applies a TOML file: the settings of the command line under the same names, `[limits]`, and
/// `[[ice-servers]]` with `urls`, `username`, `credential`. Unknown names are errors.
[[nodiscard]] std::expected<void, Error> apply_config_file(Config& config, const std::string& path);
/// The same for its text; `path` is for messages.
[[nodiscard]] std::expected<void, Error> apply_config_text(Config& config, std::string_view text,
                                                           const std::string& path);

}  // namespace visavis::app
