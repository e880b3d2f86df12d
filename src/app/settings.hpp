#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "base/error.hpp"

namespace visavis::app {

/// One setting, of the command line or of the file: both know the same names.
struct Setting {
  std::string_view name;     ///< "http", as in `--http` and `http = …`.
  std::string_view values;   ///< "HOST:PORT", for `--help`.
  std::string_view meaning;  ///< For `--help`.
  bool repeatable = false;
  std::expected<void, Error> (*apply)(Config&, std::span<const std::string>);
};

[[nodiscard]] std::span<const Setting> settings();

/// What no single setting can see: certificate without key, and the like.
[[nodiscard]] std::expected<void, Error> check_together(const Config& config);

}  // namespace visavis::app
