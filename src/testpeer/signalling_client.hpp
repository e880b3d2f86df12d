#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "websocket/message_reader.hpp"

namespace visavis::testpeer {

/// The client's end of one Socket.IO connection: the bytes of the HTTP upgrade (RFC 6455 §4.1),
/// WebSocket frames, Engine.IO v4, Socket.IO v5 in one namespace, text only.
///
/// Drive it like every core: `start()`, `handle_bytes()` for what the server sent, then send
/// `poll_output()` and take `poll_event()`. It has no timers: the server pings.
class SignallingClient {
 public:
  struct Options {
    std::string host = "127.0.0.1:8080";
    std::string path = "/socket.io/";
    std::string name_space = "/call";
  };
  enum class State : std::uint8_t {
    kIdle,
    kUpgrading,   ///< Waits for the 101.
    kOpening,     ///< Waits for Engine.IO's open packet.
    kConnecting,  ///< Waits for the namespace's CONNECT.
    kConnected,
    kClosed,
  };
  struct Event {
    std::string name;
    json::Value payload;  ///< The first argument.
  };
  using Answered = std::move_only_function<void(Instant, const json::Value&)>;

  SignallingClient(Options options, Random random)
      : options_(std::move(options)), random_(random) {}

  void start(Instant now);
  void handle_bytes(Instant now, Bytes bytes);
  /// The connection is gone.
  void handle_closed();

  /// Sends an event and hears its ack. Only when connected.
  void request(std::string_view event, const json::Raw& payload, Answered answered);
  /// Sends Socket.IO's DISCONNECT and closes the WebSocket.
  void close();

  /// What to send to the server; empty when nothing waits.
  [[nodiscard]] Buffer poll_output();
  [[nodiscard]] std::optional<Event> poll_event();

  [[nodiscard]] State state() const { return state_; }
  /// Why it closed, for people.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::size_t unanswered() const { return waiting_.size(); }

 private:
  void fail(std::string why);
  void handle_upgrade_bytes(Instant now, Bytes bytes);
  void handle_frames(Instant now, Bytes bytes);
  void handle_engine_packet(Instant now, std::string_view packet);
  void handle_socket_packet(Instant now, std::string_view packet);
  void handle_answer(Instant now, std::uint64_t id, const json::Value& arguments);
  void send_text(std::string_view text);
  void send_frame(websocket::Opcode opcode, Bytes payload);

  Options options_;
  Random random_;
  State state_ = State::kIdle;
  std::string failure_;
  std::string key_;
  std::string response_;  // Of the upgrade, as far as it has come.
  websocket::MessageReader reader_{websocket::Role::kClient, {}};
  Buffer output_;
  std::deque<Event> events_;
  std::uint64_t next_id_ = 0;
  std::map<std::uint64_t, Answered> waiting_;
};

}  // namespace visavis::testpeer
