#pragma once

#include <expected>
#include <string>

#include "base/error.hpp"
#include "http/static_files.hpp"

namespace visavis::app {

/// Reads the built page in `directory` into memory, with the headers that keep it safe.
[[nodiscard]] std::expected<http::StaticFiles, Error> load_page(const std::string& directory);

/// Where the build or the package puts the page; empty when it was never built.
[[nodiscard]] std::string find_page();

/// Says how to build the page.
[[nodiscard]] http::StaticFiles missing_page();

}  // namespace visavis::app
