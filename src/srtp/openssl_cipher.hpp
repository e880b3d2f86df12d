#pragma once

#include <memory>

#include "srtp/cipher.hpp"

namespace visavis::srtp {

/// OpenSSL's EVP, one packet after another.
[[nodiscard]] std::unique_ptr<Cipher> make_openssl_cipher();

}  // namespace visavis::srtp
