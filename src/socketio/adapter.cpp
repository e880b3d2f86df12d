#include "socketio/adapter.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "socketio/listeners.hpp"
#include "socketio/socket.hpp"

namespace visavis::socketio {

void RoomEvents::tell_join(const std::string& room, const std::string& id, bool created) {
  if (created) {
    call_in_turn(create_, room);
  }
  call_in_turn(join_, room, id);
}

void RoomEvents::tell_leave(const std::string& room, const std::string& id, bool deleted) {
  call_in_turn(leave_, room, id);
  if (deleted) {
    call_in_turn(delete_, room);
  }
}

std::size_t Adapter::HashId::operator()(const Socket& socket) const {
  return Hash{}(socket.member_.id);
}

bool Adapter::SameId::operator()(const Socket& socket, std::string_view id) const {
  return socket.member_.id == id;
}

void Adapter::add(const std::shared_ptr<Socket>& socket) {
  Member& member = socket->member_;
  member.position = static_cast<std::uint32_t>(sockets_.size());
  sockets_.push_back(socket);
  check(by_id_.find(member.id) == nullptr);
  by_id_.insert(*socket);
  if (member.in_own_room && events_.any()) {
    events_.tell_join(member.id, member.id, true);
  }
}

void Adapter::remove(Socket& socket) {
  socket.member_.gone = true;
  leave_all(socket);
  const Member& member = socket.member_;
  by_id_.erase(socket);
  // The last one takes the empty place.
  const std::shared_ptr<Socket> removed =
      std::exchange(sockets_[member.position], std::move(sockets_.back()));
  if (sockets_[member.position]) {
    sockets_[member.position]->member_.position = member.position;
  }
  sockets_.pop_back();
}

void Adapter::join(Socket& socket, std::string_view room) {
  Member& member = socket.member_;
  if (member.gone || in_room(socket, room)) {
    return;
  }
  if (room == member.id) {
    member.in_own_room = true;
    if (events_.any() && by_id_.find(member.id) != nullptr) {
      events_.tell_join(member.id, member.id, true);
    }
    return;
  }
  auto found = rooms_.find(room);
  const bool created = found == rooms_.end();
  if (created) {
    found = rooms_
                .emplace(std::string(room),
                         std::make_unique<Room>(Room{.name = std::string(room), .members = {}}))
                .first;
  }
  std::vector<Membership*>& members = found->second->members;
  member.rooms.push_back(std::make_unique<Membership>(
      Membership{.socket = &socket, .room = found->second.get(), .position = members.size()}));
  members.push_back(member.rooms.back().get());
  if (events_.any()) {
    events_.tell_join(std::string(room), member.id, created);
  }
}

void Adapter::leave(Socket& socket, std::string_view room) {
  Member& member = socket.member_;
  if (room == member.id) {
    leave_own_room(member);
    return;
  }
  const auto found = std::ranges::find(
      member.rooms, room, [](const auto& of) -> std::string_view { return of->room->name; });
  if (found == member.rooms.end()) {
    return;
  }
  const std::unique_ptr<Membership> left = std::move(*found);
  member.rooms.erase(found);
  const bool deleted = forget(*left);
  if (events_.any()) {
    events_.tell_leave(std::string(room), member.id, deleted);
  }
}

void Adapter::leave_own_room(Member& member) {
  if (std::exchange(member.in_own_room, false) && events_.any() &&
      by_id_.find(member.id) != nullptr) {
    events_.tell_leave(member.id, member.id, true);
  }
}

void Adapter::leave_all(Socket& socket) {
  Member& member = socket.member_;
  leave_own_room(member);
  // Out of its list first: a handler may ask and change what is left.
  for (const auto& membership : std::exchange(member.rooms, {})) {
    const std::string room = events_.any() ? membership->room->name : std::string();
    const bool deleted = forget(*membership);
    if (events_.any()) {
      events_.tell_leave(room, member.id, deleted);
    }
  }
}

bool Adapter::forget(Membership& membership) {
  std::vector<Membership*>& members = membership.room->members;
  members[membership.position] = members.back();
  members[membership.position]->position = membership.position;
  members.pop_back();
  if (!members.empty()) {
    return false;
  }
  rooms_.erase(rooms_.find(membership.room->name));
  return true;
}

bool Adapter::in_room(const Socket& socket, std::string_view room) {
  const Member& member = socket.member_;
  if (room == member.id) {
    return member.in_own_room;
  }
  return std::ranges::any_of(member.rooms, [&](const auto& of) { return of->room->name == room; });
}

std::vector<std::string> Adapter::room_names() const {
  std::vector<std::string> names;
  for (const auto& [name, room] : rooms_) {
    names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::size_t Adapter::room_size(std::string_view room) const {
  const Socket* const own = by_id_.find(room);
  const bool has_owner = own != nullptr && own->member_.in_own_room;
  const auto found = rooms_.find(room);
  return (has_owner ? 1U : 0U) + (found == rooms_.end() ? 0U : found->second->members.size());
}

std::shared_ptr<Socket> Adapter::find(std::string_view id) const {
  Socket* const found = by_id_.find(id);
  return found == nullptr ? nullptr : found->shared_from_this();
}

template <class Visit>
void Adapter::visit_room(std::string_view room, const Visit& visit) {
  if (Socket* const own = by_id_.find(room); own != nullptr && own->member_.in_own_room) {
    visit(*own);
  }
  if (const auto found = rooms_.find(room); found != rooms_.end()) {
    for (const Membership* membership : found->second->members) {
      visit(*membership->socket);
    }
  }
}

std::vector<std::shared_ptr<Socket>> Adapter::select(const Audience& audience) {
  const std::uint64_t broadcast = ++broadcasts_;
  std::vector<std::shared_ptr<Socket>> selected;
  const auto visit = [&](Socket& socket) {
    if (std::exchange(socket.member_.visited, broadcast) != broadcast) {
      selected.push_back(socket.shared_from_this());
    }
  };
  for (const std::string& room : audience.except) {
    visit_room(room, [&](Socket& socket) { socket.member_.visited = broadcast; });
  }
  if (audience.rooms.empty()) {
    selected.reserve(sockets_.size());
    for (const std::shared_ptr<Socket>& socket : sockets_) {
      visit(*socket);
    }
  }
  for (const std::string& room : audience.rooms) {
    visit_room(room, visit);
  }
  return selected;
}

}  // namespace visavis::socketio
