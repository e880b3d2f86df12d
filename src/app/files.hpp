#pragma once

#include <expected>
#include <string>

#include "base/error.hpp"

namespace visavis::app {

/// The whole of a small file (a certificate, a configuration, a part of the page).
[[nodiscard]] std::expected<std::string, Error> read_file(const std::string& path);

}  // namespace visavis::app
