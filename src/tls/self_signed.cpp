#include "tls/self_signed.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string>

#include "base/address.hpp"

namespace visavis::tls {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr std::int64_t kDay = 86'400;
/// Apple's systems refuse longer ones, and a clock may be a day off.
constexpr std::int64_t kValidDays = 397;

bool set_serial(X509* certificate) {
  std::array<unsigned char, 8> bytes{};  // RFC 5280 §4.1.2.2: positive, unique.
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return false;
  }
  std::uint64_t serial = 0;
  for (const unsigned char byte : bytes) {
    serial = (serial << 8U) | byte;
  }
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1;
}

bool set_validity(X509* certificate, std::int64_t now) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), now - kDay) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), now + (kValidDays * kDay)) != nullptr;
}

bool set_names(X509* certificate) {
  X509_NAME* const name = X509_get_subject_name(certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>("Visavis");
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()), &X509_EXTENSION_free);
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += list.empty() ? "" : ",";
    list += IpAddress::parse(name) ? "IP:" : "DNS:";
    list += name;
  }
  return list;
}

bool fill(X509* certificate, EVP_PKEY* key, const TlsContext::SelfSigned& options) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         set_validity(certificate, options.unix_now) && set_names(certificate) &&
         X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, alternative_names(options.names)) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::expected<PemPair, Error> make_self_signed(const TlsContext::SelfSigned& options) {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate certificate(X509_new(), &X509_free);
  const Bio certificate_text(BIO_new(BIO_s_mem()), &BIO_free);
  const Bio key_text(BIO_new(BIO_s_mem()), &BIO_free);
  const bool made = key != nullptr && fill(certificate.get(), key.get(), options) &&
                    PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1 &&
                    PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0,
                                             nullptr, nullptr) == 1;
  if (!made) {
    return std::unexpected(
        Error{"cannot make a self-signed certificate: a name in it is no host "
              "name or IP address"});
  }
  return PemPair{.certificate = text_of(certificate_text.get()), .key = text_of(key_text.get())};
}

}  // namespace visavis::tls
