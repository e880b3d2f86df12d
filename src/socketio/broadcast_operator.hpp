#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/callback.hpp"
#include "base/time.hpp"
#include "socketio/argument_type.hpp"
#include "socketio/arguments.hpp"
#include "socketio/handler_last.hpp"
#include "socketio/payload.hpp"

namespace visavis::socketio {

class Namespace;
class Socket;

/// How an event goes out.
struct EmitFlags {
  bool is_volatile = false;  ///< dropped where the connection cannot take it at once
  bool local = false;        ///< only to this server's own sockets, not to those of its cluster
  bool compress = true;      ///< where permessage-deflate was agreed on
};

/// To whom a broadcast goes: the sockets in any of `rooms` (in the namespace, if none is named) but
/// for those in any of `except`.
struct Audience {
  std::vector<std::string> rooms;
  std::vector<std::string> except;
  bool operator==(const Audience&) const = default;
};

/// What the receivers of one broadcast answered.
struct BroadcastAnswers {
  std::vector<Arguments> answers;   ///< in the order of their coming
  std::size_t missing = 0;          ///< receivers that did not answer in time, or have gone
  std::size_t servers_missing = 0;  ///< servers of the cluster that did not say whom they asked
};
using BroadcastAckHandler = Callback<void(BroadcastAnswers)>;

enum class AckError : std::uint8_t {
  kTimeout,       ///< no answer in time
  kDisconnected,  ///< the socket ended before the answer came
  kTooMany,       ///< `Options::pending_acks_max` answers are being waited for already
};
using AckHandler = Callback<void(std::expected<Arguments, AckError>)>;

struct FetchedSockets;
using FetchHandler = Callback<void(FetchedSockets)>;

/// Chooses receivers, then emits. Each call gives a new operator; the old one stays as it was, so
/// one can be kept and used again. Must not outlive its namespace.
///
///     nsp.to("room-1").to("room-2").except(id).emit("news", 1, "two");
class BroadcastOperator {
 public:
  explicit BroadcastOperator(Namespace& of) : namespace_(&of) {}

  [[nodiscard]] BroadcastOperator to(std::string_view room) const;
  [[nodiscard]] BroadcastOperator in(std::string_view room) const { return to(room); }
  [[nodiscard]] BroadcastOperator except(std::string_view room) const;
  [[nodiscard]] BroadcastOperator local() const;
  // NOLINTNEXTLINE(readability-identifier-naming): the word that Node has, which is a keyword.
  [[nodiscard]] BroadcastOperator volatile_() const;
  [[nodiscard]] BroadcastOperator compress(bool yes) const;
  /// How long answers are waited for; `Options::ack_timeout` without it.
  [[nodiscard]] BroadcastOperator timeout(Duration timeout) const;

  /// One packet, encoded once, is shared by all receivers. With a `BroadcastAckHandler` behind the
  /// arguments every receiver is asked for an answer:
  ///
  ///     io.to("room").timeout(5s).emit("ready?", [](const BroadcastAnswers& answers) { … });
  template <class... Args>
  void emit(std::string_view event, Args&&... args) const {
    if constexpr (kEndsWithHandler<BroadcastAckHandler, Args...>) {
      auto [payload, handler] =
          split_handler<BroadcastAckHandler>(event, std::forward<Args>(args)...);
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
  void emit_with_ack(Payload payload, BroadcastAckHandler handler) const;
  /// Asks every receiver; `handler` is called once, when all have answered or at the timeout.
  /// `Payload::event(name, args...)` makes the payload.
  void emit_with_ack(Payload payload, Duration timeout, BroadcastAckHandler handler) const;

  /// Who would receive. `handler` is called once: now, unless there is a cluster to be asked.
  void fetch_sockets(FetchHandler handler) const;
  void sockets_join(std::string_view room) const;
  void sockets_leave(std::string_view room) const;
  void disconnect_sockets(bool close = false) const;

 private:
  Namespace* namespace_;
  Audience audience_;
  EmitFlags flags_;
  std::optional<Duration> timeout_;
};

}  // namespace visavis::socketio
