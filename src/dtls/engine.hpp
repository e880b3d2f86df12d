#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dtls/identity_context.hpp"
#include "dtls/session.hpp"

struct ssl_st;

namespace visavis::dtls {

/// What became of a call into OpenSSL.
enum class Step : std::uint8_t { kWaiting, kDone, kClosed, kFailed };

/// OpenSSL's state of one session: 40 to 76 kB. Inside this module only.
class Session::Engine {
 public:
  Engine(Role role, Identity identity, Fingerprint remote);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Goes on with the handshake, or, when that is done, with what comes after it. `datagram` may be
  /// empty.
  [[nodiscard]] Step advance(Bytes datagram);
  [[nodiscard]] std::vector<Buffer> take_written() { return std::exchange(port_.outgoing, {}); }
  [[nodiscard]] bool mismatch() const { return expected_.mismatch; }
  /// Nothing when no SRTP profile was agreed on.
  [[nodiscard]] std::optional<Keys> export_keys() const;
  /// close_notify, sealed with keys that are gone with this engine; to be sent later, or never.
  [[nodiscard]] Buffer write_goodbye();
  /// Null when the end of such a connection cannot be understood without OpenSSL.
  [[nodiscard]] std::unique_ptr<const AlertReader> make_alert_reader() const;

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };

  [[nodiscard]] Step read_rest();

  Identity identity_;  ///< Keeps alive what `tls_` points into.
  ExpectedPeer expected_;
  DatagramPort port_;
  std::unique_ptr<ssl_st, Free> tls_;
  Role role_;
  bool done_ = false;
};

}  // namespace visavis::dtls
