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

/// A parameter as it stands in the query.
struct RawParameter {
  std::string_view name;
  std::string_view value;
};
/// Takes the next one off the front of `query`; nothing after the last.
[[nodiscard]] std::optional<RawParameter> take_parameter(std::string_view& query);
/// A name or a value decoded: itself where nothing is to be decoded, else what `storage` holds
/// then.
[[nodiscard]] std::string_view decoded_part(std::string_view part, std::string& storage);

/// A segment of a path (RFC 3986 §2.1): "%41" is "A", '+' is itself; nothing when a '%' stands
/// without two hexadecimal digits.
[[nodiscard]] std::optional<std::string> decode_segment(std::string_view segment);

}  // namespace visavis::http
