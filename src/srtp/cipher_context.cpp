#include "srtp/cipher_context.hpp"

#include <openssl/evp.h>

#include "base/check.hpp"

namespace visavis::srtp {
namespace {

CipherContext make(const EVP_CIPHER* cipher, Bytes key, int encrypt) {
  CipherContext context(EVP_CIPHER_CTX_new());
  check(context != nullptr);
  check(EVP_CipherInit_ex(context.get(), cipher, nullptr, as_u8(key), nullptr, encrypt) == 1);
  return context;
}

}  // namespace

void FreeCipherContext::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

CipherContext make_counter_context(Bytes key) {
  return make(EVP_aes_128_ctr(), key, 1);
}

CipherContext make_gcm_context(Bytes key, Direction direction) {
  return make(EVP_aes_128_gcm(), key, direction == Direction::kSeal ? 1 : 0);
}

void add_key_stream(CipherContext& context, Bytes iv, const std::byte* from, MutableBytes text) {
  int size = 0;
  check(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, as_u8(iv), 1) == 1);
  check(EVP_CipherUpdate(context.get(), as_u8(text), &size, as_u8(Bytes(from, text.size())),
                         static_cast<int>(text.size())) == 1);
}

void add_key_stream(CipherContext& context, Bytes iv, MutableBytes text) {
  add_key_stream(context, iv, text.data(), text);
}

}  // namespace visavis::srtp
