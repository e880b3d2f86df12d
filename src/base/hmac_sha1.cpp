// The plain SHA-1 of OpenSSL is marked deprecated in favour of EVP, whose contexts allocate each
// time a keyed state is copied: once per packet.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hmac_sha1.hpp"

#include <openssl/sha.h>

namespace visavis {
namespace {

constexpr std::size_t kBlockBytes = 64;

SHA_CTX state_after(Bytes key, unsigned char pad) {
  std::array<unsigned char, kBlockBytes> block{};
  block.fill(pad);
  for (std::size_t index = 0; index < key.size(); ++index) {
    block[index] ^= std::to_integer<unsigned char>(key[index]);
  }
  SHA_CTX state;
  SHA1_Init(&state);
  SHA1_Update(&state, block.data(), block.size());
  return state;
}

}  // namespace

struct HmacSha1::States {
  SHA_CTX inner;
  SHA_CTX outer;
};

HmacSha1::HmacSha1(Bytes key) {
  Tag digest;
  if (key.size() > kBlockBytes) {  // RFC 2104 §2
    SHA1(as_u8(key), key.size(), as_u8(MutableBytes(digest)));
    key = digest;
  }
  constexpr unsigned char kInnerPad = 0x36;
  constexpr unsigned char kOuterPad = 0x5C;
  states_ = std::make_unique<States>(
      States{.inner = state_after(key, kInnerPad), .outer = state_after(key, kOuterPad)});
}
HmacSha1::HmacSha1(HmacSha1&&) noexcept = default;
HmacSha1& HmacSha1::operator=(HmacSha1&&) noexcept = default;
HmacSha1::~HmacSha1() = default;

HmacSha1::Tag HmacSha1::tag(std::initializer_list<Bytes> parts) const {
  Tag tag;
  SHA_CTX state = states_->inner;
  for (const Bytes part : parts) {
    SHA1_Update(&state, part.data(), part.size());
  }
  SHA1_Final(as_u8(MutableBytes(tag)), &state);
  state = states_->outer;
  SHA1_Update(&state, tag.data(), tag.size());
  SHA1_Final(as_u8(MutableBytes(tag)), &state);
  return tag;
}

}  // namespace visavis
