// The plain SHA-1 of OpenSSL is marked deprecated in favour of EVP, whose contexts allocate each
// time a keyed state is copied: once per packet.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hmac_sha1.hpp"

#include <openssl/sha.h>

namespace visavis {
namespace {

constexpr std::size_t kBlockBytes = 64;

SHA_CTX resumed(const std::array<std::uint32_t, 5>& state) {
  SHA_CTX context;
  SHA1_Init(&context);
  context.h0 = state[0];
  context.h1 = state[1];
  context.h2 = state[2];
  context.h3 = state[3];
  context.h4 = state[4];
  context.Nl = kBlockBytes * 8;
  return context;
}

}  // namespace

HmacSha1::State HmacSha1::state_after(Bytes key, unsigned char pad) {
  std::array<unsigned char, kBlockBytes> block{};
  block.fill(pad);
  for (std::size_t index = 0; index < key.size(); ++index) {
    block[index] ^= std::to_integer<unsigned char>(key[index]);
  }
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, block.data(), block.size());
  return {context.h0, context.h1, context.h2, context.h3, context.h4};
}

HmacSha1::HmacSha1(Bytes key) {
  Tag digest;
  if (key.size() > kBlockBytes) {  // RFC 2104 §2
    SHA1(as_u8(key), key.size(), as_u8(MutableBytes(digest)));
    key = digest;
  }
  constexpr unsigned char kInnerPad = 0x36;
  constexpr unsigned char kOuterPad = 0x5C;
  inner_ = state_after(key, kInnerPad);
  outer_ = state_after(key, kOuterPad);
}

HmacSha1::Tag HmacSha1::tag(std::initializer_list<Bytes> parts) const {
  Tag tag;
  SHA_CTX context = resumed(inner_);
  for (const Bytes part : parts) {
    SHA1_Update(&context, part.data(), part.size());
  }
  SHA1_Final(as_u8(MutableBytes(tag)), &context);
  context = resumed(outer_);
  SHA1_Update(&context, tag.data(), tag.size());
  SHA1_Final(as_u8(MutableBytes(tag)), &context);
  return tag;
}

}  // namespace visavis
