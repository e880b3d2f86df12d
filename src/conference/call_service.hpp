#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "conference/counters.hpp"
#include "conference/direct.hpp"
#include "conference/notice.hpp"
#include "conference/options.hpp"
#include "conference/refusal.hpp"
#include "sfu/command.hpp"
#include "sfu/event.hpp"

namespace visavis::socketio {
class Server;
}

namespace visavis::conference {

/// The call protocol (docs/protocol.md) on namespace `/call`: ties who is in a room to what flows.
///
/// Requests come in through `socketio`; what the media worker is to do comes out of
/// `poll_command()`, what it says goes into `handle_event()`. Answers to `join` do not wait for the
/// worker: the SDP answer is made here, and the command that opens the peer lies ahead of the ack.
///
/// Drain `poll_command()` after every call into this, into the Socket.IO server or into whatever
/// drives that one. `next_timeout()` changes with each of them. The Socket.IO server outlives the
/// service and must not be driven any more once this is destroyed.
class CallService {
 public:
  CallService(socketio::Server& server, Options options, Entropy& entropy);
  CallService(const CallService&) = delete;
  CallService& operator=(const CallService&) = delete;
  ~CallService();

  void handle_event(Instant now, const sfu::Event& event);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  [[nodiscard]] std::optional<sfu::Command> poll_command();

  using Connected = std::expected<DirectAnswer, Refusal>;
  /// A client without a socket. A publisher takes part from now on; a player gets what the
  /// participant of this name publishes, until that one leaves. Both end by themselves when their
  /// transport fails or is silent for 30 s. A refusal changes nothing.
  [[nodiscard]] Connected connect(Instant now, DirectRole role, const DirectOffer& offer);
  /// False when there is no such session (any more).
  [[nodiscard]] bool hang_up(Instant now, DirectRole role, std::string_view session);
  [[nodiscard]] bool has_session(DirectRole role, std::string_view session) const;

  /// For a log. Who does not ask loses the oldest, once there are 1024.
  [[nodiscard]] std::optional<Notice> poll_notice();

  /// Tells every participant `room-closed`, ends all calls and refuses what comes from now on.
  void shut_down(Instant now);

  [[nodiscard]] const Counters& counters() const;
  /// How many there are now.
  [[nodiscard]] Gauges gauges() const;
  /// Who stands behind a stream of `sfu::StreamCounters`, for the labels of `/metrics`; nothing for
  /// a stream that has ended.
  [[nodiscard]] std::optional<StreamLabel> label(sfu::StreamId stream) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace visavis::conference
