#include "srtp/openssl_cipher.hpp"

#include <utility>

#include "base/check.hpp"
#include "srtp/protection.hpp"

namespace visavis::srtp {
namespace {

struct OpensslKey final : CipherKey {
  OpensslKey(const KeySet& keys, Direction direction)
      : CipherKey(keys.profile), protection(make_protection(keys, direction)) {}

  Protection protection;
};

Protection& protection_of(const CipherJob& job) {
  return static_cast<OpensslKey*>(job.key)->protection;
}

class OpensslCipher final : public Cipher {
 public:
  [[nodiscard]] std::string_view name() const override { return "openssl"; }

  [[nodiscard]] std::unique_ptr<CipherKey> make_key(const KeySet& keys,
                                                    Direction direction) override {
    return std::make_unique<OpensslKey>(keys, direction);
  }

  void seal_rtp(std::span<const CipherJob> jobs) override {
    for (const CipherJob& job : jobs) {
      std::visit(
          [&](auto& protection) {
            protection.seal_rtp(job.sealed, job.place, job.plain_payload());
          },
          protection_of(job));
    }
  }
  [[nodiscard]] bool open_rtp(const CipherJob& job) override {
    return std::visit([&](auto& protection) { return protection.open_rtp(job.sealed, job.place); },
                      protection_of(job));
  }
  void seal_rtcp(const CipherJob& job) override {
    std::visit([&](auto& protection) { protection.seal_rtcp(job.sealed, job.place); },
               protection_of(job));
  }
  [[nodiscard]] bool open_rtcp(const CipherJob& job) override {
    return std::visit([&](auto& protection) { return protection.open_rtcp(job.sealed, job.place); },
                      protection_of(job));
  }
};

}  // namespace

std::unique_ptr<Cipher> make_openssl_cipher() {
  return std::make_unique<OpensslCipher>();
}

Cipher& openssl_cipher() {
  static OpensslCipher cipher;
  return cipher;
}

}  // namespace visavis::srtp
