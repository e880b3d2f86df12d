#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/datagram_batch.hpp"
#include "base/prefetch.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "dtls/fingerprint.hpp"
#include "dtls/identity.hpp"
#include "dtls/session.hpp"
#include "ice/credentials.hpp"
#include "ice/lite_agent.hpp"
#include "peer/drop.hpp"
#include "peer/early_media.hpp"
#include "srtp/cipher.hpp"

namespace visavis::srtp {
class Sealer;
}

namespace visavis::peer {

enum class FailureReason : std::uint8_t {
  kFingerprintMismatch,
  kNoSrtpProfile,
  kHandshake,
  kHandshakeTimeout,
  kClosed,  ///< The peer ended its DTLS session.
};
[[nodiscard]] std::string_view to_string(FailureReason reason);

struct Connected {};  ///< Keys are there: `can_send()` from now on.
struct Silent {};     ///< 30 s without an authenticated check or media: nothing is sent any more.
struct Resumed {};    ///< A silent peer's check came: sending goes on.
struct Failed {       ///< For good; the caller drops the peer.
  FailureReason reason;
};
struct RouteChanged {  ///< The first route, or the client nominated another pair, or moved.
  Route route;
};
using Event = std::variant<Connected, Silent, Resumed, Failed, RouteChanged>;

struct Counters {
  std::uint64_t checks_answered = 0;
  std::uint64_t checks_rejected = 0;  ///< Authenticated, answered with an error.
  std::uint64_t dtls_datagrams = 0;
  std::uint64_t rtp_packets = 0;
  std::uint64_t rtcp_packets = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::kCount)> drops{};

  [[nodiscard]] std::uint64_t dropped(Drop why) const {
    return drops[static_cast<std::size_t>(why)];
  }
};

/// One browser's transport as the server sees it: ICE-lite, DTLS and SRTP on one port, told apart
/// by the first byte (RFC 7983).
///
/// For each datagram `handle_datagram`; after a wake-up `poll_transmit` until it says no and
/// `poll_event` until it gives nothing; sleep until `next_timeout`. Time must not go back.
///
/// A handshake costs what a thousand packets cost, so its datagrams only queue: when no media
/// waits, the caller works them by `handle_handshake`, one a call.
class Peer {
 public:
  struct Setup {
    ice::Credentials local;
    ice::Credentials remote;
    dtls::Fingerprint remote_fingerprint;
    /// As client we begin, once an authenticated check has shown where the peer is.
    dtls::Role role = dtls::Role::kServer;
    /// Shared by the peers of a worker; kept. Null: each has its own limit alone.
    EarlyMediaBudget* early_media = nullptr;
  };
  enum class Kind : std::uint8_t {
    kNothing,
    kRtp,
    kRtcp,
    kCheck,  ///< An authenticated check: datagrams from this route are this peer's (`routes()`).
  };
  /// `packet` is the opened RTP packet or RTCP compound, inside the caller's datagram.
  struct Received {
    Kind kind = Kind::kNothing;
    MutableBytes packet;
    std::optional<Drop> dropped;  ///< With `kNothing`: why it went no further, if it did not.
  };
  /// Handshake datagrams kept that come before the first authenticated check: a ClientHello with
  /// post-quantum key shares takes two.
  static constexpr std::size_t kEarlyDatagramsMax = 4;

  /// How many handshake datagrams we send to an address that nobody has answered from, for each
  /// check from there: seconds of resends. Whoever names another's address in a check has it sent
  /// no more than that; the rest waits for the next check.
  static constexpr unsigned kGreetingsPerCheck = 8;

  /// Handshake datagrams that wait for `handle_handshake()`: more than any flight has. What is
  /// dropped comes again (RFC 6347 §4.2.4).
  static constexpr std::size_t kHandshakesMax = 8;

  /// `cipher` is kept: it computes SRTP.
  Peer(Instant now, Setup setup, const dtls::Identity& identity,
       srtp::Cipher& cipher = srtp::openssl_cipher());
  Peer(Peer&&) noexcept;
  Peer& operator=(Peer&&) noexcept;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  /// RFC 8445 §9. DTLS and SRTP go on; the old route too, until a pair is nominated anew.
  void restart_ice(Instant now, const ice::Credentials& local, const ice::Credentials& remote);

  /// Takes a datagram that came over `route`. SRTP is opened in place: the caller keeps the buffer.
  [[nodiscard]] Received handle_datagram(Instant now, const Route& route, MutableBytes datagram);
  /// Begins the handshake if that is for us to do, else works its oldest datagram that waits: up to
  /// a millisecond of public-key arithmetic.
  void handle_handshake(Instant now);
  [[nodiscard]] bool has_handshake() const {
    // RFC 8445 §12.1.1 lets data go over a pair that was only checked. What ICE nominates later,
    // the flights sent again follow.
    return (begin_due_ && ice_.route()) || !handshakes_.empty();
  }
  /// After `handle_handshake`: media that it makes readable, oldest first, to be given to
  /// `handle_datagram` again. Nothing: there is no more.
  [[nodiscard]] std::optional<WaitingDatagram> take_early_media();
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  /// Writes one STUN answer or handshake datagram into `out`, which must have room. False: nothing
  /// waits.
  [[nodiscard]] bool poll_transmit(DatagramBatch& out);
  [[nodiscard]] std::optional<Event> poll_event();

  /// Ends it; nothing more is to be done with it. Gives what is to be sent last, if it was
  /// connected and the peer is there: DTLS' close_notify, by which it knows at once instead of by
  /// silence.
  [[nodiscard]] std::optional<WaitingDatagram> close();

  /// There are keys, there is a route, and the peer consents.
  [[nodiscard]] bool can_send() const;
  /// Where to send; only once there was an authenticated check.
  [[nodiscard]] const Route& route() const;
  /// The routes that authenticated checks came over, newest first; at most
  /// `ice::LiteAgent::kRoutesMax`.
  [[nodiscard]] std::span<const Route> routes() const { return ice_.routes(); }
  /// Only once `can_send()` was true.
  [[nodiscard]] srtp::Sealer& sealer();
  /// As the handshake took it, until RTCP knows better.
  [[nodiscard]] std::optional<Duration> handshake_round_trip() const { return dtls_.round_trip(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

  /// Hints for SRTP that comes soon: of this object, of what it points to, and so on.
  void prefetch_self() const {
    prefetch_line(&ciphers_);
    prefetch_line(&counters_.rtcp_packets);
    ice_.prefetch_life();
  }
  void prefetch_opener() const;
  void prefetch_open_key() const;

 private:
  struct Ciphers;

  [[nodiscard]] Received handle_stun(Instant now, const Route& route, Bytes datagram);
  Received queue_dtls(const Route& route, Bytes datagram);
  [[nodiscard]] Received handle_srtp(Instant now, const Route& route, MutableBytes datagram);
  [[nodiscard]] bool may_keep_early_media(const Route& route, Bytes datagram) const;
  [[nodiscard]] bool is_answered() const;
  void admit_early(const Route& route);
  void follow_dtls();
  void announce(Event event);
  Received drop(Drop why);

  ice::LiteAgent ice_;
  dtls::Session dtls_;
  srtp::Cipher* cipher_;
  dtls::Role role_;
  dtls::State dtls_seen_ = dtls::State::kHandshaking;
  bool begin_due_;  ///< The ClientHello is ours to send, and not made yet.
  unsigned greetings_left_ = 0;
  std::optional<Route> answered_over_;  ///< Where DTLS' other side spoke from last.
  std::unique_ptr<Ciphers> ciphers_;    ///< Null until DTLS has agreed on keys.
  std::vector<WaitingDatagram> early_;
  EarlyMedia early_media_;
  std::vector<WaitingDatagram> handshakes_;  ///< Oldest first.
  std::vector<Event> events_;                ///< Oldest first; a few in a call.
  Counters counters_;
};

}  // namespace visavis::peer
