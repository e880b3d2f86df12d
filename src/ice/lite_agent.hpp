#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/datagram_batch.hpp"
#include "base/prefetch.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "ice/credentials.hpp"
#include "stun/message.hpp"

namespace visavis::ice {

/// Why a datagram got no answer. To all of these the agent stays silent: an answer would tell a
/// stranger that somebody is here, and make us an amplifier.
enum class Refusal : std::uint8_t {
  kMalformed,        ///< No STUN message, or its FINGERPRINT is missing or wrong.
  kNotARequest,      ///< An answer or an indication: a lite agent asks nothing.
  kUnknownUsername,  ///< Not our fragment, or not the peer's.
  kBadIntegrity,     ///< MESSAGE-INTEGRITY missing or made with another password.
  kTooManyWaiting,   ///< More checks than `kAnswersMax` between two `poll_transmit` rounds.
};

[[nodiscard]] std::string_view to_string(Refusal refusal);

/// What an authenticated check did.
enum class Checked : std::uint8_t {
  kAnswered,      ///< The route was used before.
  kRouteLearned,  ///< The first authenticated check over this route.
  kRouteChanged,  ///< The current route is another one now.
  kRejected,      ///< Answered with an error (487 role conflict, 420 unknown attribute).
};

/// The server's side of ICE (RFC 8445 lite, §2.5): it has one address, sends no checks, answers the
/// peer's, and goes where the peer nominates.
///
/// Drive it like every core here: `handle_datagram` for each STUN datagram, then `poll_transmit`
/// until it says no; sleep until `next_timeout`. Time must not go back.
class LiteAgent {
 public:
  /// RFC 7675 §5.1: without a sign of the peer's for this long, it no longer consents. A lite agent
  /// asks nothing, so what it goes by is the peer's own checks, and its media (`note_life`).
  static constexpr Duration kConsentExpiry = std::chrono::seconds(30);
  /// Routes remembered. A browser checks from each of its interfaces, in IPv4 and IPv6, to each of
  /// our addresses; those that matter are checked again and again, the oldest is forgotten first.
  static constexpr std::size_t kRoutesMax = 8;
  /// Answers waiting to be sent. The host flushes after each wake-up, so this is one burst.
  static constexpr std::size_t kAnswersMax = 16;

  LiteAgent(Instant now, const Credentials& local, const Credentials& remote);

  /// An ICE restart (RFC 8445 §9): checks with the new credentials are answered from now on. The
  /// old route and the old credentials go on until a pair is nominated with the new ones. The same
  /// credentials again change nothing.
  void restart(const Credentials& local, const Credentials& remote);

  /// A datagram that begins as STUN does. `route` is where it came from and to.
  [[nodiscard]] std::expected<Checked, Refusal> handle_datagram(Instant now, const Route& route,
                                                                Bytes datagram);
  /// Something else that only the peer can have made came over `route`: SRTP that opened, and was
  /// no replay. As good as a check from the current route, for there are clients that check once
  /// and then only send (FFmpeg 8). It proves no other route, and does not end silence.
  void note_life(Instant now, const Route& route) {
    if (now - last_sign_ >= kSignStep && !silent_ && route == route_) {
      last_sign_ = now;
    }
  }
  /// A hint for a `note_life()` that comes soon.
  void prefetch_life() const { prefetch_line(&last_sign_); }
  void handle_timeout(Instant now);
  /// When silence begins; `kNever` while silent.
  [[nodiscard]] Instant next_timeout() const;
  /// Writes the next answer into `out`, which must have room. False: nothing waits.
  [[nodiscard]] bool poll_transmit(DatagramBatch& out);

  /// Where to send: the pair nominated last; before the first nomination, the pair checked first.
  /// Nothing before the first authenticated check.
  [[nodiscard]] const std::optional<Route>& route() const { return route_; }
  [[nodiscard]] bool nominated() const { return nominated_; }
  /// Whether an authenticated check came over this route.
  [[nodiscard]] bool knows(const Route& route) const;
  /// The last `kRoutesMax` of them; the current one is always there.
  [[nodiscard]] std::span<const Route> routes() const { return routes_; }
  /// No sign of the peer's for `kConsentExpiry`: nothing may be sent. The next check ends it.
  [[nodiscard]] bool silent() const { return silent_; }

 private:
  /// How exactly `note_life` keeps the time: media comes a thousand times a second.
  static constexpr Duration kSignStep = std::chrono::seconds(1);

  /// What USERNAME and MESSAGE-INTEGRITY are compared with.
  struct Generation {
    std::string username;  ///< "local:remote" (RFC 8445 §7.2.2).
    std::string password;  ///< Ours: it signs the peer's checks and our answers.
    unsigned number = 0;   ///< Counts restarts.
  };
  /// An answer not written yet: the bytes are made in the cell from which they are sent.
  struct Answer {
    Route route;
    stun::TransactionId transaction{};
    std::uint16_t error = 0;  ///< 0: success.
    stun::UnknownAttributes unknown{};
    unsigned generation = 0;  ///< Whose password signs it.
  };

  [[nodiscard]] std::expected<const Generation*, Refusal> authenticate(
      const stun::MessageView& message) const;
  [[nodiscard]] static std::uint16_t error_for(const stun::MessageView& message);
  [[nodiscard]] bool learn(const Route& route);
  [[nodiscard]] bool follow(const Route& route, bool nominates, unsigned generation);
  [[nodiscard]] bool poll_answer(const Answer& answer, DatagramBatch& out) const;
  void queue_answer(Answer answer);

  Generation current_;
  std::optional<Generation> previous_;
  std::optional<Route> route_;
  std::vector<Route> routes_;    ///< Checked last comes first.
  std::vector<Answer> answers_;  ///< Oldest first; those before `answers_sent_` have left.
  std::size_t answers_sent_ = 0;
  Instant last_sign_;
  bool nominated_ = false;
  bool silent_ = false;
};

}  // namespace visavis::ice
