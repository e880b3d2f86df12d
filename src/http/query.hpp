#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace visavis::http {

/// A query string taken apart as `application/x-www-form-urlencoded` (WHATWG URL §5.1): '+' is a
/// space, "%41" is "A", a '%' without two hexadecimal digits stays as it is. In order, with
/// duplicates.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

/// A segment of a path (RFC 3986 §2.1): "%41" is "A", '+' is itself; nothing when a '%' stands
/// without two hexadecimal digits.
[[nodiscard]] std::optional<std::string> decode_segment(std::string_view segment);

}  // namespace visavis::http
