#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis {

/// Standard alphabet with padding (RFC 4648 §4).
[[nodiscard]] std::string to_base64(Bytes bytes);
/// One of the alphabet's 64 letters; padding is none.
[[nodiscard]] bool is_base64_digit(char letter);
/// Nothing when `text` is not base64. Padding may be missing, as Node's `Buffer.from` allows.
[[nodiscard]] std::optional<Buffer> from_base64(std::string_view text);

}  // namespace visavis
