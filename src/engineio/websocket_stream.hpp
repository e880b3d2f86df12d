#pragma once

#include "engineio/server.hpp"

namespace visavis::engineio {

/// One WebSocket connection: frames on the wire's side, messages on the server's.
///
/// Belongs to the HTTP server. It knows its session by handle only; the session knows it by pointer
/// until `handle_socket_gone`.
class Server::WebSocket final : public http::Stream {
 public:
  WebSocket(Server& server, http::ConnectionId connection, bool deflates);

  void handle_bytes(Instant now, Bytes bytes) override;
  void handle_closed(Instant now) override;
  void handle_drained(Instant now) override;

  void write(Instant now, const SharedBytes& frame);
  /// Sends a close frame and waits a while for the peer's (RFC 6455 §7.1.1); its session is not
  /// told any more.
  void close(Instant now, websocket::CloseCode code = websocket::CloseCode::kNoStatus);
  /// Closes now; what is unsent is lost.
  void drop(Instant now);
  /// The peer's close frame has not come in time; one that still reads has more.
  void handle_close_overdue(Instant now);

  void belong_to(SessionHandle session) { session_ = session; }
  [[nodiscard]] SessionHandle session() const { return session_; }
  [[nodiscard]] bool deflates() const { return deflates_; }
  [[nodiscard]] bool open() const { return phase_ == Phase::kOpen; }
  [[nodiscard]] std::size_t unsent_bytes() const;

 private:
  enum class Phase : std::uint8_t {
    kOpen,
    kClosing,  ///< our close frame is out
    kDeaf,     ///< the same, but the peer's bytes cannot be read any more
    kClosed,
  };

  void handle_message(Instant now, const websocket::Message& message);
  void handle_close_frame(Instant now, Bytes payload);
  void handle_read_error(Instant now, websocket::ReadError error);
  void begin_closing(Instant now, Phase phase, const Buffer& payload);
  void wait_for_close(Instant now, std::size_t unsent);
  void stop_waiting();

  Server& server_;
  http::ConnectionId connection_;
  SessionHandle session_;
  websocket::MessageReader reader_;
  DeadlineQueue<WebSocket*>::Place close_due_;  ///< valid while it waits
  Phase phase_ = Phase::kOpen;
  bool deflates_;
  bool waits_ = false;
  std::uint8_t extensions_ = 0;    ///< of the time for the peer's close frame
  std::uint32_t unsent_then_ = 0;  ///< when it was last waited for
};

}  // namespace visavis::engineio
