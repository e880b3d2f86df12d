#include "dtls/engine.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "dtls/alert_reader.hpp"

namespace visavis::dtls {
namespace {

/// OpenSSL would resend by its own clock; `Session` does so by ours. An hour is never: a handshake
/// that takes more than `Session::kHandshakeMax` is given up.
unsigned never_resend(SSL* /*session*/, unsigned /*last_us*/) {
  return 3'600'000'000U;
}

/// Both directions' keys and salts (RFC 5764 §4.2, RFC 3711 §8.2, RFC 7714 §12).
std::size_t exported_bytes(unsigned long profile) {
  return profile == SRTP_AEAD_AES_128_GCM ? 2 * (16 + 12) : 2 * (16 + 14);
}

}  // namespace

Session::Engine::Engine(Role role, Identity identity, Fingerprint remote)
    : identity_(std::move(identity)),
      expected_{.fingerprint = std::move(remote)},
      tls_(SSL_new(identity_.context().tls.get())),
      role_(role) {
  BIO* const bio = BIO_new(identity_.context().datagrams.get());
  check(tls_ != nullptr && bio != nullptr);
  BIO_set_data(bio, &port_);
  SSL_set_bio(tls_.get(), bio, bio);
  SSL_set_app_data(tls_.get(), &expected_);
  SSL_set_mtu(tls_.get(), static_cast<long>(kDatagramBytesMax));
  DTLS_set_timer_cb(tls_.get(), never_resend);
  if (role == Role::kServer) {
    SSL_set_accept_state(tls_.get());
  } else {
    SSL_set_connect_state(tls_.get());
  }
}

Session::Engine::~Engine() = default;

void Session::Engine::Free::operator()(ssl_st* session) const {
  SSL_free(session);
}

Step Session::Engine::advance(Bytes datagram) {
  port_.incoming = datagram;
  ERR_clear_error();
  Step step = Step::kWaiting;
  if (!done_) {
    const int result = SSL_do_handshake(tls_.get());
    done_ = result == 1;
    if (!done_ && SSL_get_error(tls_.get(), result) != SSL_ERROR_WANT_READ) {
      step = Step::kFailed;
    }
  }
  if (done_) {
    step = read_rest();
  }
  port_.incoming = {};
  ERR_clear_error();
  return step;
}

/// Application data is thrown away: nobody here speaks data channels. What counts is the peer's
/// goodbye, and its last flight again, which OpenSSL answers by itself.
Step Session::Engine::read_rest() {
  std::array<std::byte, kDatagramBytesMax> scratch{};
  while (true) {
    const int result = SSL_read(tls_.get(), scratch.data(), static_cast<int>(scratch.size()));
    if (result > 0) {
      continue;
    }
    const bool closed = (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    return closed ? Step::kClosed : Step::kDone;
  }
}

std::optional<Keys> Session::Engine::export_keys() const {
  static constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 §4.2
  const SRTP_PROTECTION_PROFILE* const profile = SSL_get_selected_srtp_profile(tls_.get());
  if (profile == nullptr) {
    return std::nullopt;
  }
  Keys keys{.profile = static_cast<std::uint16_t>(profile->id),
            .material = Buffer(exported_bytes(profile->id))};
  const int exported =
      SSL_export_keying_material(tls_.get(), as_u8(MutableBytes(keys.material)),
                                 keys.material.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0);
  check(exported == 1);
  return keys;
}

Buffer Session::Engine::write_goodbye() {
  SSL_shutdown(tls_.get());
  ERR_clear_error();
  const std::vector<Buffer> written = take_written();
  return written.empty() ? Buffer{} : written.front();
}

std::unique_ptr<const AlertReader> Session::Engine::make_alert_reader() const {
  const auto reader = AlertReader::make(*tls_, role_);
  return reader ? std::make_unique<const AlertReader>(*reader) : nullptr;
}

}  // namespace visavis::dtls
