#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "dtls/fingerprint.hpp"
#include "dtls/identity.hpp"

namespace visavis::dtls {

class AlertReader;

enum class Role : std::uint8_t { kServer, kClient };

enum class State : std::uint8_t {
  kHandshaking,
  kConnected,  ///< The peer's certificate is the one promised, and `keys()` are there.
  kFailed,     ///< See `failure()`. Nothing brings it back.
  kClosed,     ///< Ended by `close()`, or by the peer: close_notify, or a fatal alert.
};

enum class Failure : std::uint8_t {
  kNone,
  kFingerprintMismatch,  ///< The peer has another certificate than signalling promised.
  kNoSrtpProfile,        ///< The peer does not offer use_srtp with a profile of ours (RFC 5764).
  kHandshake,            ///< Bad messages, no common cipher, a fatal alert.
  kTimeout,              ///< Not done `Session::kHandshakeMax` after the first message.
};
[[nodiscard]] std::string_view to_string(Failure failure);

/// What the exporter gives for SRTP (RFC 5764 §4.2), to be taken apart by `srtp::split_keys`.
struct Keys {
  std::uint16_t profile = 0;  ///< IANA's number: 7 AEAD_AES_128_GCM, 1 AES128_CM_HMAC_SHA1_80.
  Buffer material;            ///< Client key, server key, client salt, server salt.
};

/// One DTLS 1.2 handshake with a peer known by its certificate's fingerprint, to agree on SRTP
/// keys.
///
/// Datagrams in, datagrams out, time as an argument: after each `handle_*` call, `poll_transmit`
/// until it gives nothing, then sleep until `next_timeout`. OpenSSL's own timers are switched off;
/// this class resends the last flight by its own, so a simulation needs no clock of its own.
///
/// It sends nothing but in answer (server) or after `start` (client). Who may be answered at all is
/// the caller's to know: feed it only datagrams from a route that ICE has authenticated.
class Session {
 public:
  static constexpr std::size_t kDatagramBytesMax = 1200;  ///< Fits every path that WebRTC uses.
  /// First resend, doubled each time up to `kResendMax`. RFC 6347 §4.2.4.1 says 1 s, and allows
  /// less where a call waits: the browsers use 50 to 400 ms.
  static constexpr Duration kResendMin = std::chrono::milliseconds(150);
  static constexpr Duration kResendMax = std::chrono::seconds(1);
  static constexpr Duration kHandshakeMax = std::chrono::seconds(30);
  /// Asked again for a flight, we answer at most this often.
  static constexpr Duration kResendGap = std::chrono::milliseconds(40);

  Session(Role role, Identity identity, Fingerprint remote);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// The client's first message. A server waits for it.
  void start(Instant now);
  /// A whole UDP payload. Garbage and replays are ignored, as RFC 6347 §4.1.2.7 says.
  void handle_datagram(Instant now, Bytes datagram);
  void handle_timeout(Instant now);
  /// Ends it. If it was connected, `poll_transmit` gives a last datagram: close_notify (RFC 5246
  /// §7.2.1), said once. Who misses it learns the end by silence.
  void close();
  [[nodiscard]] Instant next_timeout() const;
  /// The next datagram to send; it stays valid until the next call of this session. Empty: none.
  [[nodiscard]] Bytes poll_transmit();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Failure failure() const { return failure_; }
  /// Null until `kConnected`.
  [[nodiscard]] const Keys* keys() const { return keys_ ? &*keys_ : nullptr; }
  /// From a flight of ours to the first message of the peer's answer, its computing included; of
  /// flights sent once only, as an answer to one sent again may be to either (RFC 6298 §3).
  [[nodiscard]] std::optional<Duration> round_trip() const { return round_trip_; }
  /// Whether somebody has answered a flight of ours; until then nobody may be there at all. To the
  /// client's first flight any server's answer counts, true or not: the handshake alone proves who
  /// it is. To the server's the whole handshake, which nobody can make who does not hear us.
  [[nodiscard]] bool answered() const { return server_spoke_ || keys_; }
  /// Whether OpenSSL's state (40 to 76 kB) is held: during the handshake alone. The last flight is
  /// kept for good: a peer that missed it can ask again at any time.
  [[nodiscard]] bool holds_tls_state() const { return engine_ != nullptr; }

 private:
  class Engine;
  static constexpr std::int32_t kNothing = -1;  ///< Less than any message_seq.

  void begin(Instant now);
  bool advance(Instant now, Bytes datagram);
  void send_flight(Instant now);
  void finish();
  void fail(Failure failure);
  void rest(State state);

  Role role_;
  Identity identity_;
  Fingerprint remote_;
  State state_ = State::kHandshaking;
  Failure failure_ = Failure::kNone;
  std::unique_ptr<Engine> engine_;  ///< Made with the first message; null when released.
  std::optional<Keys> keys_;
  std::unique_ptr<const AlertReader> alerts_;  ///< Null until connected.
  Buffer goodbye_;                    ///< Made when connected, 39 bytes; sent by `close()`.
  std::vector<Buffer> flight_;        ///< What we sent last, kept to be sent again.
  std::size_t flight_sent_ = 0;       ///< How many of `flight_` `poll_transmit` has given.
  std::int32_t heard_ = kNothing;     ///< The highest message_seq that came (RFC 6347 §4.2.2).
  std::int32_t answered_ = kNothing;  ///< `heard_` when `flight_` was made.
  bool server_spoke_ = false;
  unsigned flight_sendings_ = 0;
  std::optional<Duration> round_trip_;
  Duration resend_after_ = kResendMin;
  Instant last_sent_;
  Instant resend_at_ = kNever;
  Instant give_up_at_ = kNever;
};

}  // namespace visavis::dtls
