#include "websocket/handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/base64.hpp"
#include "base/check.hpp"

namespace visavis::websocket {
namespace {

/// Looked up once: that takes OpenSSL longer than the digest.
const EVP_MD* sha1() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return found;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// One for each thread: making one takes as long as the digest.
EVP_MD_CTX* begun_digest() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  check(EVP_DigestInit_ex(context.get(), sha1(), nullptr) == 1);
  return context.get();
}

}  // namespace

bool is_key(std::string_view key) {
  // 22 digits and the padding: 16 bytes, whatever the digits are.
  return key.size() == 24 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, 22), is_base64_digit);
}

std::string accept_key(std::string_view key) {
  constexpr std::string_view kSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  EVP_MD_CTX* const context = begun_digest();
  std::array<std::byte, 20> digest{};
  unsigned size = 0;
  const bool done = EVP_DigestUpdate(context, key.data(), key.size()) == 1 &&
                    EVP_DigestUpdate(context, kSuffix.data(), kSuffix.size()) == 1 &&
                    EVP_DigestFinal_ex(context, as_u8(MutableBytes(digest)), &size) == 1;
  check(done && size == digest.size());
  return to_base64(digest);
}

}  // namespace visavis::websocket
