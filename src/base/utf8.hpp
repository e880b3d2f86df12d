#pragma once

#include "base/bytes.hpp"

namespace visavis {

/// Well-formed UTF-8 (RFC 3629): shortest forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(Bytes text);

}  // namespace visavis
