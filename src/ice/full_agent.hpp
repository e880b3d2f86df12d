#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/datagram_batch.hpp"
#include "base/random.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "ice/consent.hpp"
#include "ice/credentials.hpp"
#include "stun/message.hpp"

namespace visavis::ice {

/// An address of the other side, from an `a=candidate` line.
struct RemoteCandidate {
  SocketAddress address;
  std::uint32_t priority = 0;
};

/// A browser's side of ICE, for test clients: a full agent in the controlling role, as who offers
/// is (RFC 8445 §6.1.1). It checks every pair of a local and a remote address, takes the first that
/// answers, nominates it at once and keeps asking for consent (RFC 7675). The other side may be
/// lite or full: its checks are answered, and tell addresses that no candidate told.
///
/// Drive it like every core here: after each `handle_*` call, `poll_transmit` until it says no,
/// then sleep until `next_timeout`. Time must not go back.
class FullAgent {
 public:
  static constexpr Duration kPacing = std::chrono::milliseconds(50);  ///< Ta, RFC 8445 §14.2.
  /// A check without an answer is repeated after this, then twice this, up to `kRepeatMax`. Shorter
  /// than RFC 8445 §14.3 asks (500 ms), as browsers do: a join waits for it.
  static constexpr Duration kRepeatMin = std::chrono::milliseconds(100);
  static constexpr Duration kRepeatMax = std::chrono::milliseconds(1600);
  static constexpr Duration kGiveUp = std::chrono::seconds(30);  ///< No pair answered: failed.
  static constexpr std::size_t kPairsMax = 64;                   ///< RFC 8445 §6.1.2.5 says 100.
  /// Answers waiting to be sent; more checks than that between two flushes are not answered.
  static constexpr std::size_t kAnswersMax = 16;

  struct Setup {
    Credentials local;
    Credentials remote;
    std::vector<SocketAddress> local_addresses;  ///< Host candidates, the preferred one first.
    std::vector<RemoteCandidate> remote_candidates;
    /// As FFmpeg's client: each check nominates and carries nothing else, the first answer ends all
    /// of them, and consent is not kept.
    bool minimal = false;
  };
  enum class State : std::uint8_t {
    kChecking,
    kConnected,  ///< A pair answered: `route()` may carry DTLS and media.
    kFailed,     ///< No pair answered in `kGiveUp`, or consent was lost. A restart may help.
  };

  /// `random` makes the tie-breaker and the transaction ids: good enough for a test client only.
  FullAgent(Instant now, Setup setup, Random random);

  /// New credentials and candidates; the old route stays until a new pair answers.
  void restart(Instant now, Setup setup);
  /// The client's address changed under it (another network, without an ICE restart): the current
  /// pair goes on from `local`, with a nominating check at once.
  void move_to(Instant now, const SocketAddress& local);

  /// A datagram that begins as STUN does. True when it was an answer to a check of ours, or a check
  /// that will be answered.
  bool handle_datagram(Instant now, const Route& route, Bytes datagram);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  /// Writes the next answer or check into `out`, which must have room. False: nothing waits.
  [[nodiscard]] bool poll_transmit(DatagramBatch& out);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::optional<Route>& route() const { return route_; }
  /// Whether the other side has answered a check with USE-CANDIDATE on `route()`.
  [[nodiscard]] bool nominated() const { return nominated_; }
  /// Our address as the other side sees it (XOR-MAPPED-ADDRESS of the last answer).
  [[nodiscard]] const std::optional<SocketAddress>& mapped_address() const { return mapped_; }
  /// Answers 487 or other errors that came: a server that works sends none.
  [[nodiscard]] std::uint64_t errors_received() const { return errors_received_; }

 private:
  struct Pair {
    Route route;
    std::uint64_t priority = 0;
    Instant check_at = kNever;
    Duration repeat = kRepeatMin;
  };
  /// A check on its way. Kept for late answers, the oldest forgotten first.
  struct Pending {
    stun::TransactionId transaction{};
    Route route;
    std::optional<CheckId> consent = std::nullopt;
    bool nominates = false;
  };

  /// To a check of the other side.
  struct Answer {
    stun::TransactionId transaction{};
    Route route;
    stun::ErrorAnswer error;  ///< Code 0: success.
  };

  void start(Instant now);
  void make_pairs(Instant now);
  void nominate(Instant now, const Route& route);
  void check_pair(Instant now, Pair& pair);
  void queue_check(const Route& route, std::optional<CheckId> consent, bool nominates);
  void handle_success(Instant now, const Pending& pending);
  [[nodiscard]] bool handle_request(Instant now, const Route& route,
                                    const stun::MessageView& request);
  void check_back(Instant now, const Route& route, std::uint32_t priority);
  void write_answer(DatagramBatch& out);
  void check_due_pair(Instant now);
  void keep_consent(Instant now);
  [[nodiscard]] Pair* pair_of(const Route& route);

  Setup setup_;
  Random random_;
  std::uint64_t tie_breaker_;
  State state_ = State::kChecking;
  std::vector<Pair> pairs_;  ///< By falling priority.
  std::optional<Route> route_;
  std::optional<SocketAddress> mapped_;
  std::optional<Consent> consent_;
  std::deque<Pending> pending_;
  std::deque<Pending> to_send_;
  std::deque<Answer> answers_;
  Instant next_check_ = kNever;  ///< Pacing: no check before it.
  Instant give_up_at_;
  bool nominated_ = false;
  bool selected_ = false;  ///< A pair of the present credentials answered.
  std::uint64_t errors_received_ = 0;
};

}  // namespace visavis::ice
