#include "engineio/cors.hpp"

#include <algorithm>
#include <memory>
#include <regex>
#include <utility>

namespace visavis::engineio {
namespace {

/// The matcher of the standard library recurses: a long text would cost stack.
constexpr std::size_t kMatchedOriginMax = 1024;

void add_vary(http::Headers& headers, std::string_view name) {
  const auto present = headers.find("Vary");
  headers.set("Vary",
              present ? std::string(*present) + ", " + std::string(name) : std::string(name));
}

void add_origin(const CorsOrigin& rule, const http::Request& request, http::Headers& headers) {
  constexpr std::string_view kName = "Access-Control-Allow-Origin";
  if (rule.kind == CorsOrigin::Kind::kAny) {
    headers.set(std::string(kName), "*");
    return;
  }
  const auto origin = request.headers.find("Origin");
  if (rule.kind == CorsOrigin::Kind::kFixed) {
    headers.set(std::string(kName), rule.names.empty() ? std::string() : rule.names.front());
  } else if (origin && allows(rule, origin)) {
    headers.set(std::string(kName), std::string(*origin));
  }
  add_vary(headers, "Origin");
}

void add_preflight(const CorsOptions& options, const http::Request& request,
                   http::Headers& headers) {
  headers.set("Access-Control-Allow-Methods", options.methods);
  if (!options.allowed_headers.empty()) {
    headers.set("Access-Control-Allow-Headers", options.allowed_headers);
  } else {
    add_vary(headers, "Access-Control-Request-Headers");
    if (const auto wanted = request.headers.find("Access-Control-Request-Headers")) {
      headers.set("Access-Control-Allow-Headers", std::string(*wanted));
    }
  }
  if (options.max_age_s) {
    headers.set("Access-Control-Max-Age", std::to_string(*options.max_age_s));
  }
}

}  // namespace

std::expected<OriginTest, Error> origin_pattern(const std::string& pattern) {
  try {
    const auto compiled =
        std::make_shared<const std::regex>(pattern);  // shared by the test's copies
    return [compiled](std::string_view origin) {
      try {
        return origin.size() <= kMatchedOriginMax &&
               std::regex_search(origin.begin(), origin.end(), *compiled);
      } catch (const std::regex_error&) {
        return false;  // it ran out of steps
      }
    };
  } catch (const std::regex_error& error) {
    return std::unexpected(Error{"\"" + pattern + "\" is no regular expression: " + error.what()});
  }
}

CorsOrigin CorsOrigin::one_of(std::vector<std::string> names, std::vector<OriginTest> tests) {
  if (std::ranges::find(names, "*") != names.end()) {
    return any();
  }
  return {.kind = Kind::kMatch, .names = std::move(names), .tests = std::move(tests)};
}

bool allows(const CorsOrigin& rule, std::optional<std::string_view> origin) {
  switch (rule.kind) {
    case CorsOrigin::Kind::kOff: return false;
    case CorsOrigin::Kind::kAny:
    case CorsOrigin::Kind::kReflect: return true;
    case CorsOrigin::Kind::kFixed:
    case CorsOrigin::Kind::kMatch: break;
  }
  return origin && (std::ranges::find(rule.names, *origin) != rule.names.end() ||
                    std::ranges::any_of(rule.tests, [&](const OriginTest& test) noexcept {
                      return test(*origin);
                    }));
}

void add_cors_headers(const CorsOptions& options, const CorsOrigin& rule,
                      const http::Request& request, http::Headers& headers) {
  if (rule.kind == CorsOrigin::Kind::kOff) {
    return;
  }
  add_origin(rule, request, headers);
  if (options.credentials) {
    headers.set("Access-Control-Allow-Credentials", "true");
  }
  if (request.method == "OPTIONS") {
    add_preflight(options, request, headers);
  }
  if (!options.exposed_headers.empty()) {
    headers.set("Access-Control-Expose-Headers", options.exposed_headers);
  }
}

}  // namespace visavis::engineio
