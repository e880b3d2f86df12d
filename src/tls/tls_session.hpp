#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "tls/tls_context.hpp"

struct ssl_st;

namespace visavis::tls {

/// One TLS connection without I/O: ciphertext in and out, plaintext in and out.
///
/// After each `handle_ciphertext` read until 0, then send what `poll_ciphertext` gives, until it
/// gives 0. TLS has no timers; whoever drives it limits the handshake's time.
class TlsSession {
 public:
  enum class State : std::uint8_t {
    kHandshaking,
    kOpen,
    kClosed,  ///< The peer said close_notify: no more plaintext will come; we may still write.
    kFailed,  ///< A violation or a failed handshake; the alert, if any, waits in poll_ciphertext.
  };

  /// `server_name`: for a client, whom it expects (SNI and certificate check).
  explicit TlsSession(const TlsContext& context, std::string_view server_name = {});
  TlsSession(TlsSession&&) noexcept = default;
  TlsSession& operator=(TlsSession&&) noexcept = default;
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession() = default;

  /// Takes what came from the network. The caller reads all plaintext before it brings more, so
  /// what waits here is never larger than one piece.
  void handle_ciphertext(Bytes ciphertext);
  /// Decrypts up to `into.size()` bytes; 0 when there is no whole record or nothing more to come.
  [[nodiscard]] std::size_t read(MutableBytes into);
  /// Encrypts all of `plaintext`; only in `kOpen`, or after the peer's close_notify.
  void write(Bytes plaintext);
  /// Our close_notify (RFC 8446 §6.1).
  void close();
  /// Moves out ciphertext to be sent; 0 when none waits.
  [[nodiscard]] std::size_t poll_ciphertext(MutableBytes into);

  [[nodiscard]] State state() const { return state_; }
  /// Whether the handshake was shortened by a ticket.
  [[nodiscard]] bool resumed() const;
  /// The negotiated ALPN name; empty when the client offered none.
  [[nodiscard]] std::string_view protocol() const;
  /// What went wrong, in OpenSSL's words, for the log; empty unless failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };

  /// What waits to be read by OpenSSL, and what it has written; stays put, its BIO points at it.
  struct Pipes {
    Buffer incoming;
    std::size_t incoming_read = 0;
    Buffer outgoing;
    std::size_t outgoing_sent = 0;
  };
  friend struct PipeBio;

  void advance_handshake();
  void note_result(int result);

  std::unique_ptr<Pipes> pipes_;
  std::unique_ptr<ssl_st, Free> ssl_;  // After its pipes: it goes first.
  State state_ = State::kHandshaking;
  std::string failure_;
};

}  // namespace visavis::tls
