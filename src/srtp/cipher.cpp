#include "srtp/cipher.hpp"

#include "srtp/ipsec_mb_cipher.hpp"
#include "srtp/openssl_cipher.hpp"

namespace visavis::srtp {

std::unique_ptr<Cipher> make_cipher(CipherChoice choice) {
  if (choice == CipherChoice::kOpenssl) {
    return make_openssl_cipher();
  }
  std::unique_ptr<Cipher> cipher = make_ipsec_mb_cipher();
  if (cipher == nullptr && choice == CipherChoice::kAutomatic) {
    return make_openssl_cipher();
  }
  return cipher;
}

}  // namespace visavis::srtp
