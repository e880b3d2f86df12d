#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/callback.hpp"
#include "base/deadline_queue.hpp"
#include "base/time.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/cluster.hpp"
#include "socketio/disconnect_reason.hpp"
#include "socketio/packet.hpp"

namespace visavis::socketio {

class Socket;

/// Connection state recovery: who loses his connection and comes back in time has his id, rooms and
/// data again, and gets the events that he missed.
struct RecoveryOptions {
  /// How long a session is kept for a client that is away (Node's default).
  Duration max_disconnection = std::chrono::minutes(2);
  /// A recovered socket passes no middleware. Off, unlike in Node: whoever has stolen the session's
  /// secret would come in without any other question.
  bool skip_middlewares = false;
  /// The longest that a dead connection looks alive, so that events sent meanwhile are kept; at
  /// least Engine.IO's ping interval and timeout together, whatever it says here.
  Duration unnoticed_loss_max = std::chrono::seconds(45);
  /// How long a client waits while the other servers of a cluster are asked for its session; then
  /// it begins a new one.
  Duration claim_timeout = std::chrono::seconds(1);
  /// Sessions kept for a namespace; above it the one that is away the longest is dropped.
  std::size_t sessions_max = 10'000;
  /// The log of a namespace's events. Above it the oldest go, and clients that missed them begin a
  /// new session.
  std::size_t log_events_max = 100'000;
  std::size_t log_bytes_max = 32'000'000;
};

/// Characters of the secret by which a client gets its session back.
inline constexpr std::size_t kSecretSize = 20;

/// What is kept of a socket whose client is away.
struct RecoverySession {
  std::string sid;
  std::vector<std::string> rooms;
  std::shared_ptr<std::any> data;  ///< shared with the socket that it was, and will be
};

/// An event that all servers of a cluster are told: by whom, and its number there. Nothing: one
/// that is told here only.
struct Origin {
  std::string_view server;  ///< in the node's `heard()`, which stays
  std::uint64_t number = 0;
};

/// The sessions of one namespace, and the log of what was emitted in it. Inner to the module.
///
/// Every event takes a number, its offset, which the client tells when it comes back. The numbers
/// have no gaps, so an offset is found without searching.
class Recovery {
 public:
  struct Deadline {
    Recovery* of;
    std::string pid;
  };
  using Deadlines = DeadlineQueue<Deadline>;
  using ExpiryHandler = Callback<void(const RecoverySession&)>;

  /// What a client says of itself when it connects.
  struct Claim {
    std::string_view pid;
    std::optional<std::string_view> offset;  ///< of the last event that reached it, if one did
  };

  /// `deadlines` is shared by all namespaces, and armed for `max_disconnection`.
  Recovery(const RecoveryOptions& options, Deadlines& deadlines);
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;
  ~Recovery();

  /// Whether a client may come back after this.
  [[nodiscard]] static bool recoverable(DisconnectReason reason);

  /// The offset of the event about to be recorded.
  [[nodiscard]] std::string next_offset() const;
  /// An empty packet takes the number only: a volatile event is not sent again.
  void record(Instant now, EncodedPacket packet, Audience audience, Origin origin = {});
  /// The first number less one. Servers of a cluster begin at chance numbers, so that the offset of
  /// one is none of another's.
  void number_from(std::uint64_t number) { last_ = number; }
  /// Whether an event that reaches nobody now can reach somebody later.
  [[nodiscard]] bool awaits_somebody() const { return !away_order_.empty(); }

  // The life of a session: begin, suspend (the client is away), claim (it asks to come back; the
  // middlewares have the word), then resume or release; suspend again, or forget.
  void begin(const std::string& pid, const std::shared_ptr<Socket>& socket);
  void suspend(Instant now, const std::string& pid, RecoverySession session);
  void forget(const std::string& pid);
  /// The socket that has this session still, or asks for it already; null if the claim would fail.
  [[nodiscard]] std::shared_ptr<Socket> holder(const Claim& claim) const;
  /// The session, if it can be had.
  [[nodiscard]] std::optional<RecoverySession> claim(const Claim& claim);
  void bind(const std::string& pid, const std::shared_ptr<Socket>& socket);
  void release(const std::string& pid);
  /// What the client missed, the oldest first; nothing if session or log were dropped meanwhile.
  [[nodiscard]] std::optional<std::vector<EncodedPacket>> resume(const std::string& pid);

  // Between the servers of a cluster.
  [[nodiscard]] bool knows(const std::string& pid) const { return sessions_.contains(pid); }
  /// A session that came from another server: away, until its client claims it here. What the
  /// client missed is recorded next.
  void take_in(Instant now, const SessionTransfer& transfer);
  /// What was recorded here for the session and is not among what the server that had it heard.
  [[nodiscard]] std::vector<EncodedPacket> unheard(const SessionTransfer& transfer,
                                                   const Heard& heard_here) const;

  /// An event for this audience was lost: the sessions of those who are away end.
  void expire_meant(const Audience& audience);
  void on_expired(ExpiryHandler handler);
  void handle_expired(const std::string& pid);

  [[nodiscard]] std::size_t log_size() const { return log_.size(); }

 private:
  enum class State : std::uint8_t { kConnected, kAway, kClaimed };
  struct Kept {
    State state = State::kConnected;
    RecoverySession session;
    std::weak_ptr<Socket> socket;
    std::uint64_t begins_after = 0;   ///< no event up to this one was for it
    std::uint64_t resumes_after = 0;  ///< the last event that the client has
    /// What the client says who has had no event of ours: an offset of the server that it came
    /// from.
    std::optional<std::string> first_offset;
    std::optional<Deadlines::Place> deadline;
    std::optional<std::list<std::string>::iterator> place;  ///< in `away_order_`
  };
  struct Event {
    Instant at;
    EncodedPacket packet;
    Audience audience;
    std::size_t bytes = 0;
    Origin origin;
  };
  using Sessions = std::unordered_map<std::string, Kept>;

  [[nodiscard]] std::optional<std::uint64_t> resumption(const Kept& kept, const Claim& claim) const;
  /// It is among those who are away no more, if it was; whoever calls gives it a state.
  void leave_away(Kept& kept);
  void trim(Instant now);
  void drop_oldest();
  void expire(Sessions::iterator session);

  const RecoveryOptions& options_;
  Deadlines& deadlines_;
  Sessions sessions_;
  std::list<std::string> away_order_;  // away or claimed, the longest first
  std::deque<Event> log_;
  std::uint64_t last_ = 0;  // the number of the log's last event
  std::uint64_t lost_ = 0;  // the last that was dropped before its time
  std::size_t log_bytes_ = 0;
  std::vector<std::unique_ptr<ExpiryHandler>> expiry_handlers_;
};

}  // namespace visavis::socketio
