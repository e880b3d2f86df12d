#pragma once

#include <cstddef>
#include <string_view>

namespace visavis::call {

/// Unicode code points in UTF-8 (or WTF-8) text; what is not UTF-8 counts a byte as one.
[[nodiscard]] std::size_t count_characters(std::string_view text);

/// Whether people can see it: not empty, not only blanks, no control characters.
[[nodiscard]] bool is_presentable(std::string_view name);

}  // namespace visavis::call
