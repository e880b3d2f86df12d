#pragma once

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "dtls/identity.hpp"
#include "srtp/cipher.hpp"

/// All that can seal what leaves: who computes, and what was agreed on.
namespace visavis::sfu {

using TestCipher = std::tuple<srtp::CipherChoice, dtls::SrtpProfiles>;

inline const auto kTestCiphers =
    testing::Combine(testing::Values(srtp::CipherChoice::kOpenssl, srtp::CipherChoice::kIpsecMb),
                     testing::Values(dtls::SrtpProfiles::kAll, dtls::SrtpProfiles::kCm));

inline std::string test_cipher_name(const testing::TestParamInfo<TestCipher>& named) {
  const auto [cipher, profiles] = named.param;
  return std::string(cipher == srtp::CipherChoice::kOpenssl ? "Openssl" : "IpsecMb") +
         (profiles == dtls::SrtpProfiles::kAll ? "Gcm" : "Cm");
}

}  // namespace visavis::sfu
