#include "websocket/handshake.hpp"

#include <openssl/evp.h>

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
  const auto bytes = key.size() == 24 && key.ends_with("==") ? from_base64(key) : std::nullopt;
  return bytes && bytes->size() == 16;
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::byte, 20> digest{};
  unsigned size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), as_u8(MutableBytes(digest)), &size, sha1(), nullptr);
  check(done == 1 && size == digest.size());
  return to_base64(digest);
}

}  // namespace visavis::websocket
