#pragma once

#include <memory>
#include <string>
#include <utility>

#include "socketio/payload.hpp"

namespace visavis::socketio {

class Socket;

/// Answers an event. Call it at most once; later calls, and calls after the socket has gone, do
/// nothing. Keep it to answer later.
///
///     socket.on("ping", [](const Arguments&, Ack ack) { ack("pong"); });
class Ack {
 public:
  /// Of an event that wants no answer.
  Ack() = default;
  Ack(std::weak_ptr<Socket> socket, std::string id);
  Ack(Ack&&) noexcept = default;
  Ack& operator=(Ack&&) noexcept = default;
  Ack(const Ack&) = delete;
  Ack& operator=(const Ack&) = delete;
  ~Ack() = default;

  /// Whether the client waits for an answer that nobody has given yet.
  [[nodiscard]] bool wanted() const;
  [[nodiscard]] explicit operator bool() const { return wanted(); }

  template <class... Args>
  void operator()(const Args&... args) {
    if (wanted()) {
      send(Payload::ack(args...));
    }
  }
  void send(Payload payload);

 private:
  friend class Socket;
  struct Question;
  /// Of the same question.
  [[nodiscard]] Ack share() const;

  // Shared by the acks that each listener of one event is given: the first to answer wins.
  std::shared_ptr<Question> question_;
};

}  // namespace visavis::socketio
