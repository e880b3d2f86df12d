#pragma once

#include <any>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/handshake.hpp"

namespace visavis::socketio {

class Namespace;
class Socket;
struct ClusterSocket;

/// A socket as `fetch_sockets()` tells of it: how it was at that moment, and a way to act on it if
/// it still is there. Must not outlive its namespace.
class RemoteSocket {
 public:
  explicit RemoteSocket(const Socket& socket);
  /// Of another server.
  RemoteSocket(Namespace& of, ClusterSocket socket);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const Handshake& handshake() const { return handshake_; }
  [[nodiscard]] const std::vector<std::string>& rooms() const { return rooms_; }
  /// The socket's own state; null if it has none of this type, and if it is another server's.
  template <class Data>
  [[nodiscard]] const Data* data() const {
    return data_ ? std::any_cast<Data>(data_.get()) : nullptr;
  }

  /// What `Namespace::describe_data()` says of its state; null without.
  [[nodiscard]] const json::Value& data_json() const { return data_json_; }

  /// With a `BroadcastAckHandler` behind the arguments it is asked for an answer, as an audience of
  /// one.
  template <class... Args>
  void emit(std::string_view event, Args&&... args) const {
    itself_.emit(event, std::forward<Args>(args)...);
  }
  void emit(Payload payload) const { itself_.emit(std::move(payload)); }
  [[nodiscard]] BroadcastOperator timeout(Duration time) const { return itself_.timeout(time); }
  void join(std::string_view room) const { itself_.sockets_join(room); }
  void leave(std::string_view room) const { itself_.sockets_leave(room); }
  void disconnect(bool close = false) const { itself_.disconnect_sockets(close); }

 private:
  std::string id_;
  Handshake handshake_;
  std::vector<std::string> rooms_;
  std::shared_ptr<const std::any> data_;  // shared with the socket
  json::Value data_json_;
  BroadcastOperator itself_;  // the room of its id
};

/// What `fetch_sockets()` found.
struct FetchedSockets {
  std::vector<RemoteSocket> sockets;
  /// Servers of the cluster that did not answer within `Options::cluster_timeout`: theirs are not
  /// among them.
  std::size_t servers_missing = 0;
};

}  // namespace visavis::socketio
