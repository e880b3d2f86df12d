#include "dtls/alert_reader.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace visavis::dtls {
namespace {

constexpr std::size_t kHeaderBytes = 13;  // RFC 6347 §4.1
constexpr std::size_t kNonceBytes = 8;    // RFC 5288 §3: the explicit part.
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kAlertBytes = 2;
constexpr std::size_t kSaltBytes = 4;
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kKeyBytesMax = 32;

struct Free {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

/// The bytes of an AES key in this connection; 0: another cipher.
std::size_t key_bytes(const SSL& connection) {
  switch (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(&connection))) {
    case NID_aes_128_gcm: return 16;
    case NID_aes_256_gcm: return 32;
    default: return 0;
  }
}

/// RFC 5246 §6.3: client's key, server's key, client's salt, server's salt.
bool derive_key_block(const SSL& connection, MutableBytes block) {
  std::array<std::byte, 48> master{};
  std::array<std::byte, 2 * kRandomBytes> seed{};
  SSL_SESSION_get_master_key(SSL_get_session(&connection), as_u8(MutableBytes(master)),
                             master.size());
  SSL_get_server_random(&connection, as_u8(MutableBytes(seed)), kRandomBytes);
  SSL_get_client_random(&connection, as_u8(MutableBytes(seed).subspan(kRandomBytes)), kRandomBytes);
  const EVP_MD* const digest = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(&connection));
  const std::unique_ptr<EVP_KDF, Free> prf(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(prf.get()));
  check(digest != nullptr && context != nullptr);
  Buffer label = to_buffer("key expansion");
  std::string name = EVP_MD_get0_name(digest);
  const std::array<OSSL_PARAM, 5> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(), master.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label.data(), label.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
      OSSL_PARAM_construct_end()};
  const bool derived =
      EVP_KDF_derive(context.get(), as_u8(block), block.size(), parameters.data()) == 1;
  OPENSSL_cleanse(master.data(), master.size());
  return derived;
}

}  // namespace

std::optional<AlertReader> AlertReader::make(ssl_st& connection, Role ours) {
  AlertReader reader;
  reader.key_size_ = key_bytes(connection);
  std::array<std::byte, 2 * (kKeyBytesMax + kSaltBytes)> room{};
  const MutableBytes block = MutableBytes(room).first(2 * (reader.key_size_ + kSaltBytes));
  if (reader.key_size_ == 0 || !derive_key_block(connection, block)) {
    return std::nullopt;
  }
  const std::size_t theirs = ours == Role::kServer ? 0 : 1;
  std::ranges::copy(block.subspan(theirs * reader.key_size_, reader.key_size_),
                    reader.key_.begin());
  std::ranges::copy(block.subspan((2 * reader.key_size_) + (theirs * kSaltBytes), kSaltBytes),
                    reader.salt_.begin());
  OPENSSL_cleanse(room.data(), room.size());
  return reader;
}

bool AlertReader::hears_end(Bytes datagram) const {
  constexpr std::size_t kLengthAt = 11;
  while (datagram.size() >= kHeaderBytes) {
    const std::size_t size = kHeaderBytes + ByteReader(datagram.subspan(kLengthAt)).u16();
    if (size > datagram.size()) {
      return false;
    }
    if (ends(datagram.first(size))) {
      return true;
    }
    datagram = datagram.subspan(size);
  }
  return false;
}

bool AlertReader::ends(Bytes record) const {
  constexpr auto kAlert = std::byte{21};
  constexpr std::uint16_t kEncryptedEpoch = 1;
  constexpr std::size_t kSize = kHeaderBytes + kNonceBytes + kAlertBytes + kTagBytes;
  ByteReader reader(record);
  const Bytes type_and_version = reader.bytes(3);
  const Bytes place = reader.bytes(8);  // Epoch and sequence number.
  if (record.size() != kSize || record.front() != kAlert ||
      ByteReader(place).u16() != kEncryptedEpoch) {
    return false;
  }
  std::array<std::byte, kSaltBytes + kNonceBytes> nonce{};
  ByteWriter(nonce).bytes(salt_);
  std::ranges::copy(record.subspan(kHeaderBytes, kNonceBytes), nonce.begin() + kSaltBytes);
  std::array<std::byte, kHeaderBytes> authenticated{};  // RFC 5246 §6.2.3.3
  ByteWriter writer(authenticated);
  writer.bytes(place);
  writer.bytes(type_and_version);
  writer.u16(kAlertBytes);

  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  Buffer tag = to_buffer(record.last(kTagBytes));
  std::array<std::byte, kAlertBytes> alert{};
  std::array<std::byte, kTagBytes> nothing{};
  int size = 0;
  const Bytes text = record.subspan(kHeaderBytes + kNonceBytes, kAlertBytes);
  const bool authentic =
      EVP_DecryptInit_ex(context.get(), key_size_ == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(),
                         nullptr, as_u8(Bytes(key_)), as_u8(Bytes(nonce))) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, as_u8(Bytes(authenticated)),
                        static_cast<int>(authenticated.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), as_u8(MutableBytes(alert)), &size, as_u8(text),
                        static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), as_u8(MutableBytes(nothing)), &size) == 1;
  constexpr auto kFatal = std::byte{2};
  constexpr auto kCloseNotify = std::byte{0};
  return authentic && (alert[0] == kFatal || alert[1] == kCloseNotify);
}

}  // namespace visavis::dtls
