#pragma once

#include <string_view>

namespace visavis::app {

/// Of the whole program: `project(visavis VERSION …)`.
inline constexpr std::string_view kVersion = VISAVIS_VERSION;

}  // namespace visavis::app
