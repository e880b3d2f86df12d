#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"

struct evp_cipher_ctx_st;

namespace visavis::srtp {

struct FreeCipherContext {
  void operator()(evp_cipher_ctx_st* context) const;
};
/// OpenSSL's EVP_CIPHER_CTX, owned. One for a key and a direction; per packet only the IV is set.
using CipherContext = std::unique_ptr<evp_cipher_ctx_st, FreeCipherContext>;

enum class Direction : std::uint8_t { kSeal, kOpen };

[[nodiscard]] CipherContext make_counter_context(Bytes key);
/// For `add_short_key_stream()`.
[[nodiscard]] CipherContext make_block_context(Bytes key);
[[nodiscard]] CipherContext make_gcm_context(Bytes key, Direction direction);

/// Adds the key stream (AES-CTR) to what lies at `from`, and writes it to `text`, which may be the
/// same place. `iv` has 16 bytes.
void add_key_stream(CipherContext& context, Bytes iv, const std::byte* from, MutableBytes text);
/// The same in place.
void add_key_stream(CipherContext& context, Bytes iv, MutableBytes text);
/// The same stream in place, for a text of some blocks: the counters are encrypted as they are,
/// for telling EVP a new IV costs more than encrypting a packet of RTCP. Only the last 8
/// bytes of `iv` are counted up: SRTP's end in 16 zero bits (RFC 3711 §4.1.1).
void add_short_key_stream(CipherContext& context, Bytes iv, MutableBytes text);

}  // namespace visavis::srtp
