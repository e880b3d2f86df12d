#pragma once

#include <chrono>
#include <string>

namespace visavis::json {

/// A JavaScript Date: milliseconds since 1970, UTC.
using Date = std::chrono::sys_time<std::chrono::milliseconds>;

/// As `Date.prototype.toISOString` writes it, and `JSON.stringify` with it:
/// "2026-11-22T20:15:30.250Z" (ECMAScript §21.4.1.32).
[[nodiscard]] std::string to_iso_string(Date date);
/// As `Date.prototype.toString` writes it where the clock shows UTC:
/// "Sun Nov 22 2026 20:15:30 GMT+0000 (Coordinated Universal Time)".
[[nodiscard]] std::string to_date_string(Date date);

}  // namespace visavis::json
