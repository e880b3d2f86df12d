#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

namespace visavis::engineio {

/// Whether the pages of an origin may ask. As with `Callback`, an exception ends the program.
using OriginTest = std::function<bool(std::string_view origin)>;

/// Origins in which `pattern`, a regular expression in JavaScript's way, is found. Origins of more
/// than 1 kB are not looked at. An error when it is no regular expression.
[[nodiscard]] std::expected<OriginTest, Error> origin_pattern(const std::string& pattern);

/// Whose pages may ask, as the option `origin` of npm's `cors` says it.
struct CorsOrigin {
  enum class Kind : std::uint8_t {
    kOff,      ///< `false`: no field is added, and preflights are requests like any other
    kAny,      ///< `"*"`
    kReflect,  ///< `true`: whoever asks
    kFixed,    ///< a string: this one, whoever asks
    kMatch,    ///< a list: those in `names` and those that pass one of `tests`
  };
  Kind kind = Kind::kAny;
  std::vector<std::string> names{};  ///< one for `kFixed`
  std::vector<OriginTest> tests{};

  [[nodiscard]] static CorsOrigin off() { return {.kind = Kind::kOff, .names = {}, .tests = {}}; }
  [[nodiscard]] static CorsOrigin any() { return {}; }
  [[nodiscard]] static CorsOrigin reflect() {
    return {.kind = Kind::kReflect, .names = {}, .tests = {}};
  }
  [[nodiscard]] static CorsOrigin fixed(std::string origin) {
    return {.kind = Kind::kFixed, .names = {std::move(origin)}, .tests = {}};
  }
  /// "*" among them allows all.
  [[nodiscard]] static CorsOrigin one_of(std::vector<std::string> names,
                                         std::vector<OriginTest> tests = {});
};

/// Told once, now or later; an error refuses the request.
using OriginVerdict =
    std::move_only_function<void(Instant, std::expected<CorsOrigin, std::string>)>;

/// Cross-origin requests (Fetch standard §3.2), answered as npm's `cors` answers them.
struct CorsOptions {
  CorsOrigin origin{};
  /// Instead of `origin`: asked for every request, with its Origin if it has one. The server takes
  /// it as a `Callback`: an exception ends the program.
  std::function<void(Instant, std::optional<std::string_view> origin, OriginVerdict)> decide{};
  std::string methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
  /// Empty: what the preflight asks for is allowed.
  std::string allowed_headers{};
  std::string exposed_headers{};
  bool credentials = false;
  std::optional<unsigned> max_age_s{};
  /// A preflight gets its fields and goes on to the middlewares, which have to answer it.
  bool preflight_continue = false;
  unsigned options_success_status = 204;
};

/// Whether a page of this origin may read our answers.
[[nodiscard]] bool allows(const CorsOrigin& rule, std::optional<std::string_view> origin);

/// Adds what the answer to `request` must bear, and the more that the answer to a preflight does.
void add_cors_headers(const CorsOptions& options, const CorsOrigin& rule,
                      const http::Request& request, http::Headers& headers);

}  // namespace visavis::engineio
