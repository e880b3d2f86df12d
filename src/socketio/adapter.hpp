#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "socketio/broadcast_operator.hpp"

namespace visavis::socketio {

class Socket;

/// Who is in which room of one namespace: all that a server shared between several processes would
/// have to ask others. Everything is in the order of joining but for the gaps that leavers leave,
/// so two runs with the same input give the same output.
class Adapter {
 public:
  struct Membership;
  struct Room {
    std::string name;
    std::vector<Membership*> members;
  };
  struct Membership {
    Socket* socket = nullptr;
    Room* room = nullptr;
    std::size_t position = 0;  ///< in `room->members`
  };
  /// A socket's side of the book-keeping. Its own room is not written down anywhere: a socket is
  /// found by its id.
  struct Member {
    std::string id;
    bool in_own_room = true;
    std::size_t position = 0;   ///< among the sockets of the namespace
    std::uint64_t visited = 0;  ///< the last broadcast that reached it
    std::vector<std::unique_ptr<Membership>> rooms;
  };

  void add(const std::shared_ptr<Socket>& socket);
  /// Leaves all rooms, and the namespace.
  void remove(Socket& socket);
  void join(Socket& socket, std::string_view room);
  void leave(Socket& socket, std::string_view room);
  void leave_all(Socket& socket);

  [[nodiscard]] static bool in_room(const Socket& socket, std::string_view room);
  [[nodiscard]] std::shared_ptr<Socket> find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const { return sockets_.size(); }
  [[nodiscard]] const std::vector<std::shared_ptr<Socket>>& sockets() const { return sockets_; }
  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }

  /// Each socket of the audience once.
  [[nodiscard]] std::vector<std::shared_ptr<Socket>> select(const Audience& audience);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Of>
  using ByName = std::unordered_map<std::string, Of, Hash, std::equal_to<>>;

  void forget(Membership& membership);
  template <class Visit>
  void visit_room(std::string_view room, const Visit& visit);

  ByName<Socket*> by_id_;
  ByName<std::unique_ptr<Room>> rooms_;
  // Shared with whoever is just calling a handler of the socket.
  std::vector<std::shared_ptr<Socket>> sockets_;
  std::uint64_t broadcasts_ = 0;
};

}  // namespace visavis::socketio
