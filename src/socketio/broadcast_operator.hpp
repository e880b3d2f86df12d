#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "socketio/payload.hpp"

namespace visavis::socketio {

class Namespace;

/// How an event goes out.
struct EmitFlags {
  bool is_volatile = false;  ///< dropped where the connection cannot take it at once
  bool local = false;        ///< only to this server's own sockets (there is no other yet)
};

/// To whom a broadcast goes: the sockets in any of `rooms` (in the namespace, if none is named) but
/// for those in any of `except`.
struct Audience {
  std::vector<std::string> rooms;
  std::vector<std::string> except;
};

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

  /// One packet, encoded once, is shared by all receivers.
  template <class... Args>
  void emit(std::string_view event, const Args&... args) const {
    emit(Payload::event(event, args...));
  }
  void emit(Payload payload) const;

  void sockets_join(std::string_view room) const;
  void sockets_leave(std::string_view room) const;
  void disconnect_sockets(bool close = false) const;

 private:
  Namespace* namespace_;
  Audience audience_;
  EmitFlags flags_;
};

}  // namespace visavis::socketio
