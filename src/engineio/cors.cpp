#include "engineio/cors.hpp"

#include <algorithm>
#include <string>

namespace visavis::engineio {
namespace {

bool any_origin(const CorsOptions& options) {
  return std::ranges::find(options.origins, "*") != options.origins.end();
}

void add_vary(http::Headers& headers, std::string_view name) {
  const auto present = headers.find("Vary");
  headers.set("Vary",
              present ? std::string(*present) + ", " + std::string(name) : std::string(name));
}

void add_origin(const CorsOptions& options, const http::Request& request, http::Headers& headers) {
  if (any_origin(options)) {
    headers.add("Access-Control-Allow-Origin", "*");
  } else {
    const auto origin = request.headers.find("Origin");
    if (origin && std::ranges::find(options.origins, *origin) != options.origins.end()) {
      headers.add("Access-Control-Allow-Origin", std::string(*origin));
    }
    add_vary(headers, "Origin");
  }
  if (options.credentials) {
    headers.add("Access-Control-Allow-Credentials", "true");
  }
}

}  // namespace

void add_cors_headers(const CorsOptions& options, const http::Request& request,
                      http::Headers& headers) {
  add_origin(options, request, headers);
  if (!options.exposed_headers.empty()) {
    headers.add("Access-Control-Expose-Headers", options.exposed_headers);
  }
}

http::Response preflight_response(const CorsOptions& options, const http::Request& request) {
  http::Response response;
  response.status = 204;
  http::Headers& headers = response.headers;
  add_cors_headers(options, request, headers);
  headers.add("Access-Control-Allow-Methods", options.methods);
  if (!options.allowed_headers.empty()) {
    headers.add("Access-Control-Allow-Headers", options.allowed_headers);
  } else {
    add_vary(headers, "Access-Control-Request-Headers");
    if (const auto wanted = request.headers.find("Access-Control-Request-Headers")) {
      headers.add("Access-Control-Allow-Headers", std::string(*wanted));
    }
  }
  if (options.max_age_s) {
    headers.add("Access-Control-Max-Age", std::to_string(*options.max_age_s));
  }
  return response;
}

}  // namespace visavis::engineio
