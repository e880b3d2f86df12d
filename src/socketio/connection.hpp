#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/deadline_queue.hpp"
#include "engineio/server.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/disconnect_reason.hpp"
#include "socketio/packet.hpp"

namespace visavis::socketio {

class Namespace;
class Server;
class Socket;

/// One Engine.IO session: splits its packets among the namespaces that it is in. Inner to the
/// module.
class Connection {
 public:
  Connection(Server& server, engineio::SessionHandle session,
             std::shared_ptr<const engineio::Handshake> handshake);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] engineio::SessionHandle key() const { return session_; }
  /// Clients of Socket.IO 2 (Engine.IO's revision 3) do not ask for "/": they are in it.
  void begin();
  void handle_message(bool binary, Bytes bytes);
  /// The session is gone: ends the sockets.
  void handle_closed(DisconnectReason reason);
  /// No namespace was joined in time.
  void handle_connect_timeout();

  void send(const EncodedPacket& packet, EmitFlags flags);
  /// More waits than the client takes; then, that it has taken all.
  void handle_high_water(std::size_t bytes);
  void handle_drain();
  [[nodiscard]] std::size_t buffered_bytes() const;
  [[nodiscard]] std::string_view transport() const;
  [[nodiscard]] const engineio::Handshake& handshake() const { return *handshake_; }
  /// The client speaks the protocol before this one.
  [[nodiscard]] bool is_old() const { return handshake_->revision == 3; }

  /// The namespace let this socket in, refused it, or it ended by itself.
  void joined(const Socket& socket);
  void refused(Socket& socket);
  void left(const Socket& socket, DisconnectReason reason);

  /// Ends the session; its sockets end with this reason.
  void close(engineio::CloseReason reason);
  /// Every namespace is left, then the session ends.
  void disconnect_all();

 private:
  enum class State : std::uint8_t {
    kAsking,  ///< middlewares have the word
    kJoined,
    kExpelled,  ///< we ended it: what the client sent before it knew is no fault of its
  };
  struct Place {
    std::shared_ptr<Socket> socket;  // shared with the adapter; null until the namespace is there
    std::unique_ptr<std::string> name;  // that of the namespace, while there is no socket
    State state = State::kAsking;

    [[nodiscard]] std::string_view name_space() const;
  };

  /// A client's CONNECT whose namespace may not be there yet.
  struct Request {
    std::string name_space;
    json::Value auth;
  };
  void handle_packet(Packet packet);
  void handle_connect(Packet packet);
  /// Asks the parents of dynamic namespaces from `index` on.
  void ask_parents(const Request& request, std::size_t index);
  void enter(Namespace& name_space, json::Value auth);
  /// … its session, if it has one in the cluster, is here now.
  void enter_with_session(Namespace& name_space, json::Value auth);
  void take_place(std::string_view name_space, std::shared_ptr<Socket> socket);
  /// The sockets that are in their namespaces, held while their handlers run.
  [[nodiscard]] std::vector<std::shared_ptr<Socket>> joined_sockets() const;
  static void handle_inside(Socket& socket, const Packet& packet);
  void refuse(std::string_view name_space, std::string_view message);
  void fail(engineio::CloseReason reason);
  [[nodiscard]] Place* find(std::string_view name_space);
  [[nodiscard]] std::size_t places_taken() const;
  void forget_expelled();
  void forget_connect_timeout();
  [[nodiscard]] std::weak_ptr<Connection*> self();

  Server& server_;
  engineio::SessionHandle session_;
  std::shared_ptr<const engineio::Handshake> handshake_;  // shared with its sockets
  Decoder decoder_;
  std::unique_ptr<PacketDecoder> custom_decoder_;  // null: the one above, which needs no memory
  std::vector<Place> places_;                      // a few: searched from the front
  DeadlineQueue<std::uint64_t>::Place connect_timeout_;  // valid while `joins_`
  bool joins_ = true;
  bool closed_ = false;
  bool misplaced_ = false;  // a packet came for a namespace that it could not be for
  // Lets a decision that comes late see whether the connection is still there; made for the first.
  std::shared_ptr<Connection*> self_;
};

}  // namespace visavis::socketio
