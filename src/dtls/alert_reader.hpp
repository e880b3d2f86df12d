#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "dtls/session.hpp"

struct ssl_st;

namespace visavis::dtls {

/// What is left of a DTLS 1.2 connection when OpenSSL's state is gone: enough to understand that
/// the peer ends it. 60 bytes instead of 76 kB. Inside this module only.
class AlertReader {
 public:
  /// Of a connection whose handshake is done. Nothing for a cipher suite that is not AES-GCM (RFC
  /// 5288), which all browsers agree to.
  [[nodiscard]] static std::optional<AlertReader> make(ssl_st& connection, Role ours);

  /// Whether the peer ends the connection in this datagram: with close_notify, or with an alert
  /// that is fatal (RFC 5246 §7.2). What does not authenticate says nothing.
  [[nodiscard]] bool hears_end(Bytes datagram) const;

 private:
  AlertReader() = default;
  [[nodiscard]] bool ends(Bytes record) const;

  std::array<std::byte, 32> key_{};  ///< The peer's; AES-128 takes the first half.
  std::size_t key_size_ = 0;
  std::array<std::byte, 4> salt_{};  ///< RFC 5288 §3
};

}  // namespace visavis::dtls
