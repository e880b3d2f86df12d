#include "websocket/handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/check.hpp"

namespace visavis::websocket {
namespace {

/// Looked up once: that takes OpenSSL longer than the digest.
const EVP_MD* sha1() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return found;
}

}  // namespace

bool is_key(std::string_view key) {
  // 22 digits and the padding: 16 bytes, whatever the digits are.
  return key.size() == 24 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, 22), is_base64_digit);
}

std::string accept_key(std::string_view key) {
  constexpr std::string_view kSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::string text;
  text.reserve(key.size() + kSuffix.size());
  text += key;
  text += kSuffix;
  std::array<std::byte, 20> digest{};
  unsigned size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), as_u8(MutableBytes(digest)), &size, sha1(), nullptr);
  check(done == 1 && size == digest.size());
  return to_base64(digest);
}

}  // namespace visavis::websocket
