#pragma once

#include "engineio/options.hpp"
#include "http/message.hpp"

namespace visavis::engineio {

/// Adds what every answer to `request` must bear (Fetch standard §3.2).
void add_cors_headers(const CorsOptions& options, const http::Request& request,
                      http::Headers& headers);

/// The answer to OPTIONS.
[[nodiscard]] http::Response preflight_response(const CorsOptions& options,
                                                const http::Request& request);

}  // namespace visavis::engineio
