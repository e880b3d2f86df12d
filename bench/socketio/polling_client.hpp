#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "socketio/loop.hpp"

namespace visavis::bench {

/// A keep-alive connection with one request on its way at a time.
class HttpLink final : public Link {
 public:
  using Answer = std::move_only_function<void(unsigned status, std::string_view body)>;

  HttpLink(Loop& loop, const Target& target) : Link(loop, target) {}

  void get(std::string_view path, Answer answer);
  void post(std::string_view path, std::string_view body, Answer answer);

 private:
  std::size_t handle_input(std::string_view input) override;
  void handle_closed() override;

  Answer answer_;
};

/// A Socket.IO client over HTTP long-polling, with two connections as a browser has: a GET is
/// always parked, POSTs go beside it.
class PollingClient {
 public:
  using Taker = std::move_only_function<void(std::string_view packet)>;

  PollingClient(Loop& loop, const Target& target);

  /// Called once joined to "/".
  void on_ready(std::move_only_function<void()> handler) { ready_handler_ = std::move(handler); }
  /// Socket.IO packets, without the Engine.IO digit.
  void on_packet(Taker taker) { taker_ = std::move(taker); }
  /// Called when the GET was answered while `hold_polls`.
  void on_held(std::move_only_function<void()> handler) { held_handler_ = std::move(handler); }

  /// One Engine.IO packet; `sent` when the server has said "ok".
  void post(std::string_view packet, std::move_only_function<void()> sent);
  /// No GET after the one that is parked: the session is about to be upgraded.
  void hold_polls() { hold_polls_ = true; }
  void flush();
  void close();
  [[nodiscard]] const std::string& sid() const { return sid_; }
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void poll();
  void handle_payload(std::string_view payload);
  void handle_packet(std::string_view packet);

  HttpLink get_;
  HttpLink post_;
  std::string sid_;
  std::string path_ = "/socket.io/?EIO=4&transport=polling";
  bool ready_ = false;
  bool failed_ = false;
  bool hold_polls_ = false;
  std::move_only_function<void()> ready_handler_;
  std::move_only_function<void()> held_handler_;
  Taker taker_;
};

}  // namespace visavis::bench
