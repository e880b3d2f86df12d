#include "srtp/cipher_context.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/big_endian.hpp"
#include "base/check.hpp"

namespace visavis::srtp {
namespace {

constexpr std::size_t kBlockBytes = 16;  // FIPS 197
constexpr std::size_t kHalfBytes = kBlockBytes / 2;
constexpr std::size_t kBlocksAtOnce = 16;

std::uint64_t load(const std::byte* at) {
  std::uint64_t number = 0;
  std::memcpy(&number, at, sizeof(number));
  return number;
}

/// Adds `stream`, which is as long, to `text`, a word at a time: SRTCP is short, but often.
void add(Bytes stream, MutableBytes text) {
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t sum = load(&text[at]) ^ load(&stream[at]);
    std::memcpy(&text[at], &sum, sizeof(sum));
  }
  for (; at < text.size(); ++at) {
    text[at] ^= stream[at];
  }
}

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

CipherContext make_block_context(Bytes key) {
  CipherContext context = make(EVP_aes_128_ecb(), key, 1);
  check(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  return context;
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

void add_short_key_stream(CipherContext& context, Bytes iv, MutableBytes text) {
  check(iv.size() == kBlockBytes);
  std::array<std::byte, kBlockBytes * kBlocksAtOnce> blocks;
  std::uint64_t counter = big_endian(load(&iv[kHalfBytes]));
  while (!text.empty()) {
    const std::size_t size = std::min(text.size(), blocks.size());
    const std::size_t rounded = (size + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    for (std::size_t at = 0; at < rounded; at += kBlockBytes) {
      const std::uint64_t low = big_endian(counter++);
      std::memcpy(&blocks[at], iv.data(), kHalfBytes);
      std::memcpy(&blocks[at + kHalfBytes], &low, kHalfBytes);
    }
    int written = 0;
    std::uint8_t* const place = as_u8(MutableBytes(blocks));
    check(EVP_CipherUpdate(context.get(), place, &written, place, static_cast<int>(rounded)) == 1);
    add(Bytes(blocks).first(size), text.first(size));
    text = text.subspan(size);
  }
}

}  // namespace visavis::srtp
