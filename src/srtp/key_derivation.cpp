#include "srtp/key_derivation.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "srtp/cipher_context.hpp"

namespace visavis::srtp {
namespace {

// RFC 3711 §4.3.2; SRTCP's labels follow SRTP's.
constexpr unsigned kLabelCipher = 0;
constexpr unsigned kLabelAuthentication = 1;
constexpr unsigned kLabelSalt = 2;
constexpr unsigned kLabelsOfRtcp = 3;

/// Fills `out` with the pseudo-random function's output for a label (RFC 3711 §4.3.3). A salt of
/// 96 bits counts as padded with zeros to 112 (RFC 7714 §11).
void derive(CipherContext& context, Bytes salt, unsigned label, MutableBytes out) {
  constexpr std::size_t kLabelAt = 7;
  std::array<std::byte, 16> iv{};
  std::ranges::copy(salt, iv.begin());
  iv[kLabelAt] ^= static_cast<std::byte>(label);
  std::ranges::fill(out, std::byte{});
  add_key_stream(context, iv, out);
}

}  // namespace

SessionKeys derive_keys(Profile profile, Bytes key, Bytes salt, KeyUse use) {
  check(key.size() == kKeyBytes && salt.size() == salt_bytes(profile));
  const unsigned labels = use == KeyUse::kRtp ? 0 : kLabelsOfRtcp;
  CipherContext context = make_counter_context(key);
  SessionKeys keys;
  derive(context, salt, labels + kLabelCipher, keys.cipher);
  derive(context, salt, labels + kLabelAuthentication, keys.authentication);
  derive(context, salt, labels + kLabelSalt, MutableBytes(keys.salt).first(salt.size()));
  return keys;
}

KeySet derive_key_set(Profile profile, Bytes key, Bytes salt) {
  return {.profile = profile,
          .rtp = derive_keys(profile, key, salt, KeyUse::kRtp),
          .rtcp = derive_keys(profile, key, salt, KeyUse::kRtcp)};
}

}  // namespace visavis::srtp
