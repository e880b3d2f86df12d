#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/strong.hpp"
#include "call/limits.hpp"
#include "call/source.hpp"

/// Who is in which room and publishes what. No media, no sockets, no time.
namespace visavis::call {

using RoomKey = Strong<struct RoomKeyMeaning, std::uint64_t>;
using ParticipantKey = Strong<struct ParticipantKeyMeaning, std::uint64_t>;
/// The media behind a stream, as the media wing numbers it; a new one each time it is opened.
using FlowId = Strong<struct FlowIdMeaning, std::uint64_t>;

struct Stream {
  std::string id;  ///< As clients know it.
  Source source = Source::kMicrophone;
  std::string mid;  ///< The publisher's m-line.
  bool muted = false;
  std::optional<FlowId> flow{};  ///< None while the publisher's transport is away.

  friend bool operator==(const Stream&, const Stream&) = default;
};

struct Participant {
  ParticipantKey key;
  std::string id;  ///< As clients know it.
  std::string name;
  std::string metadata;  ///< JSON text.
  bool socket_lost = false;
  bool media_lost = false;
  std::vector<Stream> streams{};

  [[nodiscard]] bool connected() const { return !socket_lost && !media_lost; }
  [[nodiscard]] const Stream* find_stream(std::string_view stream_id) const;
  [[nodiscard]] Stream* find_stream(std::string_view stream_id);
  [[nodiscard]] const Stream* find_line(std::string_view mid) const;
  [[nodiscard]] const Stream* find_source(Source source) const;
};

/// Where people meet. Participants are in the order of joining. `revision` counts the changes that
/// its members are told: whoever changes something that they see calls `changed()`.
class Room {
 public:
  Room(RoomKey key, std::string name) : key_(key), name_(std::move(name)) {}

  [[nodiscard]] RoomKey key() const { return key_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  std::uint64_t changed() { return ++revision_; }

  [[nodiscard]] const std::vector<Participant>& participants() const { return participants_; }
  [[nodiscard]] Participant* find(std::string_view id);
  [[nodiscard]] const Participant* find(std::string_view id) const;
  [[nodiscard]] Participant* find(ParticipantKey key);
  [[nodiscard]] const Participant* find(ParticipantKey key) const;

  /// Names may be the same: of those who bear it, the first who publishes something, or the first.
  [[nodiscard]] const Participant* find_name(std::string_view name) const;

  struct Published {
    const Participant* participant = nullptr;
    const Stream* stream = nullptr;
  };
  /// Whose stream it is; null pointers when it is nobody's.
  [[nodiscard]] Published find(FlowId flow) const;

  /// The audio flows heard now, the loudest first.
  [[nodiscard]] const std::vector<FlowId>& loudest() const { return loudest_; }
  void set_loudest(std::vector<FlowId> loudest) { loudest_ = std::move(loudest); }

 private:
  friend class Rooms;

  RoomKey key_;
  std::string name_;
  std::uint64_t revision_ = 0;
  std::vector<Participant> participants_;
  std::vector<FlowId> loudest_;
};

enum class JoinError : std::uint8_t { kTooManyRooms, kRoomFull };

/// All rooms. A room is there from the first join to the last leave.
class Rooms {
 public:
  explicit Rooms(const Limits& limits) : limits_(limits) {}

  /// Whether somebody could join now.
  [[nodiscard]] std::optional<JoinError> refusal(std::string_view room) const;
  /// `refusal()` was asked before. The participant's key must be new.
  Room& join(std::string_view room, Participant participant);
  /// The room is gone with its last participant.
  void leave(RoomKey room, ParticipantKey participant);

  [[nodiscard]] Room* find(RoomKey key);
  [[nodiscard]] const Room* find(RoomKey key) const;
  [[nodiscard]] const Room* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return by_key_.size(); }
  [[nodiscard]] std::size_t participants() const { return participants_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Limits limits_;
  std::uint64_t last_key_ = 0;
  std::size_t participants_ = 0;
  std::unordered_map<RoomKey, std::unique_ptr<Room>> by_key_;
  std::unordered_map<std::string, Room*, Hash, std::equal_to<>> by_name_;
};

}  // namespace visavis::call
