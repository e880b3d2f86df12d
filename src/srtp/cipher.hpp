#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hot_memory.hpp"
#include "srtp/cipher_context.hpp"
#include "srtp/key_derivation.hpp"
#include "srtp/packet_place.hpp"
#include "srtp/profile.hpp"

namespace visavis::srtp {

/// One direction's keys in the form that their cipher wants. Made and read by one cipher alone.
class CipherKey : public InHotMemory {
 public:
  explicit CipherKey(Profile profile) : profile_(profile) {}
  CipherKey(const CipherKey&) = delete;
  CipherKey& operator=(const CipherKey&) = delete;
  virtual ~CipherKey() = default;

  [[nodiscard]] Profile profile() const { return profile_; }

 private:
  Profile profile_;
};

/// A packet to be sealed or opened.
struct CipherJob {
  CipherKey* key = nullptr;
  MutableBytes sealed;  ///< The packet and what sealing adds.
  PacketPlace place;
  /// `seal_rtp()` alone: the plain payload, which is read here and written to `sealed` behind the
  /// header. Empty: it lies there already.
  Bytes payload{};

  [[nodiscard]] const std::byte* plain_payload() const {
    return payload.empty() ? sealed.data() + place.header_size : payload.data();
  }
};

/// What computes the transforms of RFC 3711 and RFC 7714. One thread owns it, with all keys it has
/// made; it outlives them.
///
/// RTP is sealed in batches, so that an implementation may work on many packets at once and no
/// packet pays for the choice between them; all else comes one by one.
class Cipher {
 public:
  Cipher() = default;
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;
  virtual ~Cipher() = default;

  /// For the operator: "openssl", "ipsec-mb avx512".
  [[nodiscard]] virtual std::string_view name() const = 0;

  [[nodiscard]] virtual std::unique_ptr<CipherKey> make_key(const KeySet& keys,
                                                            Direction direction) = 0;

  /// All jobs are sealed when it returns.
  virtual void seal_rtp(std::span<const CipherJob> jobs) = 0;
  /// False: the tag is wrong, and the bytes are of no use.
  [[nodiscard]] virtual bool open_rtp(const CipherJob& job) = 0;
  /// A hint: RTCP will soon be sealed or opened with this key, which is of `profile`; it is not
  /// looked at, for it may be far away.
  virtual void prefetch_rtcp(const CipherKey& /*key*/, Profile /*profile*/) const {}
  virtual void seal_rtcp(const CipherJob& job) = 0;
  [[nodiscard]] virtual bool open_rtcp(const CipherJob& job) = 0;
};

enum class CipherChoice : std::uint8_t {
  kAutomatic,  ///< ipsec-mb where it was built in and the processor has AES instructions.
  kOpenssl,
  kIpsecMb,
};

/// Null when what is forced is not there; `kAutomatic` and `kOpenssl` are always there.
[[nodiscard]] std::unique_ptr<Cipher> make_cipher(CipherChoice choice);

/// One that nobody needs to own, for it keeps nothing of its own: what a `Sealer` and an `Opener`
/// use that were given none.
[[nodiscard]] Cipher& openssl_cipher();

}  // namespace visavis::srtp
