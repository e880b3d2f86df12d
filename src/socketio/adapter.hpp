#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/callback.hpp"
#include "base/pointer_set.hpp"
#include "socketio/broadcast_operator.hpp"

namespace visavis::socketio {

class Socket;

/// What a namespace tells of its rooms (the events of Node's adapter). A socket's own room begins
/// when it connects. A handler may do anything.
class RoomEvents {
 public:
  using RoomHandler = Callback<void(std::string_view room)>;
  using MemberHandler = Callback<void(std::string_view room, std::string_view socket_id)>;

  void on_create(RoomHandler handler) { add(create_, std::move(handler)); }
  void on_delete(RoomHandler handler) { add(delete_, std::move(handler)); }
  void on_join(MemberHandler handler) { add(join_, std::move(handler)); }
  void on_leave(MemberHandler handler) { add(leave_, std::move(handler)); }

 private:
  friend class Adapter;
  // Each by pointer: one that is being called may add others.
  template <class Handler>
  using List = std::vector<std::unique_ptr<Handler>>;
  template <class Handler>
  static void add(List<Handler>& list, Handler handler) {
    list.push_back(std::make_unique<Handler>(std::move(handler)));
  }
  [[nodiscard]] bool any() const {
    return !create_.empty() || !delete_.empty() || !join_.empty() || !leave_.empty();
  }
  void tell_join(const std::string& room, const std::string& id, bool created);
  void tell_leave(const std::string& room, const std::string& id, bool deleted);

  List<RoomHandler> create_;
  List<RoomHandler> delete_;
  List<MemberHandler> join_;
  List<MemberHandler> leave_;
};

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
    bool gone = false;           ///< left for good: joins nothing any more
    std::uint32_t position = 0;  ///< among the sockets of the namespace
    std::uint64_t visited = 0;   ///< the last broadcast that reached it
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
  /// Sorted.
  [[nodiscard]] std::vector<std::string> room_names() const;
  [[nodiscard]] std::size_t room_size(std::string_view room) const;

  [[nodiscard]] RoomEvents& events() { return events_; }

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

  /// True: the room is empty now, and gone.
  bool forget(Membership& membership);
  void leave_own_room(Member& member);
  template <class Visit>
  void visit_room(std::string_view room, const Visit& visit);

  /// The id is the socket's own: it stands there only.
  struct HashId {
    std::size_t operator()(const Socket& socket) const;
    std::size_t operator()(std::string_view id) const { return Hash{}(id); }
  };
  struct SameId {
    bool operator()(const Socket& socket, std::string_view id) const;
  };
  PointerSet<Socket, HashId, SameId> by_id_;
  ByName<std::unique_ptr<Room>> rooms_;
  // Shared with whoever is just calling a handler of the socket.
  std::vector<std::shared_ptr<Socket>> sockets_;
  std::uint64_t broadcasts_ = 0;
  RoomEvents events_;
};

}  // namespace visavis::socketio
