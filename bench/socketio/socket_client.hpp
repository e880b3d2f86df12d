#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "socketio/loop.hpp"

namespace visavis::bench {

/// A Socket.IO client over WebSocket: says hello, joins "/", answers pings.
class SocketClient final : public Link {
 public:
  struct Options {
    bool browser_headers = false;  ///< what Chromium sends, about 500 bytes; else the least
    std::string sid{};             ///< of a polling session to be upgraded; empty: a new session
  };
  /// Socket.IO packets, binary attachments, and for upgrades the bare Engine.IO packet.
  using Taker = std::move_only_function<void(bool binary, std::string_view packet)>;

  SocketClient(Loop& loop, const Target& target, const Options& options);
  SocketClient(Loop& loop, const Target& target) : SocketClient(loop, target, Options{}) {}

  /// Called once joined; for upgrades, once the WebSocket is open.
  void on_ready(std::move_only_function<void()> handler) { ready_handler_ = std::move(handler); }
  void on_packet(Taker taker) { taker_ = std::move(taker); }
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// The server's close frame has come, or the connection is gone.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::uint64_t pings() const { return pings_; }

  /// An Engine.IO packet as a text frame, to leave at the end of this event.
  void write_text(std::string_view packet) { write_frame(0x1, packet); }
  void write_binary(std::string_view bytes) { write_frame(0x2, bytes); }
  void write_close() { write_frame(0x8, {}); }

 private:
  std::size_t handle_input(std::string_view input) override;
  void handle_closed() override;
  [[nodiscard]] std::size_t handle_answer(std::string_view input);
  void handle_frame(unsigned opcode, std::string_view payload);
  void handle_text(std::string_view packet);
  void write_frame(unsigned opcode, std::string_view payload);

  bool upgrading_ = false;  ///< of a polling session
  bool open_ = false;
  bool ready_ = false;
  bool failed_ = false;
  bool ended_ = false;
  std::uint64_t pings_ = 0;
  std::move_only_function<void()> ready_handler_;
  Taker taker_;
};

}  // namespace visavis::bench
