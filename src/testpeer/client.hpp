#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/datagram_batch.hpp"
#include "base/random.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "dtls/identity.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "testpeer/media_session.hpp"
#include "testpeer/roster.hpp"
#include "testpeer/signalling_client.hpp"

namespace visavis::testpeer {

/// A whole participant without I/O: connects to the server, joins a room, publishes, views
/// whom it is told to, and reports what it received. For simulations, and by the thousand for load.
///
/// It restarts ICE by itself when its transport fails.
///
/// Drive it like every core. It has one TCP connection (`handle_stream_bytes`,
/// `poll_stream_output`) and one UDP socket (`handle_datagram`, `flush`): `start()`, then after
/// each call send what both give, then sleep until `next_timeout()`.
class Client {
 public:
  struct Options {
    SignallingClient::Options server;
    MediaSession::Options media;
    std::string room = "sim";
    std::string name = "test peer";
    bool view_everyone = true;  ///< As many as there are seats, in the order they came.
    bool use_prepare = false;   ///< `prepare` at once, `join()` when it is called.
  };

  /// Milestones on the way into a call.
  struct Times {
    std::optional<Instant> started;
    std::optional<Instant> welcomed;
    std::optional<Instant> join_sent;
    std::optional<Instant> joined;
  };

  Client(Instant now, Options options, const dtls::Identity& identity, Random random);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() = default;

  void start(Instant now);
  void handle_stream_bytes(Instant now, Bytes bytes);
  void handle_stream_closed(Instant now);
  [[nodiscard]] Buffer poll_stream_output() { return signalling_.poll_output(); }
  void handle_datagram(Instant now, const Route& route, MutableBytes datagram) {
    media_.handle_datagram(now, route, datagram);
  }
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const { return media_.next_timeout(); }
  [[nodiscard]] bool flush(Instant now, DatagramBatch& out) { return media_.flush(now, out); }

  /// After `prepare`: joins with the prepared transport.
  void join(Instant now);
  /// Shows these participants' cameras in this order, and nobody else.
  void view(Instant now, std::vector<std::string> participants);
  void leave(Instant now);
  /// A new connection after a lost one: the next `start()` resumes the call.
  void prepare_resume();
  /// Any request of the protocol; what came back is kept in `last_answer()`.
  void request(Instant now, std::string_view event, const json::Raw& payload);

  [[nodiscard]] const Times& times() const { return times_; }
  [[nodiscard]] const Roster& roster() const { return roster_; }
  [[nodiscard]] const SignallingClient& signalling() const { return signalling_; }
  [[nodiscard]] MediaSession& media() { return media_; }
  [[nodiscard]] const MediaSession& media() const { return media_; }
  [[nodiscard]] const json::Value& last_answer() const { return last_answer_; }
  /// Requests that were refused, as "event: code".
  [[nodiscard]] const std::vector<std::string>& refusals() const { return refusals_; }
  /// What the slot that shows this participant's camera received; nullptr when none shows it.
  [[nodiscard]] const SlotReceiver* slot_showing(std::string_view participant) const;

 private:
  void handle_events(Instant now);
  void handle_welcome(Instant now);
  void handle_joined(Instant now, const json::Value& ack);
  void restart_ice();
  void handle_media_answer(Instant now, const json::Value& ack);
  [[nodiscard]] bool accepted(std::string_view event, const json::Value& ack);
  void send_prepare();
  void send_resume();
  void send_join(Instant now, bool with_offer);
  void update_view();
  void send_view();

  Options options_;
  Random random_;
  SignallingClient signalling_;
  MediaSession media_;
  Roster roster_;
  Times times_;
  std::vector<std::string> tiles_;
  std::string resume_token_;
  bool resumes_ = false;
  bool joined_ = false;
  bool restarting_ = false;  // An ICE restart is on its way.
  json::Value last_answer_;
  std::vector<std::string> refusals_;
};

}  // namespace visavis::testpeer
