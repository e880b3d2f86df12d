#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/time.hpp"
#include "socketio/argument_type.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/handler_last.hpp"
#include "socketio/payload.hpp"

namespace visavis::socketio {

/// How an event goes to one client. Each call gives a new operator; the old one stays as it was.
/// Must not outlive its socket.
///
///     socket.timeout(5s).emit("ready?", [](std::expected<Arguments, AckError> answer) { … });
///     socket.volatile_().compress(false).emit("position", x, y);
class SocketOperator {
 public:
  explicit SocketOperator(Socket& socket) : socket_(&socket) {}

  // NOLINTNEXTLINE(readability-identifier-naming): the word that Node has, which is a keyword.
  [[nodiscard]] SocketOperator volatile_() const {
    SocketOperator other = *this;
    other.flags_.is_volatile = true;
    return other;
  }
  [[nodiscard]] SocketOperator compress(bool yes) const {
    SocketOperator other = *this;
    other.flags_.compress = yes;
    return other;
  }
  /// How long the answer is waited for; `Options::ack_timeout` without it.
  [[nodiscard]] SocketOperator timeout(Duration timeout) const {
    SocketOperator other = *this;
    other.timeout_ = timeout;
    return other;
  }

  /// With an `AckHandler` behind the arguments the client is asked for an answer.
  template <class... Args>
  void emit(std::string_view event, Args&&... args) const {
    if constexpr (kEndsWithHandler<AckHandler, Args...>) {
      auto [payload, handler] = split_handler<AckHandler>(event, std::forward<Args>(args)...);
      emit_with_ack(std::move(payload), std::move(handler));
    } else {
      emit(Payload::event(event, args...));
    }
  }
  /// An event with types: what does not fit does not compile.
  template <class... Args>
  void emit(const Event<Args...>& event, const std::type_identity_t<Args>&... args) const {
    emit(Payload::event(event.name, args...));
  }
  void emit(Payload payload) const;
  void emit_with_ack(Payload payload, AckHandler handler) const;

 private:
  Socket* socket_;
  EmitFlags flags_;
  std::optional<Duration> timeout_;
};

}  // namespace visavis::socketio
