#pragma once

#include <memory>
#include <string>
#include <vector>

#include "srtp/cipher.hpp"

/// Both profiles under each cipher that this build and machine have.
namespace visavis::srtp::test {

struct CipherCase {
  Profile profile;
  CipherChoice choice;
};

inline std::vector<CipherCase> cipher_cases() {
  std::vector<CipherCase> cases;
  for (const CipherChoice choice : {CipherChoice::kOpenssl, CipherChoice::kIpsecMb}) {
    if (make_cipher(choice) == nullptr) {
      continue;  // `AutomaticChoice` tells when that is wrong.
    }
    for (const Profile profile : {Profile::kAeadAes128Gcm, Profile::kAes128CmSha1_80}) {
      cases.push_back({profile, choice});
    }
  }
  return cases;
}

inline std::string name_of(const CipherCase& at) {
  return std::string(at.profile == Profile::kAeadAes128Gcm ? "Gcm" : "CmSha1") +
         (at.choice == CipherChoice::kOpenssl ? "Openssl" : "IpsecMb");
}

}  // namespace visavis::srtp::test
