#pragma once

#include <memory>

#include "srtp/cipher.hpp"

namespace visavis::srtp {

/// Intel's multi-buffer library: GCM by direct calls, CM-SHA1 over up to 16 packets at once. Null
/// when it was not built in, or the processor lacks AES instructions.
[[nodiscard]] std::unique_ptr<Cipher> make_ipsec_mb_cipher();

}  // namespace visavis::srtp
